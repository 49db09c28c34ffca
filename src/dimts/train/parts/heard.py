"""All that a decoder hears and should say, computed once and kept in the run's folder until the run is over.

Latents and sound of all clips lie end to end in plain files, which are mapped: more than memory holds can be heard, and
a run that goes on need not compute them again.
"""

# C clips, B crops, R latents of all clips, N samples, D width, E speaker width, A latents of a clip, W of a window

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dimts import files
from dimts.model.shapes import CODE_SAMPLES, OUTPUT_RATE_HZ, SAMPLE_RATE_HZ

CODE_OUT = CODE_SAMPLES * OUTPUT_RATE_HZ / SAMPLE_RATE_HZ  # samples at 24 kHz: about 1114.6
FRAME = 256  # samples of a frame at 24 kHz: what the decoder's rates come to
LOUDEST = 32767
INDEX = "index.json"
DTYPES = {"latents": torch.float16, "speakers": torch.float32, "sound": torch.int16}
ROOM = 0.4  # share of a GPU's free memory that may hold it all


@dataclass(frozen=True)
class Said:
    """What a decoder hears of a clip, and what it should say."""

    latents_AD: Tensor  # of its codes and of the stop
    speaker_E: Tensor
    sound_N: Tensor  # float32 at 24 kHz


@dataclass(frozen=True)
class Cut:
    """Windows of latents, and the samples in them that count."""

    latents_BWD: Tensor
    speaker_BE: Tensor
    first_B: Tensor  # of the samples that count, in what a decoder makes of its window
    sound_BN: Tensor


@dataclass(frozen=True)
class Heard:
    """Latents, speakers and sound of clips, end to end."""

    latents_RD: Tensor  # half precision
    speakers_CE: Tensor
    sound_N: Tensor  # int16
    rows_C: Tensor  # how many latents each clip has
    samples_C: Tensor

    def cut(self, clip_B: Tensor, start_B: Tensor, voice_B: Tensor, codes: int, context: int) -> Cut:
        """Cut crops out of clips, in other clips' voices, with the latents around them where a clip has such.

        A window lies within its clip, so that a decoder meets a clip's ends as it does in speech; what a clip
        shorter than a window lacks is silence.
        """
        width = codes + 2 * context
        window_B = (start_B - context).minimum(self.rows_C[clip_B] - width).clamp(min=0)
        within_B = _samples(start_B - window_B)
        count = samples_of(width) - ceil(2 * context * CODE_OUT)
        latents_BWD = _taken(self.latents_RD, self.rows_C, clip_B, window_B, width)
        sound_BN = _taken(self.sound_N, self.samples_C, clip_B, _samples(window_B) + within_B, count)
        speaker_BE = self.speakers_CE[voice_B.to(self.speakers_CE.device)]
        return Cut(latents_BWD.float(), speaker_BE, within_B, sound_BN.float() / LOUDEST)

    def whole(self, clip: int) -> Said:
        """Return all of a clip."""
        row, sample = int(self.rows_C[:clip].sum()), int(self.samples_C[:clip].sum())
        latents_AD = self.latents_RD[row : row + int(self.rows_C[clip])].float()
        sound_N = self.sound_N[sample : sample + int(self.samples_C[clip])].float() / LOUDEST
        return Said(latents_AD, self.speakers_CE[clip], sound_N)

    @property
    def nbytes(self) -> int:
        return self.latents_RD.nbytes + self.speakers_CE.nbytes + self.sound_N.nbytes

    def near(self, device: torch.device) -> "Heard":
        """Return the same on a GPU that has room for it; else it stays in its files."""
        if device.type != "cuda" or self.nbytes > ROOM * torch.cuda.mem_get_info(device)[0]:
            return self
        latents_RD, speakers_CE, sound_N = (
            self.latents_RD.to(device),
            self.speakers_CE.to(device),
            self.sound_N.to(device),
        )
        return replace(self, latents_RD=latents_RD, speakers_CE=speakers_CE, sound_N=sound_N)


def kept(folder: Path, identity: str, hear: Callable[[], Iterable[Said]]) -> Heard:
    """Open what a folder keeps, heard first where it keeps something else or nothing."""
    if _index(folder).get("identity") != identity:
        files.sweep(folder.parent)
        with files.writing(folder), files.whole_folder(folder) as beside:
            _write(beside, identity, hear())
    index = _index(folder)
    latents_N, speakers_N, sound_N = (_mapped(folder / name, dtype) for name, dtype in DTYPES.items())
    rows_C, samples_C = torch.tensor(index["rows"]), torch.tensor(index["samples"])
    return Heard(latents_N.view(int(rows_C.sum()), -1), speakers_N.view(len(rows_C), -1), sound_N, rows_C, samples_C)


def samples_of(codes: int) -> int:
    """Return how many samples a decoder makes of so many codes: whole frames of 256."""
    return int(codes * CODE_OUT / FRAME) * FRAME


def _write(folder: Path, identity: str, clips: Iterable[Said]) -> None:
    rows, samples = [], []
    with ExitStack() as stack:
        latents, speakers, sound = (stack.enter_context((folder / name).open("wb")) for name in DTYPES)
        for said in clips:
            latents.write(_bytes(said.latents_AD.half()))
            speakers.write(_bytes(said.speaker_E.float()))
            sound.write(_bytes((said.sound_N.clamp(-1, 1) * LOUDEST).round().to(torch.int16)))
            rows.append(len(said.latents_AD))
            samples.append(len(said.sound_N))
    files.write_text(folder / INDEX, json.dumps({"identity": identity, "rows": rows, "samples": samples}) + "\n")


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index


def _mapped(path: Path, dtype: torch.dtype) -> Tensor:
    return torch.from_file(str(path), shared=False, size=path.stat().st_size // dtype.itemsize, dtype=dtype)


def _bytes(tensor: Tensor) -> bytes:
    return tensor.cpu().contiguous().numpy().tobytes()


def _samples(codes_B: Tensor) -> Tensor:
    """Return where codes begin, in samples at 24 kHz."""
    return (codes_B * CODE_OUT).round().long()


def _taken(flat: Tensor, lengths_C: Tensor, clip_B: Tensor, first_B: Tensor, count: int) -> Tensor:
    """Take so many rows of each clip from the first on; zeros beyond its end."""
    at = first_B[:, None] + torch.arange(count)
    beyond = at >= lengths_C[clip_B, None]
    places = at + (lengths_C.cumsum(0) - lengths_C)[clip_B, None]
    taken = flat[places.masked_fill(beyond, 0).to(flat.device)]
    return taken.masked_fill(beyond.view(*beyond.shape, *[1] * (flat.dim() - 1)).to(flat.device), 0)
