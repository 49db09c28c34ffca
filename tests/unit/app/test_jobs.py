"""Jobs: they outlive who started them, are found again, stop by saving first, wait for a device, and end for good."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from dimts.app import jobs, keeping, processes
from dimts.app.bar import FILE, stages
from dimts.app.jobs import Job
from dimts.errors import ConfigError, DataError

PATIENCE_S = 60.0


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def new(project: Path, name: str = "20260101-120000-train", **facts: object) -> Job:
    """A job as `start` leaves it before its keeper comes."""
    folder = project / jobs.FOLDER / name
    folder.mkdir(parents=True)
    job = replace(Job(folder, "train", (), time.time()), **facts)  # type: ignore[arg-type]
    jobs.write(job)
    return job


def kept(job: Job, script: str, grace_s: float = 60.0) -> Thread:
    """Keep a job whose command is a script."""
    thread = Thread(target=keeping.keep, args=(job.folder, (sys.executable, "-c", script), grace_s), daemon=True)
    thread.start()
    return thread


def test_a_command_runs_to_its_end_and_answers(tmp_path: Path) -> None:
    job = jobs.start(tmp_path, "text", ["text", "--language", "am", "--", "ሰላም።"])
    wait_until(lambda: not jobs.read(job.folder).is_active)
    done = jobs.find(tmp_path, job.id)
    assert (done.state, done.code) == ("done", 0) and done.began is not None and done.ended is not None
    answer = done.answer()
    assert answer is not None and answer["spoken"] == "ሰላም።" and done.log() == ""
    assert [each.id for each in jobs.all_of(tmp_path)] == [job.id]


def test_what_a_command_refuses_is_in_its_log(tmp_path: Path) -> None:
    job = jobs.start(tmp_path, "text", ["text", "--language", "am", "--mode", "song", "ሰላም።"])
    wait_until(lambda: not jobs.read(job.folder).is_active)
    failed = jobs.read(job.folder)
    assert (failed.state, failed.code) == ("failed", 1)
    assert failed.log() == "dimts: --mode song: choose from bpe, g2p\n" and failed.answer() is None


def test_a_job_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    script = f"from dimts.app import jobs, processes as p; jobs.start(p.Path({str(tmp_path)!r}), 'text', ['text', 'a'])"
    subprocess.run([sys.executable, "-c", script], check=True)
    wait_until(lambda: [job.state for job in jobs.all_of(tmp_path)] == ["done"])


def test_the_same_command_is_refused_while_it_runs(tmp_path: Path) -> None:
    first = jobs.start(tmp_path, "text", ["text", "a"])
    with pytest.raises(ConfigError, match="running already"):
        jobs.start(tmp_path, "text", ["text", "a"])
    wait_until(lambda: not jobs.read(first.folder).is_active)
    again = jobs.start(tmp_path, "text", ["text", "a"])
    wait_until(lambda: not jobs.read(again.folder).is_active)


STOPS = (
    "import signal, sys, time; signal.signal(signal.SIGINT, lambda *a: sys.exit(3));"
    "print('up', flush=True); time.sleep(99)"
)
STAYS = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'], start_new_session=True);"
    "print(child.pid, flush=True); time.sleep(99)"
)


def test_stop_asks_first(tmp_path: Path) -> None:
    job = new(tmp_path)
    thread = kept(job, STOPS)
    wait_until(lambda: (job.folder / jobs.ANSWER).exists() and "up" in (job.folder / jobs.ANSWER).read_text())
    assert jobs.read(job.folder).state == "running"
    jobs.stop(jobs.read(job.folder))
    thread.join(PATIENCE_S)
    assert (jobs.read(job.folder).state, jobs.read(job.folder).code) == ("stopped", 3)


def test_what_does_not_stop_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    job = new(tmp_path)
    thread = kept(job, STAYS, grace_s=0.3)
    wait_until(lambda: (job.folder / jobs.ANSWER).exists() and "\n" in (job.folder / jobs.ANSWER).read_text())
    child = processes.seen(int((job.folder / jobs.ANSWER).read_text()))
    assert child is not None and child.alive
    running = jobs.read(job.folder)
    assert running.process is not None and child.pid in running.process.tree()
    jobs.stop(running)
    thread.join(PATIENCE_S)
    assert (jobs.read(job.folder).state, jobs.read(job.folder).code) == ("failed", -signal.SIGKILL)
    wait_until(lambda: not child.alive)


def test_one_job_at_a_time_on_a_device_and_the_others_in_order(tmp_path: Path) -> None:
    one, two, other = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    first = new(one, "20260101-120000-train", device="cuda:0", created=time.time() - 3)
    second = new(two, "20260101-120000-train", device="cuda:0", created=time.time() - 2)
    third = new(other, "20260101-120000-train", device="cuda:0", created=time.time() - 1)
    elsewhere = new(one, "20260101-120001-train", device="cpu")
    threads = [kept(first, STOPS)]
    wait_until(lambda: jobs.read(first.folder).state == "running")
    threads += [kept(third, "pass"), kept(second, "pass"), kept(elsewhere, "pass")]
    wait_until(lambda: jobs.read(elsewhere.folder).state == "done")
    assert [jobs.read(job.folder).state for job in (first, second, third)] == ["running", "waiting", "waiting"]
    jobs.stop(jobs.read(first.folder))
    for thread in threads:
        thread.join(PATIENCE_S)
    began = [jobs.read(job.folder).began or 0 for job in (first, second, third)]
    assert began == sorted(began) and jobs.read(third.folder).state == "done"


def test_a_job_that_waits_can_be_stopped(tmp_path: Path) -> None:
    new(tmp_path / "one", device="cpu", created=time.time() - 1)  # an older one that still waits for its keeper
    job = new(tmp_path / "two", device="cpu")
    thread = kept(job, "pass")
    wait_until(lambda: jobs.read(job.folder).keeper is not None)
    jobs.stop(jobs.read(job.folder))
    thread.join(PATIENCE_S)
    assert (jobs.read(job.folder).state, jobs.read(job.folder).began) == ("stopped", None)


def test_a_job_whose_keeper_was_killed_is_lost_and_can_be_ended(tmp_path: Path) -> None:
    script = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *a: sys.exit(3)); time.sleep(99)"
    orphan = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    left = processes.seen(orphan.pid)
    job = new(tmp_path, state="running", keeper=processes.Process(os.getpid(), "another start"), process=left)
    assert jobs.read(job.folder).state == "lost"
    time.sleep(0.3)
    jobs.stop(jobs.read(job.folder))
    assert orphan.wait(PATIENCE_S) in (3, -signal.SIGINT)


def test_a_number_that_came_again_is_another_process() -> None:
    me = processes.seen(os.getpid())
    assert me is not None and me.alive and me.pid in me.tree()
    other = replace(me, started="1")
    other.kill()  # must not end this one
    assert not other.alive and not other.tree()


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "", "20260101-120000-train/..", "20260101-120000-train\n", "x" * 300]
)
def test_forged_ids_are_refused(tmp_path: Path, name: str) -> None:
    new(tmp_path)
    (tmp_path / "job.json").write_text("{}")
    with pytest.raises(DataError, match="there is no such job"):
        jobs.find(tmp_path, name)


def test_damaged_jobs_are_left_out_and_old_ones_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    for number in range(4):
        new(tmp_path, f"20260101-12000{number}-train", state="done", created=float(number))
    (new(tmp_path, "20260101-130000-train").folder / jobs.FACTS).write_text('{"kind": 7}')
    jobs.prune(tmp_path)
    assert [job.created for job in jobs.all_of(tmp_path)] == [3.0, 2.0]


def test_commands_tell_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    job = new(tmp_path)
    monkeypatch.setenv(FILE, str(job.folder / jobs.PROGRESS))
    assert job.progress() is None
    with stages(Console(quiet=True)) as count:
        count("reading", 1, 8)
        assert job.progress() == ("reading", 1, 8)
        count("reading", 2, 8)  # too soon to be told
        assert job.progress() == ("reading", 1, 8)
        count("cutting", 0, 3)
    assert job.progress() == ("cutting", 0, 3)


def test_a_log_is_read_from_its_end(tmp_path: Path) -> None:
    job = new(tmp_path)
    (job.folder / jobs.LOG).write_bytes("ድምፅ ".encode() * 1000)
    assert len(job.log(100).encode()) <= 110 and job.log(100).endswith("ድምፅ ")
    (job.folder / jobs.ANSWER).write_text('no json\n{"a": 1}\n')
    assert job.answer() == {"a": 1} and json.loads((job.folder / jobs.FACTS).read_text())["state"] == "waiting"
