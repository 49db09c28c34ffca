"""Every setting of a run: one YAML file, one place for defaults, all problems reported together with their paths.

Nothing rewrites a value afterwards. `auto` is a visible value that `dimts plan` resolves in words. Relative paths start
at the folder where the command runs. The text under a field is its help in the terminal and on the web page.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dimts.errors import ConfigError


def _name(value: Any) -> Any:
    """Take a folder named 2026-11-23, which YAML reads as a date, by its name."""
    return str(value) if isinstance(value, date) else value


def _rising(values: list[int]) -> list[int]:
    if values != sorted(set(values)):
        raise ValueError("must rise from one to the next")
    return values


Whole = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Absolute = Annotated[Path, BeforeValidator(_name), AfterValidator(lambda path: path.expanduser().absolute())]


class Section(BaseModel):
    """Settings are frozen, unknown keys are refused, docstrings are help texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, content: Any) -> Any:
        """Take a section whose settings are all commented out for one that changes nothing."""
        return {} if content is None else content


class Limits(Section):
    clip_samples: Count = 255_995
    """Longest clip, in samples at 22,050 Hz: 11.6 s, the official limit. Longer ones are turned away, with a reason."""
    text_tokens: Count = 512
    """Longest text, in tokens. Above the base's 402 its text positions grow."""
    rejected_share: Share = 0.05
    """Refuse to start when more than this share of the clips is turned away."""


class Data(Section):
    datasets: Annotated[list[Absolute], Field(min_length=1)]
    """Dataset folders, as `dimts prepare` writes them."""
    eval_split: Literal["eval", "train"] = "eval"
    """What is evaluated: the clips held back, or the training clips themselves (only to see overfitting)."""


class Prompt(Section):
    min_samples: Count = 66_150
    """Shortest prompt, in samples at 22,050 Hz: 3 s. A clip shorter than the draw gives half of itself."""
    max_samples: Count = 132_300
    """Longest prompt, in samples at 22,050 Hz: 6 s."""
    masking: bool = True
    """Leave the codes that lie inside the prompt out of the loss, so that the model does not learn to copy."""
    pad_prompts: bool = True
    """Pad every prompt with silence to 6 s, or to `max_samples` if longer, as upstream trains (speech never pads)."""

    @model_validator(mode="after")
    def _agree(self) -> "Prompt":
        if self.min_samples > self.max_samples:
            raise ValueError(f"min_samples, {self.min_samples}, is above max_samples, {self.max_samples}")
        return self


class Optimizer(Section):
    lr: Positive = 5e-6
    """Learning rate: large enough to learn a language, small enough to keep the voice."""
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.96)
    """AdamW's averaging of gradients and of their squares."""
    eps: Positive = 1e-8
    """AdamW's guard against division by zero."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    """AdamW's decay, on matrices only: not on biases, norms, embeddings, positions or latents."""
    new_rows_lr: Positive | Literal["same"] = 1e-4
    """Learning rate of the rows that the extended vocabulary added; `same` uses `lr`, which hardly moves them."""
    clip_norm: Annotated[float, Field(ge=0)] = 1.0
    """Scale gradients down to this norm; 0 turns it off."""


class Schedule(Section):
    kind: Literal["multistep", "constant", "cosine", "linear"] = "multistep"
    """How the learning rate changes over updates (not epochs)."""
    milestones: Annotated[list[Count], AfterValidator(_rising)] = [50_000, 150_000, 300_000]
    """Updates at which `multistep` multiplies the learning rate by gamma."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Factor at each milestone."""
    warmup_updates: Whole = 0
    """Updates over which the learning rate first rises from 0; off by default: the base is sound."""


class Batch(Section):
    clips: Count = 4
    """Clips in one micro-batch: what must fit in memory."""
    accumulation: Count = 128
    """Micro-batches in one update; on several GPUs they are shared out."""
    eval_clips: Count = 2
    """Clips in one evaluation batch."""
    layout: Literal["packed", "padded"] = "packed"
    """`packed` wastes nothing; `padded` makes clips equally long, which some GPUs like better. Same gradient."""


class Train(Section):
    epochs: Count = 100
    """How often every training clip is heard."""
    max_updates: Count | None = None
    """Stop after this many updates, whatever the epochs say."""
    trainable: str | list[str] = "auto"
    """What learns: `all`, `last-2`, `new-rows`, names of parts, or `auto`: `last-2` under 3,000 clips, else `all`."""
    new_rows_start: Literal["phonetic", "mean", "noise"] = "phonetic"
    """Where the rows of new tokens begin: at the base's rows for their sound, at the mean of all rows, or at chance."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout on embeddings, attention and residuals; 0.1 as the base was trained."""
    text_weight: Annotated[float, Field(ge=0)] = 0.01
    """Weight of the text loss beside the code loss."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each target spread over all ids; off by default."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay per update of a running average of the weights, evaluated and exported in their stead; 0 is off."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Number format of forward and backward; weights and optimizer stay fp32. fp16 scales its loss."""
    tf32: bool = False
    """Let NVIDIA GPUs round fp32 products to TF32."""


class Save(Section):
    every_updates: Count = 500
    """Save a checkpoint this often, and at the end of the run."""
    keep: Count = 2
    """How many recent checkpoints to keep beside the best."""


class Evaluate(Section):
    every_updates: Count = 250
    """Evaluate this often, and at the end of the run; the lowest masked code loss is the best checkpoint."""
    at_start: bool = True
    """Evaluate the untrained network too, as a baseline."""


class Samples(Section):
    texts: list[str] = []
    """Sentences spoken with fixed seeds whenever a checkpoint is evaluated."""
    language: str | None = None
    """Their language; the first dataset's if not given."""
    seed: Whole = 0
    """Seed of the first sentence; the next ones count up."""
    max_codes: Annotated[int, Field(ge=1, le=602)] = 400
    """Longest sample, in codes of 46.4 ms."""


class RunConfig(Section):
    """One training run."""

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
    save: Save = Save()
    evaluate: Evaluate = Evaluate()
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _agree(self) -> "RunConfig":
        most = self.limits.clip_samples
        if self.prompt.max_samples > most:
            raise ValueError(f"prompt.max_samples: {self.prompt.max_samples} is above limits.clip_samples, {most}")
        return self


def read(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Read a run file, with `a.b=c` settings on top. ConfigError lists every problem with its path in the YAML."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give a run file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: not a run file: it must hold `base:`, `data:` and `out:`")
    return build(override(content, settings), str(path))


def build(content: dict[str, Any], source: str) -> RunConfig:
    """Check plain data and make it a RunConfig. ConfigError lists every problem, each with its place."""
    try:
        return RunConfig.model_validate(content)
    except ValidationError as error:
        lines = (f"{source}: {_line(content, item)}" for item in error.errors())
        raise ConfigError(*dict.fromkeys(lines)) from error


def write(run: RunConfig) -> str:
    """Return the YAML text of a run with every setting spelled out."""
    return yaml.safe_dump(json.loads(run.model_dump_json()), sort_keys=False, allow_unicode=True)


def override(content: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Return a copy of plain data with `a.b=c` settings applied; values are YAML. ConfigError lists every problem."""
    changed, problems = deepcopy(content), []
    for setting in settings:
        try:
            _set(changed, setting)
        except ValueError as error:
            problems.append(f"--set {setting}: {error}")
    if problems:
        raise ConfigError(*problems)
    return changed


def _set(content: dict[str, Any], setting: str) -> None:
    """Apply one `a.b=c`. ValueError says what is wrong with it."""
    name, equals, text = setting.partition("=")
    *parents, last = name.strip().split(".")
    if not equals or not all([*parents, last]):
        raise ValueError("write it as name.part=value")
    for parent in parents:
        if content.get(parent) is None:
            content[parent] = {}
        if not isinstance(content[parent], dict):
            raise ValueError(f"{parent} is a value, not a section")
        content = content[parent]
    try:
        content[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("the value is not YAML") from error


def _line(content: Any, item: Any) -> str:
    """Say one of pydantic's findings in the terms of the file."""
    said = {
        "extra_forbidden": "no such setting; check the spelling (`dimts plan` shows all)",
        "missing": "is missing",
        "model_type": "is a section: its settings go below it",
        "path_type": f"must be a path, not {item['input']!r}",
    }
    message = said.get(item["type"], item["msg"].removeprefix("Value error, "))
    return ": ".join(filter(None, [".".join(_place(content, item)), message]))


def _place(content: Any, item: Any) -> Iterator[str]:
    """Follow pydantic's path as far as the file goes: beyond, it names which of several kinds of value was tried."""
    for name in item["loc"]:
        inside = isinstance(content, dict) and name in content
        inside = inside or isinstance(content, list) and isinstance(name, int) and name < len(content)
        if not inside and item["type"] != "missing":
            return
        yield str(name)
        content = content[name] if inside else None
