"""JSON lines and lists, under every name that people give the fields."""

import json
from pathlib import Path
from typing import Any

import pytest

from dimts.data import importers
from dimts.data.importers import Found, Utterance
from dimts.data.manifest import Rejection
from dimts.errors import DataError
from tests.unit.data.recordings import tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tone(tmp_path / "wavs" / "a.wav")
    return tmp_path


def found(folder: Path, *rows: Any, name: str = "list.jsonl") -> list[Found]:
    content = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    (folder / name).write_text(content, encoding="utf-8")
    return list(importers.read(folder / name))


@pytest.mark.parametrize(
    ("row", "text", "speaker", "stretch"),
    [
        ({"audio_filepath": "wavs/a.wav", "duration": 1.0, "text": "One"}, "One", None, (None, None)),
        ({"audio_filepath": "a.wav", "offset": 0.25, "duration": 0.5, "text": "One"}, "One", None, (0.25, 0.75)),
        ({"audio": "a", "text": "One", "speaker": "Abebe"}, "One", "Abebe", (None, None)),
        ({"audio": {"path": "a.wav", "bytes": None}, "sentence": "One", "speaker_id": 7}, "One", "7", (None, None)),
        ({"audio_file": "a", "transcript": "1", "normalized_text": "One"}, "One", None, (None, None)),
        ({"file_name": "a.wav", "transcription": None}, "", None, (None, None)),
        ({"Audio": "a.wav", "start": 0, "end": 0.5}, "", None, (0, 0.5)),
        ({"audio": "a.wav", "text": "null"}, "null", None, (None, None)),
    ],
)
def test_names_of_fields(
    folder: Path, row: dict[str, Any], text: str, speaker: str | None, stretch: tuple[float | None, float | None]
) -> None:
    (one,) = found(folder, row)
    assert isinstance(one, Utterance)
    assert (one.audio, one.text, one.speaker) == (folder / "wavs" / "a.wav", text, speaker)
    assert (one.start_s, one.end_s) == stretch
    assert one.source == f"{folder}/list.jsonl:1"


def test_each_line_is_found_once(folder: Path) -> None:
    good, gone = {"audio": "a", "text": "One"}, {"audio": "zzz", "text": "Two"}
    rows = [good, "", "{broken", [1], {"audio": "a", "text": ["One"]}, gone, {"text": "Three"}, "\ufeff", "null"]
    finds = found(folder, *rows)
    reasons = [each.reason if isinstance(each, Rejection) else "" for each in finds]
    assert reasons == ["", "bad row", "bad row", "bad row", "missing", "missing", "bad row", "bad row"]
    assert [each.source.rpartition(":")[2] for each in finds] == ["1", "3", "4", "5", "6", "7", "8", "9"]


def test_a_list_in_one_file(folder: Path) -> None:
    (folder / "rows.json").write_text(json.dumps([{"audio": "a", "text": "One"}, {"audio": "b", "text": "Two"}]))
    one, two = importers.read(folder / "rows.json")
    assert isinstance(one, Utterance) and isinstance(two, Rejection)
    assert (one.source, two.source) == (f"{folder}/rows.json:1", f"{folder}/rows.json:2")


def test_a_folder_means_its_list(folder: Path) -> None:
    found(folder, {"file_name": "a.wav", "text": "One"}, name="metadata.jsonl")
    assert len(list(importers.read(folder))) == 1
    assert importers.listing(folder) == folder / "metadata.jsonl"


def test_a_dataset_of_ours_is_a_source(folder: Path) -> None:
    row = {"id": "x", "audio": "wavs/a.wav", "text": "One", "speaker": "Abebe", "language": "am", "group": "one"}
    (one,) = found(folder, row, name="clips.jsonl")
    assert isinstance(one, Utterance) and (one.language, one.group, one.speaker) == ("am", "one", "Abebe")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("list.jsonl", "", "is empty"),
        ("list.json", "[]", "is empty"),
        ("list.json", "{", "is no JSON"),
        ("list.json", '{"rows": 1}', "neither a list of objects nor a transcript"),
        ("list.json", "[" * 100_000, "is no JSON"),
    ],
)
def test_one_line_for_what_is_no_list(folder: Path, name: str, content: str, words: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(DataError) as caught:
        list(importers.read(folder / name))
    assert words in str(caught.value) and "\n" not in str(caught.value)
