"""Training the decoder: HiFi-GAN from the GPT's own teacher-forced latents to the recordings, at 24 kHz.

Log mels and spectra teach what is to be heard, discriminators that it sounds like a recording. Only the decoder moves:
what the GPT says, and how, stays.
"""

# B crops, N samples of a crop, M of a window

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dimts.audio import io
from dimts.audio.io import Audio
from dimts.checkpoint.export import Bundle
from dimts.checkpoint.official import Base
from dimts.config import RunConfig
from dimts.data.dataset import Example, Pair
from dimts.model.discriminators import Discriminators
from dimts.model.shapes import OUTPUT_RATE_HZ
from dimts.train import precision
from dimts.train.parts import heard, latents, sound_loss
from dimts.train.parts.crops import Crops, Peers
from dimts.train.parts.heard import Heard, Said
from dimts.train.parts.part import Part
from dimts.train.samples import voices

SCORED = 48  # evaluation clips at most, spread over all
CLIP_NORM = 10.0  # gradients of spectra can be steep
HEARD = "heard"  # folder of a run


class DecoderPart(Part):
    """A decoder, its discriminators, and all it hears."""

    metric = "mel_l1"
    scratch: Path

    def __init__(self, base: Base, pair: Pair, run: RunConfig) -> None:
        self.base, self.pair, self.settings, self.precision = base, pair, run.decoder, run.train.precision
        self.decoder, self.device = base.network.hifigan_decoder.waveform_decoder, base.network.mel_stats.device
        self.scratch, self.lr, self.clips_per_update = run.out / HEARD, run.decoder.lr, run.decoder.clips
        self.held_out = pair.eval[:: max(1, len(pair.eval) // SCORED)][:SCORED]
        self.identities = latents.identities(base, pair, {"train": pair.train, "eval": self.held_out})
        lengths = [example.codes + 1 for example in pair.train]
        self.crops = Crops(lengths, run.decoder.crop_codes, run.decoder.clips, run.seed)
        self.peers = Peers([example.speaker for example in pair.train], run.seed)
        self.updates_per_epoch, self.codes = self.crops.updates_per_epoch, sum(lengths)
        kinds = run.decoder.discriminators if run.decoder.adversarial_weight or run.decoder.feature_weight else []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(run.seed)
            self.discriminators = Discriminators(kinds, run.decoder.discriminator_channels).to(self.device)
        self.modules = {"decoder": self.decoder, "discriminators": self.discriminators}
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters(), self.lr, run.decoder.betas, weight_decay=0.0)
            for name, module in self.modules.items()
            if list(module.parameters())
        }

    def listen(self) -> list[str]:
        """Hear all clips, or open what was heard before."""
        self.heard, self.eval_heard = self._heard("train", self.pair.train), self._heard("eval", self.held_out)
        return [f"latents and sound take {self.heard.nbytes / 1e9:.2f} GB in {self.scratch} until the run is over"]

    def update(self, number: int, factor: float) -> dict[str, Any]:
        """Let the discriminators learn from crops what the decoder does, then the decoder."""
        with precision.equal_shapes():
            return self._update(number, factor)

    def _update(self, number: int, factor: float) -> dict[str, Any]:
        settings, facts = self.settings, dict[str, float]()
        real_BN, made_BN = self._crops(number)
        hearing = "discriminators" in self.optimizers and number >= settings.adversarial_after_updates
        if hearing:
            with self._autocast():
                both = self.discriminators(torch.cat([real_BN, made_BN.detach()]))
                loss = sound_loss.judged(both)
            self._step("discriminators", loss, factor)
            facts["discriminators"] = float(loss.detach())
        parts = {
            "mel": settings.mel_weight * sound_loss.mel_error(made_BN, real_BN),
            "stft": settings.stft_weight * sound_loss.spectral_error(made_BN, real_BN),
            **(self._held_against(made_BN, real_BN) if hearing else {}),
        }
        loss = torch.stack(list(parts.values())).sum()
        norm = self._step("decoder", loss, factor)
        facts |= {name: float(part.detach()) for name, part in parts.items()}
        return {"loss": float(loss.detach()), "grad_norm": norm, **facts}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Say whole evaluation clips again."""
        errors = [sound_loss.mel_error(*self._again(number)) for number in range(len(self.held_out))]
        return {"mel_l1": float(torch.stack(errors).mean())}

    @torch.no_grad()
    def speak(self, folder: Path, update: int) -> list[Path]:
        """Write some evaluation clips as the decoder says them, and once as they were recorded."""
        made = []
        for number in range(min(self.settings.samples, len(self.held_out))):
            said_1N, real_1N = self._again(number)
            made.append(folder / "samples" / f"update-{update:06d}-{number + 1}.wav")
            io.write(made[-1], Audio(said_1N[0].cpu().numpy(), OUTPUT_RATE_HZ))
            original = folder / "samples" / f"original-{number + 1}.wav"
            if not original.is_file():
                io.write(original, Audio(real_1N[0].cpu().numpy(), OUTPUT_RATE_HZ))
        return made

    def joined(self, bundle: Bundle) -> Bundle:
        """Return the voice with this decoder, and voices of the speakers where it has none."""
        made = {name: voice.state() for name, voice in voices(self.base.network, self.pair).items()}
        return replace(bundle, voices=bundle.voices or made)

    def lines(self) -> list[str]:
        """Say what learns from what."""
        hours = self.codes * heard.CODE_OUT / OUTPUT_RATE_HZ / 3600
        count = {name: sum(p.numel() for p in module.parameters()) for name, module in self.modules.items()}
        return [
            f"{len(self.pair.train):,} training clips ({hours:.2f} h), {len(self.held_out):,} for evaluation",
            f"{count['decoder']:,} weights of the decoder learn, against {count['discriminators']:,} of discriminators;"
            f" on {self.device}",
        ]

    def _heard(self, side: str, examples: Sequence[Example]) -> Heard:
        def hear() -> Iterator[Said]:
            return latents.hear(self.base, self.pair, examples, own_voice=side == "train")

        return heard.kept(self.scratch / side, self.identities[side], hear).near(self.device)

    def _crops(self, number: int) -> tuple[Tensor, Tensor]:
        """Return crops of an update as they were recorded and as the decoder says them: float32 [B, N] each."""
        clip_B, start_B = self.crops.draw(number)
        voice_B = self.peers.draw(number, clip_B)
        cut = self.heard.cut(clip_B, start_B, voice_B, self.settings.crop_codes, self.settings.context_codes)
        real_BN, first_B = cut.sound_BN.to(self.device), cut.first_B.to(self.device)
        with self._autocast():
            window_BM = self.decoder(cut.latents_BWD.to(self.device), cut.speaker_BE.to(self.device))
        at_BN = first_B[:, None] + torch.arange(real_BN.shape[1], device=self.device)
        return real_BN, window_BM.float().gather(1, at_BN)

    def _again(self, number: int) -> tuple[Tensor, Tensor]:
        """Return a whole evaluation clip as the decoder says it and as it was recorded: float32 [1, N] each."""
        said = self.eval_heard.whole(number)
        made_1N = self.decoder(said.latents_AD[None].to(self.device), said.speaker_E[None].to(self.device))
        length = min(made_1N.shape[1], len(said.sound_N))
        return made_1N[:, :length], said.sound_N[None, :length].to(self.device)

    def _held_against(self, made_BN: Tensor, real_BN: Tensor) -> dict[str, Tensor]:
        with self._autocast():
            made = self.discriminators(made_BN)
            with torch.no_grad():
                real = self.discriminators(real_BN)
        return {
            "adversarial": self.settings.adversarial_weight * sound_loss.unmasked(made),
            "features": self.settings.feature_weight * sound_loss.unlike(real, made),
        }

    def _step(self, name: str, loss: Tensor, factor: float) -> float:
        """Move a module unless its gradient is not finite; return the gradient's norm."""
        optimizer, parameters = self.optimizers[name], list(self.modules[name].parameters())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        norm = float(nn.utils.clip_grad_norm_(parameters, CLIP_NORM))
        if math.isfinite(norm):
            for group in optimizer.param_groups:
                group["lr"] = self.lr * factor
            optimizer.step()
        return norm

    def _autocast(self) -> AbstractContextManager[None]:
        dtype = precision.AUTOCAST.get(self.precision)
        return torch.autocast(self.device.type, dtype, dtype is not None)
