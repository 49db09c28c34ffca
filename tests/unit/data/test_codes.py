"""The code cache: computed once for each clip and base, never wrong, never half there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dimts.checkpoint import initial, official
from dimts.checkpoint.official import Base
from dimts.data import codes, listening, manifest
from dimts.data.codes import Cache
from dimts.errors import DataError
from dimts.model import mel
from dimts.model.shapes import CODES, SAMPLE_RATE_HZ
from tests.flow.material import Material, make
from tests.unit.data.recordings import corpus, run


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def base(material: Material) -> Base:
    return official.load(material.base)


@pytest.fixture
def folder(material: Material, tmp_path: Path) -> Path:
    """A dataset of its own without a cache."""
    shutil.copytree(material.dataset, tmp_path / "dataset", ignore=shutil.ignore_patterns("cache"))
    return tmp_path / "dataset"


def shards(folder: Path) -> list[Path]:
    return sorted((folder / "cache").rglob("shard-*"))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the clips that were decoded."""
    ids: list[str] = []
    real = listening.hear

    def spy(root: Path, clip: manifest.Clip, rate_hz: int) -> torch.Tensor:
        ids.append(clip.id)
        return real(root, clip, rate_hz)

    monkeypatch.setattr(listening, "hear", spy)
    return ids


@pytest.mark.parametrize("samples", [8820, 8 * 1024 - 1, 8 * 1024, 8 * 1024 + 1, 9000, 20 * 1024])
def test_number_of_codes(base: Base, samples: int) -> None:
    """One code for every 1024 samples begun; where the DVAE gives one more, it is dropped."""
    dvae, stats = base.need_dvae(), base.network.mel_stats
    wave_N = initial.synthetic_speech(10)[0][:samples]
    codes_A, mel_MF = codes.encode(wave_N, dvae, stats)
    raw_A = dvae.encode(mel.code_mel(wave_N[None], stats))[0]
    assert len(codes_A) == -(-samples // 1024) == len(raw_A) - (samples % 1024 == 0)
    assert torch.equal(codes_A, raw_A[: len(codes_A)]) and codes_A.dtype == torch.int64
    assert mel_MF.shape == (80, samples // 256 + 1) and mel_MF.dtype == torch.float32
    assert torch.equal(mel_MF, mel.prompt_mel(wave_N[None], stats)[0])


def test_what_is_cached_is_what_is_heard(base: Base, folder: Path) -> None:
    dataset = manifest.read(folder)
    cache = codes.ensure(dataset, base)
    spread = set()
    for clip in dataset.clips:
        wave_N = listening.hear(folder, clip, SAMPLE_RATE_HZ)
        codes_A, mel_MF = codes.encode(wave_N, base.need_dvae(), base.network.mel_stats)
        entry, (read_A, read_MF) = cache.entry(clip), cache.read(clip)
        assert (entry.codes, entry.samples) == (len(codes_A), len(wave_N)) == (-(-clip.samples // 1024), clip.samples)
        assert torch.equal(read_A, codes_A) and torch.equal(read_MF, mel_MF)
        assert read_A.dtype == torch.int64 and 0 <= int(read_A.min()) <= int(read_A.max()) < CODES
        spread |= set(read_A.tolist())
    assert len(spread) > 100  # the material is not one code repeated


def test_computed_once(base: Base, folder: Path, heard: list[str]) -> None:
    dataset = manifest.read(folder)
    counts: list[tuple[int, int]] = []
    first = codes.ensure(dataset, base, lambda done, total: counts.append((done, total)))
    assert sorted(heard) == sorted(clip.id for clip in dataset.clips) and counts == [(10, 10)]
    heard.clear()
    shutil.rmtree(folder / "audio")  # once cached, no audio is needed
    again = codes.ensure(dataset, base)
    assert heard == [] and same(first, again, dataset)


def same(one: Cache, two: Cache, dataset: manifest.Dataset) -> bool:
    pairs = [(one.read(clip), two.read(clip)) for clip in dataset.clips]
    return all(torch.equal(a, b) and torch.equal(c, d) for (a, c), (b, d) in pairs)


def test_only_what_is_missing_is_computed(base: Base, tmp_path: Path, heard: list[str]) -> None:
    dataset = run(tmp_path / "out", corpus(tmp_path / "one", 3))
    codes.ensure(dataset, base)
    heard.clear()
    more = run(tmp_path / "out", corpus(tmp_path / "two", 2, first=3))
    cache = codes.ensure(more, base)
    assert sorted(heard) == ["clip003", "clip004"] and len(shards(tmp_path / "out")) == 2
    assert all(len(cache.read(clip)[0]) == cache.entry(clip).codes for clip in more.clips)


def test_many_clips_fill_many_shards(base: Base, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = manifest.read(folder)
    monkeypatch.setattr(codes, "SHARD_CLIPS", 4)
    counts: list[tuple[int, int]] = []
    codes.ensure(dataset, base, lambda done, total: counts.append((done, total)))
    assert counts == [(4, 10), (8, 10), (10, 10)] and len(shards(folder)) == 3


def test_another_base_has_a_cache_of_its_own(base: Base, folder: Path, tmp_path: Path) -> None:
    initial.write(tmp_path / "other", "tiny", 1)
    dataset = manifest.read(folder)
    own, others = codes.ensure(dataset, base), codes.ensure(dataset, official.load(tmp_path / "other"))
    assert len(list((folder / "cache").iterdir())) == 2 and not same(own, others, dataset)
    assert same(own, codes.ensure(dataset, base), dataset)


def test_a_cut_off_shard_is_computed_again(base: Base, folder: Path, heard: list[str]) -> None:
    dataset = manifest.read(folder)
    first = codes.ensure(dataset, base)
    kept = {clip.id: first.read(clip)[0].clone() for clip in dataset.clips}
    (shard,) = shards(folder)
    content = shard.read_bytes()
    shard.unlink()
    shard.write_bytes(content[: len(content) // 2])
    heard.clear()
    again = codes.ensure(dataset, base)
    assert len(heard) == 10 and all(torch.equal(again.read(clip)[0], kept[clip.id]) for clip in dataset.clips)


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_audio_that_is_not_what_was_accepted(base: Base, folder: Path, how: str) -> None:
    dataset = manifest.read(folder)
    path = folder / dataset.clips[3].audio
    path.write_bytes(b"other") if how == "changed" else path.unlink()
    with pytest.raises(DataError) as raised:
        codes.ensure(dataset, base)
    told = f"{path}: missing or changed since it was prepared; run `dimts check {folder}`"
    assert str(raised.value) == told and shards(folder) == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from dimts.checkpoint import official
from dimts.data import codes, manifest
from dimts.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    codes.ensure(manifest.read(Path(sys.argv[1])), official.load(Path(sys.argv[2])))
except DataError as error:
    print(error)
"""


def test_a_full_disk(base: Base, folder: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(folder), str(base.folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.count("\n") == 1 and "the code cache cannot be written (" in done.stdout
    assert "too large" in done.stdout and shards(folder) == []
    assert [path.name for path in (folder / "cache").rglob("*") if path.is_file()] == [".lock"]
    assert len(codes.ensure(manifest.read(folder), base)._entries) == 10


def test_a_place_that_may_not_be_written(base: Base, folder: Path) -> None:
    (folder / "cache").write_text("a file")
    with pytest.raises(DataError, match="cache/.*: the code cache cannot be written .*; see to the disk$"):
        codes.ensure(manifest.read(folder), base)


def test_what_a_killed_process_left_is_swept(base: Base, folder: Path) -> None:
    dataset = manifest.read(folder)
    codes.ensure(dataset, base)
    (shard,) = shards(folder)
    shard.rename(shard.with_name(f".{shard.name}.4711.part"))
    codes.ensure(dataset, base)
    assert [path.name for path in shard.parent.iterdir() if path.name != ".lock"] == [shard.name]
