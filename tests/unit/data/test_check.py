"""Check: each kind of damage is named on one line, and nothing is edited."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.data import manifest
from dimts.data.check import check
from dimts.data.filters import Limits
from dimts.data.manifest import Clip, Dataset
from dimts.data.prepare import Options, prepare
from dimts.files import sha256
from tests.unit.data.recordings import corpus, tone


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return prepare(
        [corpus(tmp_path / "source", 3)], tmp_path / "data", "en", Options(eval_share=0, workers=1, align="none")
    )


def problems(dataset: Dataset, *changed: Clip) -> list[str]:
    """What check says when the first clips are these."""
    manifest.write(replace(dataset, clips=(*changed, *dataset.clips[len(changed) :])))
    return check(dataset.folder)


def test_a_sound_dataset(dataset: Dataset) -> None:
    before = {path: path.read_bytes() for path in dataset.folder.rglob("*") if path.is_file()}
    assert check(dataset.folder) == []
    assert {path: path.read_bytes() for path in dataset.folder.rglob("*") if path.is_file()} == before


def test_no_dataset(tmp_path: Path) -> None:
    assert check(tmp_path / "none") == [f"{tmp_path}/none: no such folder; give a dataset folder"]
    (only,) = check(tmp_path)
    assert "is not a dataset" in only


def test_missing_audio(dataset: Dataset) -> None:
    (dataset.folder / "audio/clip000.flac").unlink()
    (only,) = check(dataset.folder)
    assert only.startswith("clip clip000: audio/clip000.flac is missing") and "metadata.csv:1" in only


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: tone(path, hz=999), ["hash differs"]),
        (lambda path: tone(path, duration_s=2), ["hash differs", "holds 32000 samples"]),
        (lambda path: path.write_bytes(b"no sound"), ["hash differs", "cannot be read"]),
        (lambda path: path.write_bytes(b""), ["hash differs", "0 bytes"]),
    ],
)
def test_other_audio(dataset: Dataset, change: Callable[[Path], object], expected: list[str]) -> None:
    change(dataset.folder / "audio/clip000.flac")
    found = check(dataset.folder)
    assert len(found) == len(expected)
    for line, words in zip(found, expected, strict=True):
        assert line.startswith("clip clip000:") and words in line and "\n" not in line


def test_repetitions(dataset: Dataset) -> None:
    first, second, _ = dataset.clips
    assert problems(dataset, replace(first, id=second.id)) == ["2 clips have the same id: clip001, clip001"]
    found = problems(dataset, first, replace(first, id="again", group="other"))
    assert found == [
        "2 clips have the same file: clip000, again",
        "2 clips have the same sound: clip000, again",
    ]


def test_leaks(dataset: Dataset) -> None:
    first, second, _ = dataset.clips
    assert problems(dataset, replace(first, split="eval")) == []
    assert problems(dataset, replace(first, split="eval", group=second.group)) == [
        f"group on both sides of the split: {second.group}"
    ]
    text = replace(first, split="eval", text=second.text, spoken=second.spoken)
    assert problems(dataset, text) == [f"text on both sides of the split: {second.spoken}"]
    sound = replace(first, split="eval", content=second.content)
    assert f"sound on both sides of the split: {second.content}" in problems(dataset, sound)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "…", "spoken": "…"}, "text empty"),
        ({"text": "very fast " * 9, "spoken": ("very fast " * 9).strip()}, "too many characters a second"),
        ({"spoken": "not what it was"}, "is not its text normalised"),
        ({"language": "am"}, "its language is am, the dataset's en"),
        ({"rate_hz": 8000}, "holds 16000 samples at 16000 Hz, not 16000 at 8000 Hz"),
    ],
)
def test_fields_that_do_not_fit(dataset: Dataset, change: dict[str, object], words: str) -> None:
    found = problems(dataset, replace(dataset.clips[0], **change))  # type: ignore[arg-type]
    assert any(line.startswith("clip clip000:") and words in line for line in found)


def test_limits_are_those_of_the_dataset(dataset: Dataset) -> None:
    settings = dict(dataset.settings) | {"limits": {"max_duration_s": 0.5}}
    manifest.write(replace(dataset, settings=settings))
    assert check(dataset.folder) == [f"clip clip00{n}: too long: 1.0 (limit 0.5)" for n in range(3)]


def test_other_normaliser(dataset: Dataset) -> None:
    manifest.write(replace(dataset, normaliser="dimts-0"))
    (only,) = check(dataset.folder)
    assert "were normalised by dimts-0" in only and "run `dimts prepare` again" in only


def _hashes(folder: Path) -> dict[Path, str]:
    return {path: sha256(path) for path in folder.rglob("*") if path.is_file()}


def test_a_dataset_of_another_tool(tmp_path: Path) -> None:
    source = corpus(tmp_path / "lj", 3)
    options = Options(workers=1, align="none")
    before = _hashes(tmp_path / "lj")
    assert check(tmp_path / "lj", "en", options) == []
    tone(tmp_path / "lj" / "wavs" / "short.wav", duration_s=0.1)
    source.write_text(source.read_text() + "short|hm\nnone|words\n")
    before = _hashes(tmp_path / "lj")
    short, missing = check(tmp_path / "lj", "en", options)
    assert short == f"{source}:4: too short: 0.1 (limit 0.4)" and missing.startswith(f"{source}:5: missing: none")
    assert len(check(tmp_path / "lj", "en", replace(options, limits=Limits(min_duration_s=2.0)))) == 1  # none is left
    assert _hashes(tmp_path / "lj") == before


def test_decisions_that_cannot_be_read(dataset: Dataset) -> None:
    (dataset.folder / "review.jsonl").write_text("keep all\n")
    (only,) = check(dataset.folder)
    assert "review.jsonl: line 1" in only
