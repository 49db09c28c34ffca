"""The code cache: every clip's DVAE codes and prompt mel, computed once for each base and kept in safetensors shards.

Cached is the mel of the WHOLE clip; a prompt is a crop of its frames, so its four edge frames saw real audio where the
mel of a cropped recording would have seen reflections. Shards name their clips by the hash of the audio file.
"""

# A audio codes, F mel frames, M mel bands, N samples

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from dimts import files
from dimts.checkpoint.official import Base, fingerprint
from dimts.data.listening import hear_all
from dimts.data.manifest import Clip, Dataset
from dimts.errors import DataError
from dimts.files import whole_file
from dimts.model import mel
from dimts.model.dvae import Dvae
from dimts.model.shapes import CODE_SAMPLES, SAMPLE_RATE_HZ

FOLDER = "cache"
FORMAT = "1"  # raise when what is cached changes
SHARD_CLIPS = 256

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """Where a clip's codes lie, and their number."""

    shard: Path
    codes: int
    samples: int  # at 22,050 Hz


class Cache:
    """An open cache: codes and prompt mels by the hash of the clip's audio file."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self._entries = entries
        self._open: dict[Path, Any] = {}

    def entry(self, clip: Clip) -> Entry:
        """Return where a clip's codes lie; no tensor is read."""
        return self._entries[clip.sha256]

    def read(self, clip: Clip) -> tuple[Tensor, Tensor]:
        """Return a clip's codes, int64 [A], and its prompt mel, float32 [80, F], copied from the mapped shard."""
        shard = self._entries[clip.sha256].shard
        if shard not in self._open:
            self._open[shard] = safe_open(shard, framework="pt")
        file = self._open[shard]
        codes_A, mel_MF = file.get_tensor(f"{clip.sha256}.codes"), file.get_tensor(f"{clip.sha256}.mel")
        return codes_A.long(), mel_MF.clone()  # aligned: sums must not depend on the neighbours in the shard


def ensure(dataset: Dataset, base: Base, progress: Progress | None = None) -> Cache:
    """Compute what the cache lacks for this base, then open it. DataError names a clip that changed or is gone.

    Of several processes one computes, while the others wait.
    """
    dvae, stats = base.need_dvae(), base.network.mel_stats
    identity = fingerprint(stats, dvae.codebook.embed, *dvae.encoder.state_dict().values())
    folder = dataset.folder / FOLDER / f"{FORMAT}-{identity[:16]}"
    entries = _index(folder)
    if all(clip.sha256 in entries for clip in dataset.clips):
        return Cache(entries)
    with _held(folder):
        entries = _index(folder)
        missing = list({clip.sha256: clip for clip in dataset.clips if clip.sha256 not in entries}.values())
        for start in range(0, len(missing), SHARD_CLIPS):
            batch = missing[start : start + SHARD_CLIPS]
            entries |= _write_shard(folder, dataset.folder, batch, dvae, stats)
            if progress:
                progress(start + len(batch), len(missing))
    return Cache(entries)


@torch.no_grad()
def encode(samples_N: Tensor, dvae: Dvae, stats: Tensor) -> tuple[Tensor, Tensor]:
    """Return the codes, int64 [ceil(N / 1024)], and the prompt mel, float32 [80, F], of audio at 22,050 Hz.

    UPSTREAM: where N is a multiple of 1024 the DVAE gives one code more, which upstream never trains on either
    (tests/unit/data/test_codes.py::test_number_of_codes).
    """
    samples_1N = samples_N[None].to(stats.device)
    codes_A = dvae.encode(mel.code_mel(samples_1N, stats))[0][: -(-len(samples_N) // CODE_SAMPLES)]
    return codes_A.cpu(), mel.prompt_mel(samples_1N, stats)[0].cpu()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a cache against other processes, and sweep up after killed ones."""
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise DataError(f"{folder}: the code cache cannot be written ({error.strerror}); see to the disk") from error
    try:
        files.sweep(folder)
        yield
    finally:
        lock.release()


def _write_shard(folder: Path, root: Path, clips: Sequence[Clip], dvae: Dvae, stats: Tensor) -> dict[str, Entry]:
    tensors: dict[str, Tensor] = {}
    index: dict[str, tuple[int, int]] = {}
    sounds = hear_all([(root, clip) for clip in clips], SAMPLE_RATE_HZ)
    for clip, samples_N in zip(clips, sounds, strict=True):
        codes_A, mel_MF = encode(samples_N, dvae, stats)
        tensors |= {f"{clip.sha256}.codes": codes_A.to(torch.int16), f"{clip.sha256}.mel": mel_MF}
        index[clip.sha256] = (len(codes_A), len(samples_N))
    name = hashlib.sha256("".join(sorted(index)).encode()).hexdigest()[:16]
    path = folder / f"shard-{name}.safetensors"
    try:
        with whole_file(path) as beside:
            save_file(tensors, beside, metadata={"index": json.dumps(index)})
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path}: the code cache cannot be written ({error}); free space on the disk") from error
    return {key: Entry(path, *sizes) for key, sizes in index.items()}


def _index(folder: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for shard in sorted(folder.glob("shard-*.safetensors")):
        entries |= dict(_shard_index(shard))
    return entries


def _shard_index(shard: Path) -> Iterable[tuple[str, Entry]]:
    try:
        with safe_open(shard, framework="pt") as file:
            index = json.loads((file.metadata() or {})["index"])
    except (SafetensorError, OSError, KeyError, ValueError):
        shard.unlink(missing_ok=True)  # a cache: what is damaged is computed again
        return
    for key, sizes in index.items():
        yield key, Entry(shard, *sizes)
