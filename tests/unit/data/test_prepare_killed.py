"""Prepare, killed anytime: the old dataset is intact and the next run goes on."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dimts.data import manifest
from dimts.data.check import check
from dimts.data.prepare import prepare
from tests.unit.data.cues import bursts, cued
from tests.unit.data.recordings import ALONE, corpus, run, sentence, tone


@pytest.mark.parametrize("settled", range(0, 6))
def test_killed_in_the_middle_it_goes_on(tmp_path: Path, readings: list[str], settled: int) -> None:
    one, two = corpus(tmp_path / "one", 3), corpus(tmp_path / "two", 5, first=3)
    before = run(tmp_path / "out", one)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "cut" and done > settled:
            raise KeyboardInterrupt

    readings.clear()
    if settled < 5:
        with pytest.raises(KeyboardInterrupt):
            prepare([two], tmp_path / "out", "en", ALONE, stop)
        assert manifest.read(tmp_path / "out") == before and check(tmp_path / "out") == []
    run(tmp_path / "out", two)
    assert sorted(readings) == [f"clip{n:03}.wav" for n in range(3, 8)]
    run(tmp_path / "whole", one)
    run(tmp_path / "whole", two)
    assert (tmp_path / "out/clips.jsonl").read_bytes() == (tmp_path / "whole/clips.jsonl").read_bytes()


def test_killed_the_first_time_and_sources_changed_since(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    with pytest.raises(KeyboardInterrupt):
        prepare([source], tmp_path / "out", "en", ALONE, lambda *step: (_ for _ in ()).throw(KeyboardInterrupt))
    tone(tmp_path / "source/wavs/clip000.wav", hz=999)
    dataset = run(tmp_path / "out", source)
    assert len(dataset.clips) == 3 and check(tmp_path / "out") == []


SCRIPT = """
import sys
from pathlib import Path
from dimts.data import pool
from dimts.data.prepare import Options, prepare
pool.START_S = 0.0
if __name__ == "__main__":
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), "en", Options(workers=int(sys.argv[3])))
"""


def test_workers_give_the_same_dataset(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 40)
    (tmp_path / "source/wavs/clip005.wav").write_bytes(b"RIFF")
    (tmp_path / "script.py").write_text(SCRIPT)
    for workers in "12":
        command = [sys.executable, f"{tmp_path}/script.py", str(source), f"{tmp_path}/{workers}", workers]
        subprocess.run(command, check=True, capture_output=True)
    for name in ("clips.jsonl", "rejected.jsonl", "dataset.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def _files(folder: Path) -> int:
    return len(os.listdir(folder)) if folder.is_dir() else 0


def test_sigkill_damages_nothing(tmp_path: Path) -> None:
    first, source = corpus(tmp_path / "first", 2, first=900), corpus(tmp_path / "source", 200)
    before = run(tmp_path / "out", first)
    (tmp_path / "script.py").write_text(SCRIPT)
    for folder, count in (("staged", 1), ("staged", 90), ("audio", 30), ("audio", 150)):
        process = subprocess.Popen([sys.executable, tmp_path / "script.py", source, tmp_path / "out", "1"])
        while process.poll() is None and _files(tmp_path / "out" / folder) < count:
            time.sleep(0.0005)
        process.kill()
        process.wait()
        dataset = manifest.read(tmp_path / "out")
        assert len(dataset.clips) in (2, 202) and set(before.clips) <= set(dataset.clips)
    assert check(tmp_path / "out") == []
    run(tmp_path / "out", source)
    run(tmp_path / "whole", first)
    run(tmp_path / "whole", source)
    assert (tmp_path / "out/clips.jsonl").read_bytes() == (tmp_path / "whole/clips.jsonl").read_bytes()
    assert not list((tmp_path / "out/audio").glob(".*")) and not (tmp_path / "out/staged").exists()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for processes in /proc")
def test_worker_processes_end_with_the_one_that_was_killed(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 60)
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, tmp_path / "script.py", source, tmp_path / "out", "2"])
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while _files(tmp_path / "out" / "staged") < 1 and process.poll() is None:
        time.sleep(0.001)
    workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
    process.kill()
    process.wait()
    assert len(workers) >= 2
    deadline = time.monotonic() + 20
    while any(map(Path.exists, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(Path.exists, workers))


CUES = """
import sys
from pathlib import Path
from dimts.data import pool
from dimts.data.prepare import Options, prepare
pool.START_S = 0.0
if __name__ == "__main__":
    options = Options(workers=1, detector="energy")
    prepare([Path(each) for each in sys.argv[2:]], Path(sys.argv[1]), "en", options)
"""


def test_sigkill_among_the_cuts_of_recordings(tmp_path: Path) -> None:
    spans = [(4.0 * n + 0.5, 4.0 * n + 3.8) for n in range(20)]
    for name in "abc":
        bursts(tmp_path / f"{name}.wav", spans, 81.0, seed=ord(name))
        cued(tmp_path / f"{name}.srt", *((a, b, sentence(1000 * ord(name) + n)) for n, (a, b) in enumerate(spans)))
    sources = [tmp_path / f"{name}.srt" for name in "abc"]
    (tmp_path / "script.py").write_text(CUES)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "out"), *map(str, sources)]
    for folder, count in (("staged", 1), ("staged", 30), ("audio", 20)):
        process = subprocess.Popen(command)
        while process.poll() is None and _files(tmp_path / "out" / folder) < count:
            time.sleep(0.0005)
        process.kill()
        process.wait()
    subprocess.run(command, check=True)
    whole = run(tmp_path / "whole", *sources, options=replace(ALONE, detector="energy"))
    assert len(whole.clips) == 30
    assert (tmp_path / "out/clips.jsonl").read_bytes() == (tmp_path / "whole/clips.jsonl").read_bytes()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from dimts.data import pool
from dimts.data.prepare import Options, prepare
pool.START_S = 0.0
from dimts.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), "en", Options(workers=1))
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize(("limit", "name"), [(1_500, ".flac"), (15_000, "read.jsonl"), (45_000, "out")])
def test_a_full_disk_damages_nothing(tmp_path: Path, limit: int, name: str) -> None:
    first, source = corpus(tmp_path / "first", 1, first=900), corpus(tmp_path / ("source" * 40), 60)
    before = run(tmp_path / "out", first)
    command = [sys.executable, "-c", FULL_DISK, str(source), str(tmp_path / "out"), str(limit)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.count("\n") == 1 and f"{name}: cannot be written: File too large" in done.stdout
    assert manifest.read(tmp_path / "out") == before and check(tmp_path / "out") == []
    assert len(run(tmp_path / "out", source).clips) == 61 and check(tmp_path / "out") == []
