"""Review: decisions of a person are applied by the next run, and bad lines are named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.data import review
from dimts.data.check import check
from dimts.data.manifest import Dataset
from dimts.data.review import Decision, append
from dimts.errors import DataError
from tests.unit.data.recordings import ALONE, corpus, run, sentence, table, tone


def texts(dataset: Dataset) -> dict[str, str]:
    return {clip.id: clip.text for clip in dataset.clips}


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    assert review.read(tmp_path) == {}
    append(tmp_path, Decision("ሰላም", "drop", note="a door slams"))
    append(tmp_path, Decision("b", "text", "new words"))
    append(tmp_path, Decision("ሰላም", "keep"))
    assert review.read(tmp_path) == {"ሰላም": Decision("ሰላም", "keep"), "b": Decision("b", "text", "new words")}
    assert (tmp_path / "review.jsonl").read_text(encoding="utf-8").count("\n") == 3


def test_a_line_that_was_cut_off_is_named_and_left_behind(tmp_path: Path) -> None:
    (tmp_path / "review.jsonl").write_text('{"id": "a", "decision": "drop"}\n{"id": "b", "de')
    append(tmp_path, Decision("c", "keep"))
    with pytest.raises(DataError, match="review.jsonl: line 2: is no JSON") as caught:
        review.read(tmp_path)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[]", "is no object"),
        ('{"id": "a"}', "decision is ''; choose from keep, drop, text"),
        ('{"id": "a", "decision": "delete"}', "choose from keep"),
        ('{"decision": "drop"}', "id is empty"),
        ('{"id": "a", "decision": "text"}', "give a text"),
        ('{"id": "a", "decision": "drop", "text": "b"}', "with decision text only"),
        ('{"id": "a", "decision": "keep", "why": "b"}', "there is no why"),
        ('{"id": 3, "decision": "keep"}', "are strings"),
        ('{"id": "a", "decision": ["keep"]}', "are strings"),
    ],
)
def test_every_bad_line_is_named_by_its_number(tmp_path: Path, line: str, words: str) -> None:
    good = json.dumps({"id": "ok", "decision": "keep"})
    (tmp_path / "review.jsonl").write_text(f"{good}\n\n{line}\n{good}\n{line}\n")
    with pytest.raises(DataError) as caught:
        review.read(tmp_path)
    assert [problem.split(": ")[1] for problem in caught.value.problems] == ["line 3", "line 5"]
    assert all(words in problem for problem in caught.value.problems)


def test_a_bad_line_stops_the_run_and_nothing_changes(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    before = run(tmp_path / "out", source)
    (tmp_path / "out" / "review.jsonl").write_text("drop clip000\n")
    with pytest.raises(DataError, match="line 1"):
        run(tmp_path / "out", source)
    (tmp_path / "out" / "review.jsonl").unlink()
    assert run(tmp_path / "out", source) == before


def test_decisions_are_applied_and_taken_back(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 4)
    tone(tmp_path / "source" / "wavs" / "short.wav", duration_s=0.3)
    with source.open("a") as file:
        file.write("short|hm\n")
    first = run(tmp_path / "out", source)
    out = first.folder
    for decision in (
        Decision("clip001", "drop", note="noise"),
        Decision("clip002", "text", "mended words"),
        Decision("short", "keep"),
        Decision("clip003", "keep"),
        Decision("nobody", "drop"),
    ):
        append(out, decision)
    second = run(out, source)
    kept = texts(first) | {"clip002": "mended words", "short": "hm"}
    assert texts(second) == {name: text for name, text in kept.items() if name != "clip001"}
    (dropped,) = second.rejected
    assert (dropped.id, dropped.reason, dropped.measured, dropped.stage) == ("clip001", "review", "noise", "review")
    assert all(totals.balanced for totals in second.totals)
    assert run(out, source) == second
    append(out, Decision("clip001", "keep"))
    append(out, Decision("short", "drop"))
    third = run(out, source)
    assert texts(third) == texts(first) | {"clip002": "mended words"}
    before = {clip.id: (clip.split, clip.sha256) for clip in first.clips}
    assert {clip.id: (clip.split, clip.sha256) for clip in third.clips} == before


def test_a_kept_clip_is_sound_to_check(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 1)
    tone(tmp_path / "source" / "wavs" / "short.wav", duration_s=0.3)
    source.write_text(f"clip000|{sentence(0)}\nshort|hm\n")
    run(tmp_path / "out", source)
    append(tmp_path / "out", Decision("short", "keep"))
    assert len(run(tmp_path / "out", source).clips) == 2 and check(tmp_path / "out") == []


def test_clips_of_sources_that_are_not_named(tmp_path: Path) -> None:
    one, two = corpus(tmp_path / "one", 3), corpus(tmp_path / "two", 2, first=3)
    run(tmp_path / "out", one)
    append(tmp_path / "out", Decision("clip000", "drop"))
    append(tmp_path / "out", Decision("clip001", "text", "other words"))
    after = run(tmp_path / "out", two)
    assert texts(after) == {
        "clip001": "other words",
        "clip002": sentence(2),
        "clip003": sentence(3),
        "clip004": sentence(4),
    }
    assert after.reasons == {"review": 1} and all(totals.balanced for totals in after.totals)
    assert check(tmp_path / "out") == []
    append(tmp_path / "out", Decision("clip002", "drop"))
    assert len(run(tmp_path / "out").clips) == 3  # no source at all: the decisions alone
    append(tmp_path / "out", Decision("clip000", "keep"))
    assert len(run(tmp_path / "out", one).clips) == 4


def test_no_decision_makes_two_clips_of_one_sound(tmp_path: Path) -> None:
    corpus(tmp_path, 1)
    tone(tmp_path / "copy.wav", hz=100)
    source = table(tmp_path, f"clip000|{sentence(0)}", f"copy|{sentence(0)}")
    run(tmp_path / "out", source)
    append(tmp_path / "out", Decision("copy", "keep"))
    after = run(tmp_path / "out", source)
    assert [clip.id for clip in after.clips] == ["clip000"] and after.reasons == {"duplicate": 1}


def test_dropping_all_is_an_error(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 1)
    before = run(tmp_path / "out", source, options=replace(ALONE, eval_share=0))
    append(tmp_path / "out", Decision("clip000", "drop"))
    with pytest.raises(DataError, match="1 review"):
        run(tmp_path / "out", source, options=replace(ALONE, eval_share=0))
    (tmp_path / "out" / "review.jsonl").unlink()
    assert run(tmp_path / "out", source, options=replace(ALONE, eval_share=0)) == before
