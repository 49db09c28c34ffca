"""One training run: all sections together, and what they must agree on."""

from collections.abc import Iterator

from pydantic import model_validator

from dimts.config.hearing import Batch, Data, Limits, Prompt
from dimts.config.learning import Optimizer, Schedule, Train
from dimts.config.parts import Decoder, Dvae, Part, unheeded
from dimts.config.section import Absolute, Section, Whole, refuse
from dimts.config.watching import Evaluate, Samples, Save, Track

LATENTS, CODE_SAMPLES, MARKS = 32, 1024, 5  # of XTTS v2, as model/shapes.py reads them; starts and stops of a clip


class RunConfig(Section):
    """One training run."""

    part: Part = "gpt"
    """What learns: the `gpt` that speaks a language, the `dvae` that makes codes, or the `decoder` that makes sound."""
    base: Absolute
    """Folder of the base: official XTTS v2, a random base, or an earlier bundle."""
    data: Data
    out: Absolute
    """Run folder: made if missing, continued if it holds a checkpoint."""
    vocab: Absolute | None = None
    """Extended vocabulary from `dimts vocab`; none keeps the base's."""
    device: str = "auto"
    """`auto` is cuda, then mps, then cpu, whichever is there; or a torch device."""
    seed: Whole = 0
    """Seed of everything random: order, prompts, dropout."""
    limits: Limits = Limits()
    prompt: Prompt = Prompt()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    batch: Batch = Batch()
    train: Train = Train()
    dvae: Dvae = Dvae()
    decoder: Decoder = Decoder()
    save: Save = Save()
    evaluate: Evaluate = Evaluate()
    samples: Samples = Samples()
    track: Track = Track()

    @model_validator(mode="after")
    def _agree(self) -> "RunConfig":
        refuse(*disagreements(self.limits, self.prompt, self.batch), *unheeded(self.part, self._changed()))
        return self

    def _changed(self) -> dict[str, set[str]]:
        """Return the settings of each section that are not its defaults; a value counts as one of its own."""
        found = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Section):
                found[name] = {inner for inner, each in type(value).model_fields.items()
                               if getattr(value, inner) != each.get_default(call_default_factory=True)}  # fmt: skip
            elif value != field.default:
                found[name] = {name}
        return found


def disagreements(limits: Limits, prompt: Prompt, batch: Batch) -> Iterator[str]:
    """Yield what sound sections cannot have together."""
    if prompt.max_samples > limits.clip_samples:
        yield f"prompt.max_samples: {prompt.max_samples} is above limits.clip_samples, {limits.clip_samples}"
    codes = -(-limits.clip_samples // CODE_SAMPLES)
    longest = LATENTS + limits.text_tokens + codes + MARKS
    if batch.tokens is not None and batch.tokens < longest:
        yield (
            f"batch.tokens: {batch.tokens} cannot hold the longest clip that limits allow: "
            f"{longest} rows ({LATENTS} latents, {limits.text_tokens} text tokens, {codes} codes, {MARKS} marks)"
        )
