"""Prepare into the same folder again: nothing redone, no clip loses its id, file or side."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.audio import io
from dimts.data import manifest
from dimts.data.check import check
from dimts.data.filters import Limits
from dimts.data.manifest import Clip, Dataset
from dimts.errors import ConfigError, DataError
from tests.unit.data.recordings import ALONE, corpus, run, sentence, table, tone


def reasons(dataset: Dataset) -> dict[str, str]:
    return {rejection.id: rejection.reason for rejection in dataset.rejected}


def by_id(dataset: Dataset) -> dict[str, Clip]:
    return {clip.id: clip for clip in dataset.clips}


def test_again_redoes_nothing(tmp_path: Path, readings: list[str]) -> None:
    source = corpus(tmp_path / "source", 5)
    shutil.copy(tmp_path / "source/wavs/clip001.wav", tmp_path / "source/wavs/copy.wav")
    tone(tmp_path / "source/wavs/short.wav", duration_s=0.1)
    with source.open("a") as file:
        file.write(f"copy|{sentence(1)}\nshort|some words\n")
    run(tmp_path / "out", source)
    assert sorted(readings) == [*(f"clip{n:03}.wav" for n in range(5)), "short.wav"]
    files = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "audio").iterdir()}
    readings.clear()
    run(tmp_path / "out", source)
    assert readings == []
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == files
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "audio").iterdir()} == times


def test_a_duplicate_in_other_bytes_is_not_read_again(tmp_path: Path, readings: list[str]) -> None:
    corpus(tmp_path, 1)
    io.write(tmp_path / "reencoded.flac", io.read(tmp_path / "wavs" / "clip000.wav"))
    source = table(tmp_path, f"clip000|{sentence(0)}", f"reencoded|{sentence(0)}")
    run(tmp_path / "out", source)
    readings.clear()
    assert reasons(run(tmp_path / "out", source)) == {"reencoded": "duplicate"} and readings == []


def test_the_journal_is_only_a_cache(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 5)
    dataset = run(tmp_path / "out", source)
    (tmp_path / "out" / "read.jsonl").unlink()
    assert run(tmp_path / "out", source) == dataset
    (tmp_path / "out" / "read.jsonl").write_bytes(b'{"of": "another version"}\n\xff\n[]\n{"torn')
    assert run(tmp_path / "out", source) == dataset
    assert run(tmp_path / "out", source) == dataset


def test_a_second_source_adds_clips(tmp_path: Path, readings: list[str]) -> None:
    first = run(tmp_path / "out", corpus(tmp_path / "one", 30))
    readings.clear()
    both = run(tmp_path / "out", corpus(tmp_path / "two", 30, first=20))
    assert len(both.clips) == 50 and reasons(both) == {f"clip{n:03}": "duplicate" for n in range(20, 30)}
    assert {clip for clip in both.clips if "/one/" in clip.source} == set(first.clips)
    assert check(tmp_path / "out") == []


def test_the_same_stem_in_another_source_gets_another_id(tmp_path: Path) -> None:
    first = run(tmp_path / "out", corpus(tmp_path / "one", 1))
    tone(tmp_path / "two" / "clip000.wav", hz=999)
    both = run(tmp_path / "out", table(tmp_path / "two", "clip000|other words"))
    assert len(both.clips) == 2 and by_id(both)["clip000"] == first.clips[0]


def test_adding_never_moves_a_clip_across_the_split(tmp_path: Path) -> None:
    options = replace(ALONE, eval_share=0.2)
    sides: dict[str, manifest.Side] = {}
    for first in range(0, 60, 10):
        dataset = run(tmp_path / "out", corpus(tmp_path / str(first), 10, first=first), options=options)
        now = {clip.id: clip.split for clip in dataset.clips}
        assert now | sides == now
        sides = now
    assert 0 < Counter(sides.values())["eval"] < 30
    assert check(tmp_path / "out") == []


def test_readings_of_one_sentence_are_on_one_side(tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        tone(tmp_path / f"{number}.wav", hz=100 + number)
        words = sentence(number // 2)
        rows.append(f"{number}|{words.upper() + '!' if number % 2 else words}")
    dataset = run(tmp_path / "out", table(tmp_path, *rows), options=replace(ALONE, eval_share=0.5))
    assert {clip.split for clip in dataset.clips} == {"train", "eval"}
    sides = {(int(clip.id) // 2, clip.split) for clip in dataset.clips}
    assert len(sides) == 20


def test_a_mended_text_keeps_id_file_and_side(tmp_path: Path, readings: list[str]) -> None:
    source = corpus(tmp_path / "source", 30)
    before = by_id(run(tmp_path / "out", source))
    readings.clear()
    source.write_text("".join(f"clip{n:03}|{sentence(n)} mended\n" for n in range(30)))
    after = run(tmp_path / "out", source)
    assert readings == [] and not after.rejected
    for clip in after.clips:
        assert clip.text.endswith("mended")
        assert (clip.sha256, clip.split) == (before[clip.id].sha256, before[clip.id].split)


def test_a_new_recording_under_the_old_name_replaces_the_clip(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    before = run(tmp_path / "out", source)
    tone(tmp_path / "source" / "wavs" / "clip001.wav", hz=999)
    after = run(tmp_path / "out", source)
    assert len(after.clips) == 2 and after.clips[0] == before.clips[0]
    assert after.clips[1].id.startswith("clip001-") and after.clips[1].text == before.clips[1].text
    assert check(tmp_path / "out") == []


def test_a_removed_row_leaves_a_missing_file_stays(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    before = run(tmp_path / "out", source)
    (tmp_path / "source" / "wavs" / "clip000.wav").unlink()
    table(tmp_path / "source", f"clip000|{sentence(0)}", f"clip002|{sentence(2)}")
    after = run(tmp_path / "out", source)
    assert [clip.id for clip in after.clips] == ["clip000", "clip002"] and not after.rejected
    assert after.clips[0] == before.clips[0]


def test_a_source_that_moved_is_found_by_its_sound(tmp_path: Path, readings: list[str]) -> None:
    before = run(tmp_path / "out", corpus(tmp_path / "one", 3))
    (tmp_path / "one").rename(tmp_path / "two")
    readings.clear()
    after = run(tmp_path / "out", tmp_path / "two")
    assert readings == [] and not after.rejected
    assert after.clips == tuple(replace(c, source=c.source.replace("/one/", "/two/")) for c in before.clips)


def test_clips_outlive_their_source(tmp_path: Path) -> None:
    run(tmp_path / "out", corpus(tmp_path / "one", 3))
    shutil.rmtree(tmp_path / "one")
    assert len(run(tmp_path / "out", corpus(tmp_path / "two", 3, first=3)).clips) == 6


def test_a_lost_file_is_stored_again(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    before = run(tmp_path / "out", source)
    (tmp_path / "out" / "audio" / "clip001.flac").unlink()
    (tmp_path / "out" / "audio" / "clip002.flac").write_bytes(b"short")
    assert len(check(tmp_path / "out")) == 3
    assert run(tmp_path / "out", source) == before and check(tmp_path / "out") == []


def test_another_normaliser_mends_the_texts(tmp_path: Path) -> None:
    source = corpus(tmp_path / "one", 30)
    before = run(tmp_path / "out", source)
    stale = (replace(c, spoken=f"old {c.spoken}", group=f"old {c.group}") for c in before.clips)
    manifest.write(replace(before, normaliser="dimts-0", clips=tuple(stale)))
    after = run(tmp_path / "out", corpus(tmp_path / "two", 1, first=90))
    assert set(before.clips) < set(after.clips) and check(tmp_path / "out") == []


def test_other_language_and_other_split_are_refused(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    before = run(tmp_path / "out", source)
    with pytest.raises(DataError, match="is a dataset of language en, not am"):
        run(tmp_path / "out", source, language="am")
    with pytest.raises(ConfigError, match=r"was split with eval_share 0\.05, now it is 0\.2"):
        run(tmp_path / "out", source, options=replace(ALONE, eval_share=0.2))
    with pytest.raises(ConfigError, match="was split with seed 0"):
        run(tmp_path / "out", source, options=replace(ALONE, seed=1))
    assert manifest.read(tmp_path / "out") == before


def test_other_limits_judge_anew_when_every_source_is_named(tmp_path: Path, readings: list[str]) -> None:
    one, two = corpus(tmp_path / "one", 2), corpus(tmp_path / "two", 2, first=2)
    tone(tmp_path / "one" / "wavs" / "clip000.wav", duration_s=2)
    before = run(tmp_path / "out", one, two)
    readings.clear()
    strict = replace(ALONE, limits=Limits(min_duration_s=1.5))
    with pytest.raises(ConfigError, match=r"was prepared with min_duration_s 0\.4, now it is 1\.5; name all.*one/meta"):
        run(tmp_path / "out", two, options=strict)
    after = run(tmp_path / "out", one, two, options=strict)
    assert [clip.id for clip in after.clips] == ["clip000"] and len(after.rejected) == 3
    assert run(tmp_path / "out", one, two) == before and readings == []
