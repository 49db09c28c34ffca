"""`dimts base fetch` against a hub on loopback: whole or resumable, checked, one line for every failure."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dimts.checkpoint import fetch, hub
from dimts.checkpoint.hub import Listing, Remote
from dimts.errors import CheckpointError
from tests.unit.checkpoint.hub_server import COMMIT, CONTENT, Hub, git_blob, serve

CHUNK_BYTES = 10 << 20  # huggingface_hub writes so many bytes at once


class Answer(NamedTuple):
    code: int
    out: str
    error: str  # the line that begins with "dimts:"
    lines: str  # everything on stderr


class Session(NamedTuple):
    hub: Hub
    root: Path

    def environment(self, **more: str) -> dict[str, str]:
        home = str(self.root / "home")
        return {**os.environ, "HF_ENDPOINT": self.hub.url, "HF_HOME": home, "HF_HUB_OFFLINE": "0", **more}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "dimts.app.cli", "base", "fetch", str(self.folder), *words]

    @property
    def folder(self) -> Path:
        return self.root / "xtts"

    @property
    def part(self) -> Path:
        return self.root / "xtts.part"

    def fetch(self, *words: str, **more: str) -> Answer:
        command = self.command("--accept-license", *words)
        done = subprocess.run(command, env=self.environment(**more), capture_output=True, text=True, check=False)
        errors = [line for line in done.stderr.splitlines() if line.startswith("dimts:")]
        assert "Traceback" not in done.stderr
        assert len(errors) == (1 if done.returncode else 0), done.stderr
        return Answer(done.returncode, done.stdout, "".join(errors), done.stderr)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with serve(Hub()) as running:
        yield Session(running, tmp_path)


def test_nothing_is_asked_before_the_licence_is_accepted(session: Session) -> None:
    done = subprocess.run(session.command(), env=session.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "non-commercial" in done.stderr and "coqui.ai/cpml" in done.stderr and "LICENSE.txt" in done.stderr
    assert (
        f"dimts: nothing was downloaded; to accept: dimts base fetch {session.folder} --accept-license" in done.stderr
    )
    assert not session.hub.asked and not [*session.root.glob("xtts*")]


def test_folder_is_whole_and_says_where_it_is_from(session: Session) -> None:
    answer = session.fetch("--json")
    wanted = {name: CONTENT[name] for name in (*fetch.FILES, "LICENSE.txt")}
    assert answer.code == 0 and json.loads(answer.out)["commit"] == COMMIT
    assert {p.name: p.read_bytes() for p in session.folder.iterdir() if p.name != "origin.json"} == wanted
    origin = json.loads((session.folder / "origin.json").read_text())
    assert origin["commit"] == COMMIT and origin["files"]["config.json"]["hash"] == git_blob(CONTENT["config.json"])
    assert not session.part.exists()


def test_again_downloads_nothing_and_tells_a_changed_file(session: Session) -> None:
    session.fetch()
    session.hub.asked.clear()
    assert session.fetch().code == 0
    assert not [path for _, path in session.hub.asked if "/resolve/" in path]
    (session.folder / "vocab.json").write_text("mine")
    again = session.fetch()
    assert again.code == 1 and "vocab.json" in again.error and (session.folder / "vocab.json").read_text() == "mine"


def test_folder_with_other_content_is_left_alone(session: Session) -> None:
    session.folder.mkdir()
    (session.folder / "thesis.txt").write_text("years of work")
    answer = session.fetch()
    assert answer.code == 1 and "is there already and lacks config.json" in answer.error
    assert [path.name for path in session.folder.iterdir()] == ["thesis.txt"] and not session.hub.asked


def test_killed_download_goes_on_where_it_was(session: Session) -> None:
    session.hub.content["model.pth"] = os.urandom(2 * CHUNK_BYTES + 12_345)
    session.hub.stall_after["model.pth"] = CHUNK_BYTES + 5_000
    process = subprocess.Popen(
        session.command("--accept-license"), env=session.environment(), stderr=subprocess.DEVNULL
    )
    beside = session.part / "model.pth.incomplete"
    until = time.monotonic() + 30
    while not (beside.exists() and beside.stat().st_size >= CHUNK_BYTES) and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = beside.stat().st_size
    assert kept == CHUNK_BYTES and not session.folder.exists()
    session.hub.asked.clear()
    assert session.fetch().code == 0
    assert set(session.hub.bytes_sent_from("model.pth")) == {kept} and not session.hub.bytes_sent_from("dvae.pth")
    assert (session.folder / "model.pth").read_bytes() == session.hub.content["model.pth"]


def test_dropped_connection_is_mended_within_one_run(session: Session) -> None:
    session.hub.cut_after["dvae.pth"] = 50_000
    assert session.fetch().code == 0
    assert (session.folder / "dvae.pth").read_bytes() == CONTENT["dvae.pth"]


def test_wrong_hash_is_removed_and_the_rest_kept(session: Session) -> None:
    session.hub.wrong_hash = "dvae.pth"
    answer = session.fetch()
    assert answer.code == 1 and "dvae.pth: what came is not the file that the hub describes" in answer.error
    assert f"{session.part} keeps what came" in answer.error and f"dimts base check {session.folder}" in answer.error
    kept = {path.name for path in session.part.iterdir()}
    assert (
        "speakers_xtts.pth" in kept and not kept & {"dvae.pth", "dvae.pth.incomplete"} and not session.folder.exists()
    )
    session.hub.wrong_hash = ""
    assert session.fetch().code == 0


def test_wrong_hash_of_a_small_file(session: Session) -> None:
    session.hub.wrong_hash = "config.json"
    answer = session.fetch()
    assert answer.code == 1 and "config.json: what came is not" in answer.error


def test_foreign_bytes_in_the_partial_file_do_not_pass(session: Session) -> None:
    session.part.mkdir()
    (session.part / "model.pth.incomplete").write_bytes(b"x" * 1_000)
    assert "model.pth: what came is not" in session.fetch().error
    assert session.fetch().code == 0
    assert (session.folder / "model.pth").read_bytes() == CONTENT["model.pth"]


def test_missing_files(session: Session) -> None:
    session.hub.lost = "model.pth"
    assert "has no file model.pth" in session.fetch().error
    del session.hub.content["dvae.pth"]
    answer = session.fetch()
    assert "lacks dvae.pth" in answer.error and not session.folder.exists()


def test_refusals_are_one_line(session: Session) -> None:
    assert "no revision 'nope'" in session.fetch("--revision", "nope").error
    session.hub.status = 503
    assert "answered 503" in session.fetch().error
    session.hub.status = 401
    assert "hf auth login" in session.fetch().error


def test_connection_refused(session: Session) -> None:
    answer = session.fetch(HF_ENDPOINT="http://127.0.0.1:9")
    assert answer.code == 1 and "http://127.0.0.1:9 cannot be reached" in answer.error
    assert all(name in answer.error for name in fetch.FILES) and f"dimts base check {session.folder}" in answer.error
    assert not session.folder.exists()


def test_something_else_listens(session: Session) -> None:
    session.hub.page = b"<html>Please log in to the wireless network</html>"
    answer = session.fetch()
    assert answer.code == 1 and "no list of files" in answer.error


def fill_cache(session: Session, without: str = "") -> None:
    repo = session.root / "home" / "hub" / "models--coqui--XTTS-v2"
    for folder in ("refs", "blobs", f"snapshots/{COMMIT}"):
        (repo / folder).mkdir(parents=True)
    (repo / "refs" / "main").write_text(COMMIT)
    for name in fetch.FILES:
        if name != without:
            blob = repo / "blobs" / git_blob(CONTENT[name])
            blob.write_bytes(CONTENT[name])
            (repo / "snapshots" / COMMIT / name).symlink_to(blob)


def test_offline_takes_the_cache(session: Session) -> None:
    fill_cache(session)
    answer = session.fetch(HF_HUB_OFFLINE="1")
    assert answer.code == 0 and COMMIT[:12] in answer.out and not session.hub.asked
    assert (session.folder / "model.pth").read_bytes() == CONTENT["model.pth"]


def test_offline_refuses_a_damaged_cache(session: Session) -> None:
    fill_cache(session)
    blob = session.root / "home" / "hub" / "models--coqui--XTTS-v2" / "blobs" / git_blob(CONTENT["model.pth"])
    blob.write_bytes(CONTENT["model.pth"][:-1] + b"?")
    answer = session.fetch(HF_HUB_OFFLINE="1")
    assert answer.code == 1 and "model.pth: what came is not" in answer.error


def test_offline_with_half_a_cache(session: Session) -> None:
    fill_cache(session, without="model.pth")
    answer = session.fetch(HF_HUB_OFFLINE="1")
    assert answer.code == 1 and "HF_HUB_OFFLINE is set" in answer.error and not session.part.exists()


def test_online_copies_what_the_cache_holds(session: Session) -> None:
    fill_cache(session, without="dvae.pth")
    assert session.fetch().code == 0
    assert session.hub.bytes_sent_from("dvae.pth") and not session.hub.bytes_sent_from("model.pth")


def listed(name: str = "model.pth", content: bytes = b"weights") -> Listing:
    files = tuple(Remote(one, len(CONTENT[one]), git_blob(CONTENT[one]), None) for one in fetch.FILES if one != name)
    return Listing(COMMIT, (*files, Remote(name, len(content), git_blob(content), None)))


def test_disk_is_measured_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "listing", lambda *_: listed())
    monkeypatch.setattr(hub, "transfer", lambda *_: pytest.fail("nothing should come"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 50 << 20))
    with pytest.raises(CheckpointError, match="are still to come and 52.4 MB are free; free .* or choose"):
        fetch.fetch(tmp_path / "xtts")


def test_full_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hub, "listing", lambda *_: listed())
    monkeypatch.setattr(hub, "http_get", full)
    with pytest.raises(CheckpointError, match="config.json cannot be written .No space left on device.; free space"):
        fetch.fetch(tmp_path / "xtts")


def test_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "listing", lambda *_: listed())
    with fetch._held(tmp_path / "xtts.part"), pytest.raises(CheckpointError, match="another process is downloading"):
        fetch.fetch(tmp_path / "xtts")


def test_git_blob_ids_are_git_s(tmp_path: Path) -> None:
    (tmp_path / "hello").write_bytes(b"hello\n")
    assert fetch.digest(tmp_path / "hello", "0" * 40) == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    assert not fetch.right(tmp_path / "hello", 7, None)
