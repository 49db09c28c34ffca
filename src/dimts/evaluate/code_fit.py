"""How well a DVAE fits speech: what comes back of its mels, and how it uses its codes."""

# B clips, M mel bands, F mel frames, A codes of a clip, N codes of all clips, C codes in the book

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from dimts.checkpoint.official import Base
from dimts.data.listening import hear_all
from dimts.data.manifest import Clip, Dataset
from dimts.evaluate.finding import Finding, judged
from dimts.evaluate.sound_check import COLLAPSED, DB
from dimts.model import mel
from dimts.model.dvae import Dvae
from dimts.model.shapes import SAMPLE_RATE_HZ

LOOKED_AT = 200  # clips of a dataset at most, spread over all


@torch.no_grad()
def fit(dvae: Dvae, stats: Tensor, mels: Iterable[Tensor]) -> dict[str, float]:
    """Tell how well a DVAE fits normalised mels [80, F]: their error there and back, and how it uses its codes."""
    dvae.eval()
    errors_M, frames, codes = torch.zeros_like(stats), 0, list[Tensor]()
    for mel_MF in mels:
        given_BMF = mel_MF[None].float()
        codes_BA = dvae.encode(given_BMF)
        back_BMF = dvae.decode(codes_BA)[:, :, : given_BMF.shape[2]]
        errors_M += (back_BMF - given_BMF).abs().sum((0, 2))
        frames += given_BMF.shape[2]
        codes.append(codes_BA[0])
    error_M = errors_M / frames
    errors = {"mel_l1": float(error_M.mean()), "mel_db": float((error_M * stats).mean()) * DB}
    return {**errors, **use(torch.cat(codes), dvae.shape.codes)}


def use(codes_N: Tensor, size: int) -> dict[str, float]:
    """Tell how many codes are used, and how many equally frequent ones would tell as much."""
    share_C = torch.bincount(codes_N, minlength=size) / len(codes_N)
    used_C = share_C[share_C > 0]
    return {"codes_used": len(used_C), "perplexity": float((-(used_C * used_C.log()).sum()).exp())}


def check(base: Base, dataset: Dataset) -> Finding:
    """Send clips of a dataset there and back, evenly spread over all of them."""
    if base.dvae is None:
        return Finding("fit", "PROBLEM", f"{dataset.folder.name}: the base has no DVAE to hold against it")
    dvae, stats, clips = base.dvae, base.network.mel_stats, dataset.clips
    some = clips[:: -(-len(clips) // LOOKED_AT)]
    found = fit(dvae, stats, _mels(dataset.folder, some, stats))
    codes, minutes = dvae.shape.codes, sum(clip.duration_s for clip in some) / 60
    sound = math.isfinite(found["mel_l1"])
    problems = [] if sound else ["the decoded mel is not finite"]
    problems += ["collapsed: speech falls on few codes"] if math.log(found["perplexity"]) < COLLAPSED else []
    text = (
        f"{dataset.folder.name}: {len(some):,} of {len(clips):,} clips ({minutes:.1f} min) come back with an error of "
        f"{found['mel_l1']:.3f} ({found['mel_db']:.1f} dB); {found['codes_used']:,} of {codes:,} codes used, as if "
        f"{found['perplexity']:,.0f} were equally frequent"
    )
    facts = {"dataset": str(dataset.folder), "clips": len(some), "minutes": round(minutes, 3), "codes": codes}
    return judged("fit", problems, [], text, {**facts, **found})


def _mels(folder: Path, clips: Sequence[Clip], stats: Tensor) -> Iterator[Tensor]:
    for samples_N in hear_all([(folder, clip) for clip in clips], SAMPLE_RATE_HZ):
        yield mel.code_mel(samples_N[None].to(stats.device), stats)[0]
