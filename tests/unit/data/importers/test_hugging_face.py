"""Datasets of the real library, made here: on disk and as the hub lays them out, never decoded, brought once."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dimts.data import importers
from dimts.data.importers import Found, Utterance, hugging_face
from dimts.data.importers.remote import Access, fetch
from dimts.data.manifest import Rejection
from dimts.errors import DataError
from tests.unit.data.recordings import tone

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def quiet() -> None:
    datasets.disable_progress_bars()


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(tmp_path / "downloads")


def made(folder: Path, count: int, first: int = 0, **columns: list[Any]) -> Any:
    """A dataset of tones, put together as bytes: the library's own encoder is not installed here."""
    contents = [tone(folder / "made" / f"{n}.wav", hz=100 + n).read_bytes() for n in range(first, first + count)]
    sounds = [{"bytes": content, "path": f"clip {n}.wav"} for n, content in enumerate(contents, start=first)]
    sentences = [f"sentence {n}" for n in range(first, first + count)]
    rows = datasets.Dataset.from_dict({"audio": sounds, "sentence": sentences, **columns})
    return rows.cast_column("audio", datasets.Audio())


def brought(source: str | Path, access: Access) -> list[Found]:
    (rows,) = fetch([str(source)], access)
    finds = list(importers.read(rows))
    assert all(each.source.startswith(f"{importers.listing(rows)}:") for each in finds)
    return finds


def test_a_dataset_on_disk(tmp_path: Path, access: Access) -> None:
    rows = made(tmp_path, 3, speaker_id=[0, 1, 0], locale=["am"] * 3)
    rows = rows.cast_column("speaker_id", datasets.ClassLabel(names=["Abebe", "Almaz"]))
    rows.info.license = "CC0-1.0"
    rows.save_to_disk(tmp_path / "saved")
    finds = [each for each in brought(tmp_path / "saved", access) if isinstance(each, Utterance)]
    assert [each.text for each in finds] == ["sentence 0", "sentence 1", "sentence 2"]
    assert [each.speaker for each in finds] == ["Abebe", "Almaz", "Abebe"]
    assert {each.language for each in finds} == {"am"} and {each.extra for each in finds} == {(("licence", "CC0-1.0"),)}
    assert finds[1].audio.read_bytes() == (tmp_path / "made" / "1.wav").read_bytes()
    assert finds[1].audio.name == "all-000001-clip 1.wav"


def test_all_splits_of_a_dictionary(tmp_path: Path, access: Access) -> None:
    both = datasets.DatasetDict(train=made(tmp_path, 2), test=made(tmp_path, 1, 7))
    both.save_to_disk(tmp_path / "saved")
    assert sorted(each.text for each in brought(tmp_path / "saved", access)) == [
        "sentence 0", "sentence 1", "sentence 7"
    ]  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A folder as the hub has them."""
    (tmp_path / "hub" / "data").mkdir(parents=True)
    for split, (count, first) in {"train": (2, 0), "test": (1, 7)}.items():
        made(tmp_path, count, first).to_parquet(tmp_path / "hub" / "data" / f"{split}-00000-of-00001.parquet")
    return tmp_path / "hub"


@pytest.mark.parametrize(
    ("part", "texts"), [("", "017"), (":train", "01"), (":default:test", "7"), (":default", "017")]
)
def test_a_dataset_as_the_hub_has_it(hub: Path, access: Access, part: str, texts: str) -> None:
    finds = brought(f"hf:{hub}{part}", access)
    assert sorted(each.text for each in finds) == [f"sentence {n}" for n in texts]
    assert all(isinstance(each, Utterance) and ("url", f"hf:{hub}{part}") in each.extra for each in finds)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (":nope", "BuilderConfig 'nope' not found"),
        (":default:dev", "Bad split: dev"),
        (":a:b:c", "give hf:organisation"),
    ],
)
def test_parts_that_are_not_there(hub: Path, access: Access, part: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        brought(f"hf:{hub}{part}", access)
    assert "\n" not in str(caught.value)


def test_brought_once(hub: Path, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    first = brought(f"hf:{hub}", access)
    monkeypatch.setattr(datasets, "load_dataset", None)
    assert brought(f"hf:{hub}", access) == first


def test_another_dataset_in_the_same_place(tmp_path: Path, access: Access) -> None:
    made(tmp_path, 1).save_to_disk(tmp_path / "saved")
    assert len(brought(tmp_path / "saved", access)) == 1
    made(tmp_path, 2).save_to_disk(tmp_path / "saved")
    assert len(brought(tmp_path / "saved", access)) == 2


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_interrupted_transfer_goes_on(
    hub: Path, access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    whole = brought(f"hf:{hub}", Access(tmp_path / "whole"))
    real, kept = hugging_face._audio, list[str]()

    def dies(value: Any, folder: Path, name: str) -> str:
        if len(kept) == after:
            raise KeyboardInterrupt
        kept.append(name)
        return real(value, folder, name)

    monkeypatch.setattr(hugging_face, "_audio", dies)
    with pytest.raises(KeyboardInterrupt):
        brought(f"hf:{hub}", access)
    (folder,) = access.downloads.iterdir()
    with (folder / "rows.jsonl.part").open("a") as file:
        file.write('{"audio": "half a li')
    again = list[str]()

    def lives(value: Any, folder: Path, name: str) -> str:
        again.append(name)
        return real(value, folder, name)

    monkeypatch.setattr(hugging_face, "_audio", lives)
    finds = brought(f"hf:{hub}", access)
    assert [each.text for each in finds] == [each.text for each in whole]
    assert len(again) == 3 - after and not set(again) & set(kept)


def test_rows_without_a_recording_are_turned_away(tmp_path: Path, access: Access) -> None:
    sounds = [{"bytes": None, "path": None}, {"bytes": None, "path": str(tone(tmp_path / "here.wav"))}, None]
    sounds += [{"bytes": tone(tmp_path / "nameless.wav").read_bytes(), "path": None}]
    kind = {"audio": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}}
    features = datasets.Features({**kind, "text": datasets.Value("string")})
    rows = datasets.Dataset.from_dict({"audio": sounds, "text": list("abcd")}, features=features)
    rows.save_to_disk(tmp_path / "saved")
    first, second, third, fourth = brought(tmp_path / "saved", access)
    assert isinstance(first, Rejection) and isinstance(third, Rejection) and first.reason == "missing"
    assert isinstance(second, Utterance) and second.audio == tmp_path / "here.wav"
    assert isinstance(fourth, Utterance) and fourth.audio.suffix == ".wav"


def test_a_dataset_without_recordings(tmp_path: Path, access: Access) -> None:
    datasets.Dataset.from_dict({"words": ["a"]}).save_to_disk(tmp_path / "saved")
    with pytest.raises(DataError, match=r"saved: no column of all holds recordings \(words\)"):
        brought(tmp_path / "saved", access)


def test_a_damaged_dataset(tmp_path: Path, access: Access) -> None:
    made(tmp_path, 1).save_to_disk(tmp_path / "saved")
    next((tmp_path / "saved").glob("*.arrow")).write_bytes(b"broken")
    with pytest.raises(DataError, match="saved: ") as caught:
        brought(tmp_path / "saved", access)
    assert "\n" not in str(caught.value)


def test_offline(tmp_path: Path) -> None:
    """In a process of its own: the library reads the setting when it is imported."""
    code = (
        "import sys; from pathlib import Path; from dimts.data.importers.remote import Access, fetch\n"
        "from dimts.errors import DataError\n"
        "try: fetch(['hf:nobody/nothing'], Access(Path(sys.argv[1])))\n"
        "except DataError as error: print(error)"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("hf:nobody/nothing: Couldn't reach") and done.stdout.count("\n") == 1
    assert done.stderr == ""
