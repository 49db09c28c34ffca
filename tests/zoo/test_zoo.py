"""The zoo: whatever people have, every row and second of it is accounted for, with the exact reason."""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from dimts.data.check import check
from dimts.data.manifest import Clip, Dataset, Rejection
from dimts.data.options import Options
from dimts.data.prepare import prepare
from dimts.data.totals import account_of
from tests.zoo.recordings import RECORDINGS
from tests.zoo.sounds import possible
from tests.zoo.specimens import ACCEPTED, Specimen

SPECIMENS = {specimen.name: specimen for specimen in RECORDINGS}
OPTIONS = Options(workers=1, align="none", detector="energy", eval_share=0)
Line = Clip | Rejection


def built(root: Path, specimens: Sequence[Specimen]) -> dict[str, Path]:
    """Make each specimen in a folder of its own; give the sources by their names."""
    sources = {}
    for seed, specimen in enumerate(SPECIMENS.values()):
        if specimen in specimens and possible(specimen.make):
            (folder := root / specimen.name).mkdir(parents=True)
            specimen.make(folder, 1000 + 10 * seed)
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


class Zoo:
    """All specimens, prepared in one call, twice."""

    def __init__(self, root: Path) -> None:
        self.sources = built(root / "zoo", list(SPECIMENS.values()))
        self.before = prints(root / "zoo")
        self.dataset = prepare(list(self.sources.values()), root / "out", "am", OPTIONS)
        self.first = (root / "out" / "clips.jsonl").read_bytes()
        prepare(list(self.sources.values()), root / "out", "am", OPTIONS)
        self.second = (root / "out" / "clips.jsonl").read_bytes()
        self.after = prints(root / "zoo")

    def lines(self, name: str) -> list[Line]:
        """The clips and rejections of a specimen, in order of its rows."""
        return lines_of(self.dataset, self.sources[name])


def lines_of(dataset: Dataset, source: Path) -> list[Line]:
    """The lines of one source, in order of its rows."""
    every: list[Line] = [*dataset.clips, *dataset.rejected]
    mine = [each for each in every if account_of(each.source, {str(source)}) == str(source)]
    return sorted(mine, key=_place)


def _place(line: Line) -> tuple[int, str, float]:
    _, _, place = line.source.rpartition(":")
    return int(place) if place.isdigit() else 0, place, line.start_s or 0.0


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tmp_path_factory.mktemp("zoo"))


@pytest.mark.parametrize("name", SPECIMENS)
def test_specimen(zoo: Zoo, name: str) -> None:
    specimen = SPECIMENS[name]
    if name not in zoo.sources:
        pytest.skip("needs ffmpeg")
    lines = zoo.lines(name)
    became = tuple(each.reason if isinstance(each, Rejection) else ACCEPTED for each in lines)
    assert became == specimen.outcomes, lines
    (account,) = [each for each in zoo.dataset.totals if each.source == str(zoo.sources[name])]
    assert account.balanced and account.found == len(lines), account
    assert account.found_s == pytest.approx(specimen.sound_s, abs=0.06), account
    assert sum(each.duration_s for each in lines) + account.not_speech_s == pytest.approx(account.found_s, abs=2e-3)


def test_the_users_files_stay_as_they_are(zoo: Zoo) -> None:
    assert zoo.after == zoo.before


def test_again_is_the_same(zoo: Zoo) -> None:
    assert zoo.second == zoo.first


def test_the_dataset_is_sound(zoo: Zoo) -> None:
    assert check(zoo.dataset.folder) == []


def test_there_are_enough() -> None:
    assert len(SPECIMENS) >= 60
