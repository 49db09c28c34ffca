"""The dataset folder: one process at a time, and the advice for a damaged one mends it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dimts.data import holding, manifest
from dimts.data.check import check
from dimts.data.prepare import prepare
from dimts.errors import DataError
from tests.unit.data.recordings import ALONE, corpus, run, table, tone


def _change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"say", b"sax", 1))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("dataset.json", _cut),
        ("clips.jsonl", _cut),
        ("clips.jsonl", _change),
        ("clips.jsonl", Path.unlink),
        ("rejected.jsonl", Path.unlink),
    ],
)
def test_the_advice_for_a_damaged_folder_mends_it(tmp_path: Path, name: str, damage: Callable[[Path], None]) -> None:
    tone(tmp_path / "short.wav", duration_s=0.1)
    sources = corpus(tmp_path / "source", 30), table(tmp_path, "short|hm")
    whole = run(tmp_path / "out", *sources)
    damage(tmp_path / "out" / name)
    with pytest.raises(DataError, match="delete dataset.json and run `dimts prepare` with all sources"):
        run(tmp_path / "out", *sources)
    (tmp_path / "out" / "dataset.json").unlink()
    assert run(tmp_path / "out", *sources) == whole and check(tmp_path / "out") == []


def test_without_the_cache_the_list_of_what_was_turned_away_tells_our_folder(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    whole = run(tmp_path / "out", source)
    for name in ("dataset.json", "read.jsonl"):
        (tmp_path / "out" / name).unlink()
    assert run(tmp_path / "out", source) == whole


def test_a_list_of_another_tool_is_not_written_over(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 1)
    theirs = tmp_path / "source" / "clips.jsonl"
    theirs.write_text('{"audio": "wavs/clip000.wav", "text": "theirs"}\n')
    with pytest.raises(DataError, match=r"holds other things \(clips.jsonl\)"):
        run(tmp_path / "source", source)
    assert "theirs" in theirs.read_text()


def test_a_first_run_that_was_killed_while_it_wrote_is_begun_anew(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    whole = run(tmp_path / "out", source)
    head = (tmp_path / "out" / "dataset.json").read_bytes()
    for path in (tmp_path / "out").iterdir():
        if path.name in (manifest.HEAD, manifest.CLIPS, manifest.REJECTED):
            path.rename(path.with_name(f"{path.name}.new"))
    (tmp_path / "out" / "dataset.json.new").write_bytes(head[:50])
    assert run(tmp_path / "out", source) == whole and manifest.read(tmp_path / "out") == whole


def test_one_process_at_a_time(tmp_path: Path) -> None:
    source, out = corpus(tmp_path / "source", 3), tmp_path / "out"
    refused = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        with pytest.raises(DataError, match="out: another process is preparing into it") as caught:
            run(out, source)
        refused.append(str(caught.value))

    dataset = prepare([source], out, "en", ALONE, meanwhile)
    assert len(refused) == 9 and "\n" not in refused[0]
    assert run(out, source) == dataset and not (out / holding.NAME).exists()


def test_the_lock_of_a_killed_process_hinders_nobody(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / holding.NAME).touch()
    assert len(run(tmp_path / "out", corpus(tmp_path / "source", 2)).clips) == 2


def test_folders_made_for_nothing_go_again(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        run(tmp_path / "deep" / "er" / "out", tmp_path / "nowhere.csv")
    assert not (tmp_path / "deep").exists()
    (tmp_path / "there").mkdir()
    with pytest.raises(DataError):
        run(tmp_path / "there", tmp_path / "nowhere.csv")
    assert list((tmp_path / "there").iterdir()) == []
