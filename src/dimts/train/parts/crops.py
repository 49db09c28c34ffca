"""Which crops an update hears, and in which voice: a pure function of the seed and the update's number."""

# B crops of an update, C clips, S speakers

import random
from collections.abc import Sequence

import torch
from torch import Tensor


class Crops:
    """Crops of one length; a clip is drawn as often as it has places for one, a shorter clip as if it had one."""

    def __init__(self, lengths: Sequence[int], length: int, count: int, seed: int) -> None:
        self.length, self.count, self.seed = length, count, seed
        places_C = (torch.tensor(lengths) - length + 1).clamp(min=1)
        self.ends_C = places_C.cumsum(0)
        self.firsts_C = self.ends_C - places_C

    def draw(self, update: int) -> tuple[Tensor, Tensor]:
        """Return clips and where in them crops begin: int64 [B] each."""
        place_B = torch.randint(int(self.ends_C[-1]), (self.count,), generator=_chance("crops", self.seed, update))
        clip_B = torch.searchsorted(self.ends_C, place_B, right=True)
        return clip_B, place_B - self.firsts_C[clip_B]

    @property
    def updates_per_epoch(self) -> int:
        """How many updates hear about as much as there is."""
        return max(1, -(-int(self.ends_C[-1]) // (self.count * self.length)))


class Peers:
    """Clips by the same speaker, the clip itself among them, each as likely."""

    def __init__(self, speakers: Sequence[str], seed: int) -> None:
        numbers = {name: number for number, name in enumerate(dict.fromkeys(speakers))}
        speaker_C = torch.tensor([numbers[name] for name in speakers])
        count_S = speaker_C.bincount()
        self.seed, self.sorted_C = seed, speaker_C.argsort(stable=True)
        self.count_C, self.first_C = count_S[speaker_C], (count_S.cumsum(0) - count_S)[speaker_C]

    def draw(self, update: int, clip_B: Tensor) -> Tensor:
        """Return a peer of each clip: int64 [B]."""
        share_B = torch.rand(len(clip_B), dtype=torch.float64, generator=_chance("voices", self.seed, update))
        return self.sorted_C[self.first_C[clip_B] + (share_B * self.count_C[clip_B]).long()]


def _chance(what: str, seed: int, update: int) -> torch.Generator:
    return torch.Generator().manual_seed(random.Random(f"{what} {seed} {update}").getrandbits(63))
