"""Training the DVAE: mel frames there and back through one of its codes, four frames a code.

Encoder and decoder follow the gradient, straight through the choice of a code; codes follow running averages of what
falls on them. On a random base all codes begin at what the first update hears.
"""

# B crops, M mel bands, F mel frames, W code width, A codes of a crop

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, l1_loss, mse_loss, smooth_l1_loss

from dimts.checkpoint import describe, export
from dimts.checkpoint.export import Bundle
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data.listening import hear_all
from dimts.data.manifest import Clip, Dataset, Side
from dimts.evaluate.code_fit import fit, use
from dimts.model import mel
from dimts.model.shapes import HOP_SAMPLES, SAMPLE_RATE_HZ
from dimts.train.parts import codebook
from dimts.train.parts.crops import Crops
from dimts.train.parts.part import Part

LOSSES = {"l1": l1_loss, "smooth_l1": smooth_l1_loss}


class DvaePart(Part):
    """A DVAE on all mels of some datasets, which lie in one tensor at half precision."""

    metric = "mel_l1"

    def __init__(self, base: Base, datasets: tuple[Dataset, ...], run: RunConfig) -> None:
        self.dvae, self.stats = base.need_dvae(), base.network.mel_stats
        self.settings, self.seed = run.dvae, run.seed
        self.modules, self.lr, self.clips_per_update = {"dvae": self.dvae}, run.dvae.lr, run.dvae.clips
        learned = export.read_description(run.base, any_normaliser=True)
        at_random = describe.kind(base) == "random"
        self.from_chance = at_random and "dvae" not in learned.get("parts", {})
        self.spoken = not at_random or "recipe" in learned  # whether a GPT learned the codes that are
        train, held_out = (_of(datasets, side) for side in ("train", run.data.eval_split))
        mels = self._mels(train)
        if run.dvae.stats == "data":
            self._measure(mels)
        self.held_out = self._mels(held_out)
        lengths = [mel_MF.shape[1] for mel_MF in mels]
        self.mel_MF, self.lengths_C = torch.cat(mels, 1), torch.tensor(lengths)
        self.crops = Crops(lengths, run.dvae.crop_frames, run.dvae.clips, run.seed)
        self.updates_per_epoch = self.crops.updates_per_epoch
        self.optimizers = {"dvae": torch.optim.AdamW(self.dvae.parameters(), self.lr, weight_decay=0.0)}

    def update(self, number: int, factor: float) -> dict[str, Any]:
        """Move encoder and decoder down the gradient, and codes towards what falls on them."""
        self.dvae.train()
        book, mel_BMF = self.dvae.codebook, self._batch(number)
        encoded_BWA = self.dvae.encoder(mel_BMF)
        heard_NW, seed = encoded_BWA.detach().transpose(1, 2).flatten(0, 1), f"codes {self.seed} {number}"
        if number == 0 and self.from_chance:
            codebook.begin(book, heard_NW, torch.ones_like(book.cluster_size) > 0, self.settings.restart_below, seed)
        codes_BA = book.nearest(encoded_BWA.detach())
        chosen_BWA = embedding(codes_BA, book.embed.T).transpose(1, 2)
        back_BMF = self.dvae.decoder(encoded_BWA + (chosen_BWA - encoded_BWA).detach())
        error, away = LOSSES[self.settings.loss](back_BMF, mel_BMF), mse_loss(encoded_BWA, chosen_BWA)
        loss = error + self.settings.commitment * away
        norm = self._step(loss, factor)
        if math.isfinite(norm):
            codebook.follow(book, heard_NW, codes_BA.flatten(), self.settings, seed)
        losses = {"loss": loss, "mel_l1": l1_loss(back_BMF, mel_BMF), "commitment": away}
        found = {name: float(value.detach()) for name, value in losses.items()}
        return {**found, "grad_norm": norm, **use(codes_BA.flatten(), self.dvae.shape.codes)}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Send whole evaluation clips there and back."""
        return fit(self.dvae, self.stats, self.held_out)

    def joined(self, bundle: Bundle) -> Bundle:
        """Return the voice with this DVAE."""
        return replace(bundle, dvae=self.dvae.state_dict())

    def lines(self) -> list[str]:
        """Say what learns from what."""
        hours = self.mel_MF.shape[1] * HOP_SAMPLES / SAMPLE_RATE_HZ / 3600
        numbers, gb = sum(each.numel() for each in self.dvae.parameters()), self.mel_MF.nbytes / 1e9
        warning = "warning: the base's GPT learned other codes than these will be; train it again on the result"
        return [
            f"{len(self.lengths_C):,} training clips ({hours:.2f} h), {len(self.held_out):,} for evaluation",
            f"{numbers:,} weights of the DVAE learn, and {self.dvae.shape.codes:,} codes; on {self.stats.device}, "
            f"where mels take {gb:.2f} GB",
            *([warning] if self.spoken else []),
        ]

    def _mels(self, clips: Sequence[tuple[Path, Clip]]) -> list[Tensor]:
        heard = hear_all(clips, SAMPLE_RATE_HZ)
        return [mel.code_mel(samples_N[None].to(self.stats.device), self.stats)[0].half() for samples_N in heard]

    def _measure(self, mels: list[Tensor]) -> None:
        """Make mel_stats each band's mean absolute log mel, and divide mels by that instead."""
        sums_M = torch.stack([mel_MF.float().abs().sum(1, dtype=torch.float64) for mel_MF in mels]).sum(0)
        mean_M = (sums_M / sum(mel_MF.shape[1] for mel_MF in mels)).to(self.stats)
        for mel_MF in mels:
            mel_MF.copy_(mel_MF / mean_M[:, None])
        self.stats.mul_(mean_M)

    def _batch(self, number: int) -> Tensor:
        """Return the crops of an update; what a shorter clip lacks is its last frame again."""
        clip_B, start_B = self.crops.draw(number)
        ends_C = self.lengths_C.cumsum(0)
        within_BF = (start_B[:, None] + torch.arange(self.crops.length)).minimum(self.lengths_C[clip_B, None] - 1)
        place_BF = (ends_C - self.lengths_C)[clip_B, None] + within_BF
        return self.mel_MF[:, place_BF.to(self.mel_MF.device)].transpose(0, 1).float()

    def _step(self, loss: Tensor, factor: float) -> float:
        """Move the weights unless the gradient is not finite; return its norm."""
        optimizer = self.optimizers["dvae"]
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = float(torch.nn.utils.clip_grad_norm_(self.dvae.parameters(), 1.0))
        if math.isfinite(norm):
            for group in optimizer.param_groups:
                group["lr"] = self.lr * factor
            optimizer.step()
        return norm


def _of(datasets: Sequence[Dataset], side: Side) -> list[tuple[Path, Clip]]:
    return [(data.folder, clip) for data in datasets for clip in data.side(side)]
