"""Files and folders are whole or not there, whatever stops the writer."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dimts import files
from dimts.errors import TrainingError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(path: Path, content: str) -> None:
    with files.whole_folder(path) as beside:
        (beside / "inside").mkdir()
        (beside / "inside/one.txt").write_text(content)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(RuntimeError), files.whole_file(tmp_path / "a.txt") as beside:
        beside.write_text("half")
        assert (tmp_path / "a.txt").read_text() == "old"
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old" and names(tmp_path) == ["a.txt"]
    files.write_text(tmp_path / "a.txt", "ድምፅ")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "ድምፅ" and names(tmp_path) == ["a.txt"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    fill(tmp_path / "deep/new", "old")
    with pytest.raises(KeyboardInterrupt), files.whole_folder(tmp_path / "deep/new") as beside:
        (beside / "half.txt").write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "deep/new/inside/one.txt").read_text() == "old"
    fill(tmp_path / "deep/new", "new")
    assert (tmp_path / "deep/new/inside/one.txt").read_text() == "new" and names(tmp_path / "deep") == ["new"]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_folder_stays_when_a_rename_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    fill(tmp_path / "kept", "old")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", _failing(os.replace, failing))
        with pytest.raises(OSError, match="no space"):
            fill(tmp_path / "kept", "new")
    assert (tmp_path / "kept/inside/one.txt").read_text() == "old" and names(tmp_path) == ["kept"]


def _failing(real: Callable[..., None], call: int) -> Callable[..., None]:
    calls = iter(range(1, 99))

    def replace(*paths: Any) -> None:
        if next(calls) == call:
            raise OSError("no space")
        real(*paths)

    return replace


def test_what_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        real(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", fsync)
    fill(tmp_path / "new", "x")
    beside = f".new.{os.getpid()}.part"
    assert set(flushed) == {"one.txt", "inside", beside, tmp_path.name} and flushed[-1] == tmp_path.name


def test_sweep_puts_back_what_was_being_replaced(tmp_path: Path) -> None:
    fill(tmp_path / ".a.4711.old", "a")  # killed between the two renames
    fill(tmp_path / ".a.4711.part", "new a")
    fill(tmp_path / "b", "new b")  # killed after both
    fill(tmp_path / ".b.4711.old", "b")
    (tmp_path / ".c.json.12.part").write_text("half")
    (tmp_path / ".part").write_text("a user's own")
    (tmp_path / "d.12.part").write_text("a user's own")
    files.sweep(tmp_path)
    assert names(tmp_path) == [".part", "a", "b", "d.12.part"]
    assert [(tmp_path / name / "inside/one.txt").read_text() for name in "ab"] == ["a", "new b"]
    files.sweep(tmp_path / "missing")


def test_the_disk_is_spoken_of_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "below.json"
    with pytest.raises(TrainingError) as raised, files.writing(path):
        files.write_text(path, "{}")
    assert str(raised.value) == f"{path}: cannot be written (Not a directory); see to the disk and start again"


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "large").write_bytes(bytes(files.BLOCK_BYTES) + b"1")
    assert files.sha256(tmp_path / "large") != files.sha256(tmp_path / "abc")
