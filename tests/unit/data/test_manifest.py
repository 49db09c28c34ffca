"""The dataset folder: what is written is read, what is damaged is named, a killed writer breaks nothing."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest

from dimts.data import manifest
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.records import TRAINED
from dimts.data.totals import Totals
from dimts.errors import DataError
from dimts.text.normalise import IDENTITY

CLIP = Clip(
    id="ሰላም-1",
    audio="audio/ሰላም-1.flac",
    samples=16_000,
    rate_hz=16_000,
    sha256="00",
    text='A "text"\u2028with | everything',
    spoken="a text with everything",
    language="am",
    speaker="Abebe",
    source="my files/metadata.csv:1",
    split="train",
    group="a text",
    content="ab",
)
REJECTION = Rejection("b", "filters", "too short", 0.1, 0.4, "metadata.csv:2", "text", 0.1)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    other = replace(CLIP, id="b", samples=8_000, split="eval", speaker="Sara")
    return Dataset(tmp_path / "data", "am", IDENTITY, (CLIP, other), (REJECTION,), {"seed": 3})


def test_what_is_written_is_read(dataset: Dataset) -> None:
    manifest.write(dataset)
    assert manifest.read(dataset.folder) == dataset
    assert sorted(path.name for path in dataset.folder.iterdir()) == ["clips.jsonl", "dataset.json", "rejected.jsonl"]


def test_a_line_has_what_the_design_lists(dataset: Dataset) -> None:
    manifest.write(dataset)
    line = json.loads((dataset.folder / "clips.jsonl").read_text(encoding="utf-8").split("\n")[1])
    listed = ["id", "audio", "duration_s", "text", "spoken", "language", "speaker", "source", "split", "group"]
    assert set(listed) <= set(line) and line["duration_s"] == 0.5


def test_head_counts(dataset: Dataset) -> None:
    manifest.write(replace(dataset, clips=tuple(replace(clip, samples=16_000 * 360) for clip in dataset.clips)))
    head = json.loads((dataset.folder / "dataset.json").read_text(encoding="utf-8"))
    assert head["clips"] == {"train": 1, "eval": 1} and head["hours"] == {"train": 0.1, "eval": 0.1}
    assert (head["language"], head["normaliser"], head["rejected"]) == ("am", IDENTITY, 1)
    assert head["speakers"] == ["Abebe", "Sara"]


def test_hash_follows_the_accepted_clips(dataset: Dataset) -> None:
    assert replace(dataset, rejected=(), settings={}, folder=Path("elsewhere")).sha256 == dataset.sha256
    assert replace(dataset, clips=dataset.clips[:1]).sha256 != dataset.sha256
    assert replace(dataset, language="en").sha256 != dataset.sha256


def test_a_dataset_of_before_reads_and_keeps_its_hash(dataset: Dataset) -> None:
    manifest.write(dataset)
    path = dataset.folder / "clips.jsonl"
    newer = {f.name for f in fields(Clip)} - set(TRAINED)
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    old = [{key: value for key, value in record.items() if key not in newer} for record in records]
    content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in old).encode()
    path.write_bytes(content)
    head = json.loads((dataset.folder / "dataset.json").read_text())
    head["sha256"]["clips.jsonl"] = hashlib.sha256(content).hexdigest()
    for key in ("licence", "consent", "sources"):
        del head[key]
    (dataset.folder / "dataset.json").write_text(json.dumps(head))
    assert manifest.read(dataset.folder) == dataset
    identity = f"am\n{IDENTITY}\n".encode() + content
    assert dataset.sha256 == hashlib.sha256(identity).hexdigest()


def test_measures_warnings_and_what_the_source_says_travel(dataset: Dataset) -> None:
    measured = replace(
        CLIP, start_s=1.5, end_s=2.5, snr_db=20.0, alignment=0.9, warnings=("low SNR",), extra={"url": "http://x/"}
    )
    totals = Totals("metadata.csv", rows=2, found=2, accepted=1, rejected=1, found_s=1.1, accepted_s=1, rejected_s=0.1)
    more = replace(dataset, clips=(measured,), totals=(totals,), licence="CC0-1.0", consent="signed by each speaker")
    manifest.write(more)
    assert manifest.read(dataset.folder) == more and totals.balanced and not replace(totals, accepted=2).balanced
    assert more.sha256 == replace(more, clips=(replace(measured, snr_db=3.0, warnings=(), extra={}),)).sha256


def test_sides_and_reasons(dataset: Dataset) -> None:
    assert [clip.id for clip in dataset.side("eval")] == ["b"]
    assert replace(dataset, rejected=(REJECTION, replace(REJECTION, reason="silent"), REJECTION)).reasons == {
        "too short": 2,
        "silent": 1,
    }


def test_one_line_for_what_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, words in (("none", "no such folder"), ("file", "is a file"), ("", "is not a dataset")):
        with pytest.raises(DataError, match=words):
            manifest.read(tmp_path / name)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 20)


def _edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("Abebe", "Kebede"), encoding="utf-8")


def _break_line_2(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], lines[1][:50], *lines[2:]]))


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("clips.jsonl", _break_line_2, "line 2 is damaged"),
        ("clips.jsonl", _cut, "line 2 is damaged|last line"),
        ("clips.jsonl", _edit, "was changed since"),
        ("clips.jsonl", Path.unlink, "clips.jsonl: is missing"),
        ("rejected.jsonl", Path.unlink, "rejected.jsonl: is missing"),
        ("rejected.jsonl", lambda path: path.write_text("[1]\n"), "rejected.jsonl: line 1 is damaged"),
        ("dataset.json", _cut, "dataset.json: is damaged"),
        ("dataset.json", lambda path: path.write_text("[]"), "dataset.json: is damaged"),
        ("dataset.json", lambda path: path.write_bytes(b"\xff\xfe"), "dataset.json: is damaged"),
    ],
)
def test_damage_is_named(dataset: Dataset, name: str, damage: Callable[[Path], object], words: str) -> None:
    manifest.write(dataset)
    damage(dataset.folder / name)
    with pytest.raises(DataError, match=words) as caught:
        manifest.read(dataset.folder)
    assert "\n" not in str(caught.value) and "dimts prepare" in str(caught.value)


def test_other_normaliser(dataset: Dataset) -> None:
    manifest.write(replace(dataset, normaliser="dimts-0"))
    with pytest.raises(DataError, match="by dimts-0, this is .*run `dimts prepare` again"):
        manifest.read(dataset.folder)
    assert manifest.read(dataset.folder, any_normaliser=True).normaliser == "dimts-0"


def test_empty_and_newer(dataset: Dataset) -> None:
    manifest.write(replace(dataset, clips=()))
    with pytest.raises(DataError, match="holds no clips"):
        manifest.read(dataset.folder)
    head = dataset.folder / "dataset.json"
    head.write_text(head.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(DataError, match="newer dimts"):
        manifest.read(dataset.folder)


@contextmanager
def _stopped(step: str, after: int) -> Iterator[None]:
    """Make os.<step> raise once it has been called `after` times, as a kill would end everything there."""
    real, calls = getattr(os, step), itertools.count()

    def stop(*arguments: object) -> object:
        if next(calls) == after:
            raise KeyboardInterrupt
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, step, stop)
        yield


@pytest.mark.parametrize(("step", "after"), [(step, n) for step in ("fsync", "replace") for n in range(3)])
def test_killed_at_any_step_leaves_a_dataset_that_reads(dataset: Dataset, step: str, after: int) -> None:
    changed = replace(dataset, clips=dataset.clips[:1], rejected=())
    manifest.write(dataset)
    with _stopped(step, after):
        manifest.write(changed)
    assert manifest.read(dataset.folder) == (dataset if step == "fsync" or after == 0 else changed)
    manifest.write(changed)
    assert manifest.read(dataset.folder) == changed
    assert len(list(dataset.folder.iterdir())) == 3


@pytest.mark.parametrize(("step", "after"), [(step, n) for step in ("fsync", "replace") for n in range(3)])
def test_killed_the_first_time(dataset: Dataset, step: str, after: int) -> None:
    with _stopped(step, after):
        manifest.write(dataset)
    try:
        assert manifest.read(dataset.folder) == dataset
    except DataError as error:
        assert "is not a dataset" in str(error)
    manifest.write(dataset)
    assert manifest.read(dataset.folder) == dataset


def test_full_disk_leaves_the_old_dataset(dataset: Dataset) -> None:
    manifest.write(dataset)
    code = f"""
import resource, signal
from dataclasses import fields, replace
from pathlib import Path
from dimts.data import manifest
from dimts.data.totals import Totals
from dimts.errors import DataError
dataset = manifest.read(Path({str(dataset.folder)!r}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
try:
    manifest.write(replace(dataset, clips=dataset.clips * 50))
except DataError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1 and "File too large; the old dataset is intact" in done.stdout
    assert manifest.read(dataset.folder) == dataset


def test_folder_that_is_a_file(dataset: Dataset) -> None:
    dataset.folder.touch()
    with pytest.raises(DataError, match="cannot be written"):
        manifest.write(dataset)
