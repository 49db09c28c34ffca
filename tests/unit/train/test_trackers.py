"""Other programs see every number once, and the same ones as metrics.jsonl, also when a run goes on.

TensorBoard's files are read back with its own reader. For trackio and wandb stand-ins show what they are told; where
the packages are installed, they themselves are asked too, without a network.
"""

import io
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from dimts import log
from dimts.checkpoint import store
from dimts.errors import MissingExtra
from dimts.train import trackers
from dimts.train.display import Display
from dimts.train.dist import World
from dimts.train.interrupt import Stop
from dimts.train.trainer import Interrupted, Trainer
from tests.flow.material import ALONE, MEASURED, Material, quiet_display
from tests.unit.train.test_state import StopAfter

OFTEN = ("evaluate.every_updates=2", "save.every_updates=2", "train.max_updates=4")
SPOKEN = ("samples.texts=[ሰላም]", "samples.max_codes=3")
Point = tuple[int, str, float]


def trained(material: Material, out: Path, *settings: str, looks: int | None = None) -> Trainer:
    """Train, or go on; stop at the n-th look."""
    trainer = material.trainer(material.run(out, *OFTEN, *settings))
    trainer.resume(out)
    stop = Stop() if looks is None else StopAfter(looks)
    try:
        trainer.fit(stop, quiet_display(trainer))
    except Interrupted:
        assert looks is not None
    return trainer


def killed_and_gone_on(material: Material, out: Path, *settings: str) -> None:
    """Three updates, of which the last is lost with its checkpoint, as when a process is killed; then to the end."""
    trained(material, out, *settings, looks=6)
    assert [line["update"] for line in log.read(out)][-1] == 3
    (store.place(out, 3) / store.MANIFEST).unlink()
    trained(material, out, *settings)


def points(out: Path) -> list[Point]:
    """What metrics.jsonl holds, by series."""
    found = []
    for line in log.read(out):
        group = {"update": "train", "eval": "eval"}[line.pop("kind")]
        update = line.pop("update")
        found += [(update, f"{group}/{name}", float(value)) for name, value in line.items()]
    return sorted(found)


def exact(found: list[Point]) -> list[Point]:
    """Without what is measured."""
    return sorted(point for point in found if point[1].split("/")[1] not in MEASURED)


def test_tensorboard_reads_what_metrics_hold(material: Material, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    killed_and_gone_on(material, tmp_path, "track.to=[tensorboard]", *SPOKEN)
    reader = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"scalars": 0, "audio": 0})
    reader.Reload()
    scalars = [(e.step, tag, e.value) for tag in reader.Tags()["scalars"] for e in reader.Scalars(tag)]
    expected = exact(points(tmp_path))
    assert [point[:2] for point in exact(scalars)] == [point[:2] for point in expected]
    assert [point[2] for point in exact(scalars)] == pytest.approx([point[2] for point in expected], rel=1e-6)
    assert [event.step for event in reader.Audio("samples/1")] == [0, 2, 4]
    assert {event.sample_rate for event in reader.Audio("samples/1")} == {24_000.0}


class Fake(ModuleType):
    """Stands for trackio or wandb; remembers what it is told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)
        self.calls: list[tuple[str, Any]] = []
        self.points: list[Point] = []
        self.sounds: list[tuple[int, str, str]] = []
        self.logged_in, self.url = False, "somewhere"

    def init(self, **named: Any) -> "Fake":
        print("a word that is not for standard output") if self.__name__ == "trackio" else None  # noqa: T201
        self.calls.append(("init", named))
        return self

    def log(self, content: dict[str, Any], step: int) -> None:
        for name, value in content.items():
            if isinstance(value, float):
                self.points.append((step, name, value))
            else:
                self.sounds.append((step, name, value))

    def finish(self) -> None:
        self.calls.append(("finish", {}))

    def login(self, prompt: bool) -> bool:
        assert not prompt
        return self.logged_in

    Settings: Any = staticmethod(dict)
    Audio: Any = staticmethod(str)


@pytest.fixture(params=["trackio", "wandb"])
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    made = Fake(request.param)
    monkeypatch.setitem(sys.modules, request.param, made)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    yield made


def test_nothing_is_told_twice(
    material: Material, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "voice-1"
    killed_and_gone_on(material, out, f"track.to=[{fake.__name__}]", *SPOKEN)
    assert exact(fake.points) == exact(points(out)) and len(set(fake.points)) == len(fake.points)
    steps = (0, 2, 4)
    assert fake.sounds == [(n, "samples/1", str(out / f"samples/update-{n:06d}-1.wav")) for n in steps]
    first, second = (named for name, named in fake.calls if name == "init")
    assert [name for name, _ in fake.calls] == ["init", "finish"] * 2  # also where the run was interrupted
    for named in (first, second):
        assert (named["project"], named["name"]) == ("dimts", "voice-1")
        assert named["config"]["optimizer"]["lr"] == 1e-3
    if fake.__name__ == "wandb":
        assert first["id"] == second["id"] and first["resume"] == "allow" and first["mode"] == "offline"
    else:
        assert (first["resume"], second["resume"]) == ("never", "allow")
    assert capsys.readouterr().out == ""


def test_names_are_live(material: Material, tmp_path: Path, fake: Fake) -> None:
    named = ("track.project=ድምፅ", "track.name=first", "train.max_updates=1")
    trained(material, tmp_path, f"track.to=[{fake.__name__}]", *named)
    assert fake.calls[0][1]["project"] == "ድምፅ" and fake.calls[0][1]["name"] == "first"


def test_a_run_that_begins_again_begins_a_series(material: Material, tmp_path: Path, fake: Fake) -> None:
    settings = (f"track.to=[{fake.__name__}]", "train.max_updates=1", "evaluate.at_start=false")
    for _ in range(2):
        material.trainer(material.run(tmp_path, *settings)).fit(Stop(), Display(1, 0, 1, Console(quiet=True)))
    assert [step for step, name, _ in fake.points if name == "train/loss"] == [1, 1]
    inits = [named for name, named in fake.calls if name == "init"]
    assert len({named.get("id", number) for number, named in enumerate(inits)}) == 2


@pytest.mark.parametrize(("mode", "login", "expected"), [
    (None, False, "offline"), (None, True, "online"), ("offline", True, "offline"), ("disabled", False, "disabled"),
])  # fmt: skip
def test_wandb_stays_offline_unless_told(
    tmp_path: Path, material: Material, monkeypatch: pytest.MonkeyPatch, mode: str | None, login: bool, expected: str
) -> None:
    fake = Fake("wandb")
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if mode:
        monkeypatch.setenv("WANDB_MODE", mode)
    fake.logged_in = login
    with trackers.recording(material.run(tmp_path, "track.to=[wandb]"), 0) as record:
        (place,) = record.places
    assert fake.calls[0][1]["mode"] == expected and ("wandb sync" in place) == (expected == "offline")


def test_where_to_watch_is_said(material: Material, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    written = io.StringIO()
    run = material.run(tmp_path, "track.to=[tensorboard]", "train.max_updates=1", "evaluate.at_start=false")
    material.trainer(run).fit(Stop(), Display(1, 0, 1, Console(file=written, width=40)))
    assert f"watch it: tensorboard --logdir {tmp_path / 'tensorboard'}\n" in written.getvalue()


def test_only_the_leader_writes(material: Material, tmp_path: Path) -> None:
    run = material.run(tmp_path, "track.to=[tensorboard]", "train.max_updates=1", "evaluate.at_start=false")
    follower = World(1, 1, ALONE.device)
    trainer = material.trainer(run, follower)
    trainer.fit(Stop(), quiet_display(trainer))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["tensorboard", "trackio", "wandb"])
def test_a_program_that_is_not_installed(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    run = material.run(tmp_path, f"track.to=[{name}]")
    with pytest.raises(MissingExtra, match=rf"track.to: {name} needs {name}: pip install 'dimts\[track\]'"):
        material.trainer(run).fit(Stop(), Display(1, 0, 1, Console(quiet=True)))
    assert list(tmp_path.iterdir()) == []


def test_trackio_itself(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its database lies where TRACKIO_DIR says when it is first imported."""
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    pytest.importorskip("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    out = tmp_path / "voice-1"
    killed_and_gone_on(material, out, "track.to=[trackio]", *SPOKEN)
    rows = SQLiteStorage.get_logs("dimts", "voice-1")
    series = [(row["step"], name, row[name]) for row in rows for name in row if name.startswith(("train/", "eval/"))]
    found, expected = exact(series), exact(points(out))
    assert [point[:2] for point in found] == [point[:2] for point in expected]
    assert [point[2] for point in found] == pytest.approx([point[2] for point in expected])
    assert [row["step"] for row in rows if "samples/1" in row] == [0, 2, 4]


def records(content: bytes) -> Iterator[bytes]:
    """Take a wandb file apart, as its service does: a LevelDB log behind 7 bytes, in blocks of 32 KiB."""
    place, record = 7, b""
    while place < len(content):
        left = 32_768 - place % 32_768
        if left < 7:
            place += left
            continue
        length, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        record += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b""


def test_wandb_itself(material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline: both parts of the run carry one id, and their files hold every point once."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    pytest.importorskip("wandb")
    from wandb.proto.wandb_internal_pb2 import Record

    out = tmp_path / "voice-1"
    killed_and_gone_on(material, out, "track.to=[wandb]", *SPOKEN)
    files = sorted((out / "wandb").glob("offline-run-*/*.wandb"))
    assert len(files) == 2 and len({path.name for path in files}) == 1
    series: list[Point] = []
    for path in files:
        for record in records(path.read_bytes()):
            parsed = Record.FromString(record)
            row = {item.key or "/".join(item.nested_key): item.value_json for item in parsed.history.item}
            series += [(int(row["_step"]), n, float(v)) for n, v in row.items() if n.startswith(("train/", "eval/"))]
    assert exact(series) == exact(points(out))
