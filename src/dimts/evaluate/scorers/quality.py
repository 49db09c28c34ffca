"""How good it sounds: DistillMOS for naturalness, DNSMOS for noise; both guess what listeners would say, 1 to 5."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from dimts.audio import io
from dimts.audio.resample import quick
from dimts.data.pool import Workers
from dimts.evaluate import distill_mos, dns_mos
from dimts.evaluate.cache import Cache
from dimts.evaluate.scorers.base import Column, Scorer, Values
from dimts.evaluate.speaking import Take

LEAST_S = 0.2  # of sound: less tells nothing
JUDGE_S = 0.9  # for a take, on one core: DistillMOS fills up to 7.7 s


class Naturalness(Scorer):
    """DistillMOS."""

    columns = (Column("mos", "naturalness", "high", "DistillMOS, 1 to 5: how good listeners would find it."),)

    def __init__(self, cache: Cache, processes: int = 1) -> None:
        self.cache, self.processes = cache, processes

    def absent(self) -> str | None:
        return None if distill_mos.where() else "needs distillmos: pip install --no-deps distillmos (it is run without)"

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return _judged(self.cache, takes, "mos", self.processes)


class Cleanness(Scorer):
    """DNSMOS."""

    columns = (
        Column("dnsmos", "cleanness", "high", "DNSMOS, 1 to 5: voice and background together; hears noise best."),
        Column("background", "background", "high", "DNSMOS of the background alone: 5 is no noise."),
    )

    def __init__(self, cache: Cache, processes: int = 1) -> None:
        self.cache, self.processes = cache, processes

    def absent(self) -> str | None:
        missing = [name for name in ("speechmos", "onnxruntime") if not find_spec(name)]
        return f"needs {' and '.join(missing)}: pip install 'dimts[eval]'" if missing else None

    def score(self, takes: Sequence[Take]) -> list[Values]:
        return _judged(self.cache, takes, "dnsmos", self.processes)


def _judged(cache: Cache, takes: Sequence[Take], name: str, processes: int) -> list[Values]:
    """Judge takes, in so many processes, or remember how they were judged."""
    known: dict[str, Any] = {take.key: cache.find(take.key, name) for take in takes}
    new = {take.key: take.path for take in takes if known[take.key] is None}
    with Workers(processes) as workers:
        judged = workers.in_order(partial(judge, name), list(new.values()), JUDGE_S * len(new))
        for key, found in zip(new, judged, strict=True):
            known[key] = found or {}
            cache.keep(key, name, known[key])
    return [known[take.key] for take in takes]


def judge(name: str, path: Path) -> dict[str, float]:
    """Judge a sound by one of the two; {} where there is too little of it."""
    audio = io.read(path)
    if audio.duration_s < LEAST_S:
        return {}
    samples_N = quick(torch.from_numpy(audio.samples), audio.rate_hz, distill_mos.RATE_HZ)
    if name == "mos":
        return {"mos": distill_mos.judge(samples_N)}
    _, background, overall = dns_mos.judge(samples_N.clamp(-1, 1).numpy())
    return {"dnsmos": overall, "background": background}
