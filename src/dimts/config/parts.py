"""Settings of the parts around the GPT: the DVAE that makes codes, the decoder that makes sound of latents."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dimts.config.section import Count, Positive, Section, Whole

Part = Literal["gpt", "dvae", "decoder"]
Weight = Annotated[float, Field(ge=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]
UNHEEDED = {  # by parts other than the GPT: sections and settings, by what to do instead
    "vocab": "a vocabulary belongs to the GPT",
    "prompt": "prompts belong to the GPT",
    "optimizer": "set {part}.lr",
    "batch": "set {part}.clips",
    "samples": "samples are resynthesised clips",
}
UNHEEDED_BY_DVAE = {"limits": "it hears clips of any length", "vocab": "it hears no text"}
TRAIN_HEEDED = {"epochs", "max_updates", "max_minutes", "tf32"}
DATA_HEEDED = {"datasets", "eval_split"}
DECODER_HEEDED = {"precision"}


class Dvae(Section):
    lr: Positive = 3e-4
    """Learning rate of encoder and decoder; codes follow by averages."""
    clips: Count = 32
    """Crops in an update."""
    crop_frames: Annotated[int, Field(ge=16, multiple_of=4)] = 128
    """Length of a crop, in mel frames of 11.6 ms; a code is four."""
    stats: Literal["base", "data"] = "base"
    """What log mels are divided by: the base's mel_stats, or, on a random base, each band's mean size over the
    training clips; prompts and the exported mel_stats.pth follow."""
    loss: Literal["l1", "smooth_l1"] = "l1"
    """How the mel's error counts: by its size, or, where it is under 1, by its square."""
    commitment: Weight = 0.25
    """Weight of what the encoder is away from its codes, beside the mel's error."""
    decay: Beta = 0.99
    """Of the averages that codes follow, an update."""
    restart_below: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """A code used less than this part of its fair share, on average, starts again where something was just heard;
    0: never. A fair share is what all codes together are used, by their number."""


class Decoder(Section):
    lr: Positive = 2e-4
    """Learning rate of decoder and discriminators; an official decoder is fine-tuned with less, such as 5e-5."""
    betas: tuple[Beta, Beta] = (0.8, 0.99)
    """AdamW's averages, as HiFi-GAN was trained."""
    clips: Count = 16
    """Crops in an update."""
    crop_codes: Annotated[int, Field(ge=4)] = 16
    """Length of a crop, in codes of 46.4 ms."""
    context_codes: Whole = 2
    """Codes at both sides of a crop that the decoder hears too, as it does in speech; its sound there counts not."""
    mel_weight: Weight = 45.0
    """Weight of the log mel's error, at 24 kHz."""
    stft_weight: Weight = 2.5
    """Weight of the spectra's error, at three resolutions."""
    adversarial_weight: Weight = 1.0
    """Weight of what discriminators hold against the sound."""
    feature_weight: Weight = 2.0
    """Weight of how unlike the discriminators' inner views of sound and recording are."""
    discriminators: list[Literal["periods", "spectra"]] = ["periods", "spectra"]
    """What hears the difference: waveforms folded by periods, spectra at three resolutions; [] for neither."""
    discriminator_channels: Count = 32
    """Width of the discriminators' first layers."""
    adversarial_after_updates: Whole = 0
    """For so many updates only mel and spectra teach, to begin with: discriminators would just say no."""
    samples: Whole = 4
    """Evaluation clips written as sound at each evaluation, beside their originals."""


def unheeded(part: Part, changed: dict[str, set[str]]) -> Iterator[str]:
    """Yield what a run sets and its part does not heed; `changed` has each section's settings that are no defaults."""
    for other in {"dvae", "decoder"} - {part}:
        if changed.get(other):
            yield f"{other}: is not heeded by part: {part}; set part: {other}, or remove it"
    if part == "gpt":
        return
    for name, advice in (UNHEEDED | (UNHEEDED_BY_DVAE if part == "dvae" else {})).items():
        if changed.get(name):
            yield f"{name}: is not heeded by part: {part}; {advice.format(part=part)}, or remove it"
    heeded = TRAIN_HEEDED | (DECODER_HEEDED if part == "decoder" else set())
    for name in sorted(changed.get("train", set()) - heeded):
        yield f"train.{name}: is not heeded by part: {part}; remove it"
    for name in sorted(changed.get("data", set()) - DATA_HEEDED):
        yield f"data.{name}: is not heeded by part: {part}; remove it"
    for name in sorted(changed.get("evaluate", set()) & {"metric"}):
        yield f"evaluate.{name}: is not heeded by part: {part}, which goes by its mel's error; remove it"
