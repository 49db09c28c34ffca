"""Prepare long recordings with cues: cut in silence, joined, named by their place, every second accounted for."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.data import manifest
from dimts.data.check import check
from dimts.data.manifest import Dataset
from dimts.data.options import Options
from dimts.data.stretches import CutRules
from dimts.data.totals import account_of
from dimts.errors import DataError
from tests.unit.data.cues import RATE_HZ, bursts, cued
from tests.unit.data.recordings import corpus, run, sentence, table

EARS = Options(workers=1, align="none", detector="energy", cutting=CutRules(join=False))
SPANS = [(2.0 * n + 0.5, 2.0 * n + 2.0) for n in range(10)]


def lecture(folder: Path, seed: int = 0, name: str = "lecture") -> Path:
    """Ten sentences with a pause after each, and cues that are up to 0.2 s off."""
    bursts(folder / f"{name}.wav", SPANS, 21.0, seed)
    rows = [(start + 0.1 * (n % 3), end + 0.15, sentence(10 * seed + n)) for n, (start, end) in enumerate(SPANS)]
    return cued(folder / f"{name}.srt", *rows)


def account(dataset: Dataset) -> dict[str, tuple[int, int, int, int]]:
    known = {totals.source for totals in dataset.totals}
    for totals in dataset.totals:
        assert totals.balanced, totals
        accepted = [clip for clip in dataset.clips if account_of(clip.source, known) == totals.source]
        rejected = [each for each in dataset.rejected if account_of(each.source, known) == totals.source]
        assert (totals.accepted, totals.rejected) == (len(accepted), len(rejected))
        assert totals.accepted_s == pytest.approx(sum(clip.duration_s for clip in accepted), abs=0.01)
        assert totals.rejected_s == pytest.approx(sum(each.duration_s for each in rejected), abs=0.01)
    names = [Path(totals.source).name for totals in dataset.totals]
    return dict(zip(names, ((t.rows, t.found, t.accepted, t.rejected) for t in dataset.totals), strict=True))


def test_cut_in_silence_and_named_by_place(tmp_path: Path) -> None:
    dataset = run(tmp_path / "out", lecture(tmp_path), options=EARS)
    assert len(dataset.clips) == 10 and not dataset.rejected and check(tmp_path / "out") == []
    first = dataset.clips[0]
    assert first.id.startswith("lecture-0000004") and first.audio == f"audio/{first.id}.flac"
    whole, _ = soundfile.read(tmp_path / "lecture.wav", dtype="int16")
    for clip, (start_s, end_s) in zip(dataset.clips, SPANS, strict=True):
        assert clip.start_s is not None and clip.end_s is not None
        assert 0.02 < start_s - clip.start_s < 0.25 and 0.02 < clip.end_s - end_s < 0.25
        stored, rate_hz = soundfile.read(tmp_path / "out" / clip.audio, dtype="int16")
        first_sample = round(clip.start_s * RATE_HZ)
        assert rate_hz == RATE_HZ and np.array_equal(stored, whole[first_sample : first_sample + len(stored)])
    assert account(dataset) == {"lecture.srt": (10, 10, 10, 0)}
    assert dataset.totals[0].found_s == 21.0 and dataset.totals[0].not_speech_s > 3


def test_joined(tmp_path: Path) -> None:
    dataset = run(tmp_path / "out", lecture(tmp_path), options=replace(EARS, cutting=CutRules()))
    assert [clip.text.count("say") for clip in dataset.clips] == [5, 5] and check(tmp_path / "out") == []
    assert account(dataset) == {"lecture.srt": (10, 2, 2, 0)}


def test_what_no_cue_says_and_what_no_one_says(tmp_path: Path) -> None:
    recording = bursts(tmp_path / "a.wav", SPANS, 21.0)
    rows = (2.4, 4.1, sentence(1)), (6.2, 6.45, "nobody"), (8.5, 10, "…"), (30, 31, "late")
    source = cued(tmp_path / "a.srt", *rows)
    dataset = run(tmp_path / "out", source, options=EARS)
    assert len(dataset.clips) == 1
    reasons = Counter(each.reason for each in dataset.rejected)
    assert reasons == {"no transcript": 4, "no speech": 1, "outside the recording": 1, "no words": 1}
    ledger = {each.reason: each for each in dataset.rejected}
    assert ledger["no transcript"].recording == str(recording) and ledger["no transcript"].source == f"{source}:0"
    assert (ledger["no speech"].start_s, ledger["no speech"].end_s, ledger["no speech"].duration_s) == (6.2, 6.45, 0.25)
    assert (ledger["no words"].start_s, ledger["no words"].duration_s) == (8.5, 1.5)
    assert ledger["outside the recording"].duration_s == 0
    assert account(dataset) == {"a.srt": (4, 8, 1, 7)} and dataset.totals[0].found_s == 21


def test_cues_without_end_and_an_unreadable_recording(tmp_path: Path) -> None:
    bursts(tmp_path / "a.wav", SPANS, 21.0)
    rows = [(2.4, "", sentence(1)), (4.4, 6.2, sentence(2)), (18.2, "", sentence(3))]
    open_ends = table(tmp_path, "audio|start|end|text", *(f"a.wav|{start}|{end}|{text}" for start, end, text in rows))
    broken = bursts(tmp_path / "b.wav", SPANS, 21.0)
    broken.write_bytes(broken.read_bytes()[:200_000])
    cut_off = cued(tmp_path / "b.srt", (0.4, 2.2, sentence(4)), (2.4, 4.2, sentence(5)))
    dataset = run(tmp_path / "out", open_ends, cut_off, options=EARS)
    assert len(dataset.clips) == 3
    assert {each.reason for each in dataset.rejected if "b.srt" in each.source} == {"truncated"}
    assert account(dataset)["b.srt"] == (2, 2, 0, 2)
    assert [t.rejected_s for t in dataset.totals if "b.srt" in t.source] == [pytest.approx(3.6)]


def test_again_and_more_moves_nothing(tmp_path: Path, readings: list[str]) -> None:
    options = replace(EARS, eval_share=0.2, group_by="recording")
    first = run(tmp_path / "out", *(lecture(tmp_path, n, f"l{n}") for n in range(6)), options=options)
    assert {clip.split for clip in first.clips} == {"train", "eval"} and check(tmp_path / "out") == []
    by_recording = {(clip.origin, clip.split) for clip in first.clips}
    assert len(by_recording) == 6
    readings.clear()
    again = run(tmp_path / "out", *(tmp_path / f"l{n}.srt" for n in range(6)), options=options)
    assert again == first and readings == []
    more = run(tmp_path / "out", lecture(tmp_path, 6, "l6"), options=options)
    kept = {clip.id: (clip.split, clip.group, clip.text, clip.sha256) for clip in more.clips}
    assert {clip.id: (clip.split, clip.group, clip.text, clip.sha256) for clip in first.clips}.items() <= kept.items()
    assert len(more.clips) == 70
    assert len(account(more)) == 7


def test_a_copy_of_the_recording_is_a_duplicate(tmp_path: Path) -> None:
    source = lecture(tmp_path)
    dataset = run(tmp_path / "out", source, lecture(tmp_path / "copy"), options=EARS)
    assert len(dataset.clips) == 10 and {each.reason for each in dataset.rejected} == {"duplicate"}
    account(dataset)


def test_too_long_and_without_text(tmp_path: Path) -> None:
    corpus(tmp_path, 1)
    bursts(tmp_path / "long.wav", SPANS, 21.0)
    bursts(tmp_path / "mute.wav", SPANS[:2], 5.0)
    rows = table(tmp_path, f"clip000|{sentence(0)}", "long|" + "many words " * 3, "mute|")
    dataset = run(tmp_path / "out", rows, options=EARS)
    ledger = {each.id: each for each in dataset.rejected}
    assert ledger["long"].reason == "too long" and "--align" in str(ledger["long"].limit)
    assert ledger["mute"].reason == "no transcript" and "--transcribe" in str(ledger["mute"].limit)
    assert account(dataset) == {"metadata.csv": (3, 3, 1, 2)}
    assert dataset.totals[0].rejected_s == 26.0


def test_nothing_to_hear_with(tmp_path: Path) -> None:
    bursts(tmp_path / "a.wav", [], 5.0)
    source = cued(tmp_path / "a.srt", (1.0, 3.0, "words"))
    with pytest.raises(DataError, match="none of 1 utterances accepted: 1 no speech"):
        run(tmp_path / "out", source, options=EARS)


def test_a_folder_is_one_account(tmp_path: Path) -> None:
    lecture(tmp_path / "all" / "one", 0, "l0")
    lecture(tmp_path / "all" / "two", 1, "l1")
    for number in range(3):
        bursts(tmp_path / "all" / f"{number}.wav", [(0.2, 1.8)], 2.0, 50 + number)
        (tmp_path / "all" / f"{number}.txt").write_text(sentence(100 + number))
    first = run(tmp_path / "out", tmp_path / "all", options=EARS)
    assert account(first) == {"all": (23, 23, 23, 0)} and first.totals[0].found_s == 48.0
    (tmp_path / "all" / "2.wav").unlink()
    again = run(tmp_path / "out", tmp_path / "all", options=EARS)
    assert {clip.id for clip in again.clips} == {clip.id for clip in first.clips}
    account(again)


def test_a_source_that_holds_nothing_new(tmp_path: Path) -> None:
    first = run(tmp_path / "out", lecture(tmp_path), options=EARS)
    again = run(tmp_path / "out", tmp_path / "lecture.wav", options=EARS)
    assert again.clips == first.clips and again.reasons == {"duplicate": 10}
    account(again)


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    bursts(tmp_path / "talk.wav", SPANS[:3], 7.0).rename(folder / "talk.wav")
    cued(folder / "talk.srt", (0.6, 1.9, sentence(1)), (2.6, 3.9, sentence(2)), (4.6, 5.9, "…"))
    dataset = run(tmp_path / "out", folder / "talk.srt", options=EARS)
    assert len(dataset.clips) == 2 and manifest.read(tmp_path / "out") == dataset
    assert dataset.totals[0].balanced and dataset.totals[0].found_s == 7
