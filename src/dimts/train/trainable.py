"""Which weights learn: named parts of the GPT, resolved to parameters or rows of parameters.

What is not named here is frozen: no gradient, no optimizer state, bit-identical afterwards. The surprise: torch makes
gradients of whole parameters, so `new_rows` alone still costs a gradient as large as its tensors, whose old rows go
nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from dimts.checkpoint.grow import Adapters
from dimts.config import RunConfig
from dimts.errors import ConfigError
from dimts.model.gpt import Gpt
from dimts.model.lora import NAMED
from dimts.model.shapes import LoraShape

SMALL_DATASET_CLIPS = 3_000  # the recipe: below, `auto` trains the text parts and the last two blocks only
PARTS = {
    "text_embedding": r"text_embedding\..+",
    "text_head": r"text_head\..+",
    "text_positions": r"text_pos_embedding\..+",
    "code_embedding": r"mel_embedding\..+",
    "code_positions": r"mel_pos_embedding\..+",
    "code_head": r"mel_head\..+",
    "conditioning": r"conditioning_(encoder|perceiver)\..+",
    "ln_f": r"gpt\.ln_f\..+",
    "final_norm": r"final_norm\..+",
}
LORA = "lora"
TEXT_ROWS = ("text_embedding.weight", "text_head.weight", "text_head.bias")  # tensors with a row for every token
NEW_ROWS = "new_rows"  # of those tensors, the rows that the extended vocabulary added
BLOCKS = re.compile(r"blocks\.(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class Piece:
    """A tensor that learns: a parameter, or the old or new rows of one; `tensor` shares its storage."""

    name: str  # "text_head.weight", "text_head.weight[5413:]"
    parameter: nn.Parameter
    rows: slice
    new: bool  # rows that the extended vocabulary added

    @property
    def tensor(self) -> Tensor:
        return self.parameter.data[self.rows]

    @property
    def gradient(self) -> Tensor:
        assert self.parameter.grad is not None, self.name
        return self.parameter.grad[self.rows]

    @property
    def adapter(self) -> bool:
        """Whether it is one of LoRA's matrices."""
        return NAMED in self.name


def adapters(run: RunConfig, layers: int) -> Adapters | None:
    """Return the adapters that a network of so many blocks is to be built with. ConfigError for blocks it lacks."""
    lora = run.train.lora
    if not run.train.with_lora:
        return None
    first, _, last = lora.blocks.partition("-")
    blocks = range(layers) if first == "all" else range(int(first), int(last or first) + 1)
    if not blocks or blocks[-1] >= layers:
        raise ConfigError(f"train.lora.blocks: no blocks {lora.blocks}; the base has 0-{layers - 1}")
    shape = LoraShape(lora.rank, lora.alpha, lora.dropout, tuple(dict.fromkeys(lora.targets)), tuple(blocks))
    return Adapters(shape, run.seed)


def parts(trainable: str | Sequence[str], clips: int, layers: int, new_rows: int) -> list[str]:
    """Return the names of the parts that a setting means. ConfigError for names that do not exist or mean nothing."""
    last = f"blocks.{max(0, layers - 2)}-{layers - 1}"
    presets = {
        "all": [*PARTS, f"blocks.0-{layers - 1}"],
        "last-2": ["text_embedding", "text_head", "text_positions", last, "ln_f", "final_norm"],
        "new-rows": [NEW_ROWS],
    }
    presets["auto"] = presets["last-2" if clips < SMALL_DATASET_CLIPS else "all"]
    if trainable == LORA:  # the preset; in a list it is the adapters alone
        trainable = [LORA, NEW_ROWS] if new_rows else [LORA]
    asked = [trainable] if isinstance(trainable, str) else trainable
    names = [part for name in asked for part in presets.get(name, [name])]
    wrong = [name for name in names if not _exists(name, layers)]
    if wrong or not names:
        known = ", ".join(["auto", "all", "last-2", "new-rows", LORA, NEW_ROWS, *PARTS, f"blocks.0-{layers - 1}"])
        raise ConfigError(f"train.trainable: no part {', '.join(wrong) or '(empty list)'}; choose from {known}")
    if NEW_ROWS in names and not new_rows:
        raise ConfigError("train.trainable: the vocabulary adds no rows, so there are none to train; set vocab")
    return names


def pieces(gpt: Gpt, names: Sequence[str], base_rows: int) -> list[Piece]:
    """Return what learns, in the order of the network's parameters; new rows apart from the base's."""
    found: list[Piece] = []
    whole = re.compile("|".join(f"(?:{_pattern(name)})" for name in names if name != NEW_ROWS) or "(?!)")
    grown = gpt.shape.text_rows > base_rows
    for name, parameter in gpt.named_parameters():
        in_whole = whole.fullmatch(name) is not None
        if name in TEXT_ROWS and grown:
            found += [Piece(f"{name}[:{base_rows}]", parameter, slice(0, base_rows), False)] if in_whole else []
            if in_whole or NEW_ROWS in names:
                found.append(Piece(f"{name}[{base_rows}:]", parameter, slice(base_rows, None), True))
        elif in_whole:
            found.append(Piece(name, parameter, slice(None), False))
    return found


def refuse_stage(learning: Sequence[Piece], new_rows_first_updates: int, total_updates: int) -> None:
    """ConfigError when a run can have no first stage in which the new rows move alone."""
    if not new_rows_first_updates:
        return
    new = sum(piece.new for piece in learning)
    problems = {
        "no new rows learn here; set vocab, or name them in trainable": new == 0,
        "nothing else learns here; set it to 0": new == len(learning),
        f"{new_rows_first_updates:,} is not below the run's {total_updates:,} updates: nothing else would ever learn":
            new_rows_first_updates >= total_updates,
    }  # fmt: skip
    if found := [text for text, wrong in problems.items() if wrong]:
        raise ConfigError(*(f"train.new_rows_first_updates: {text}" for text in found))


def freeze_rest(gpt: nn.Module, learning: Sequence[Piece]) -> None:
    """Let only the parameters behind `learning` collect gradients."""
    kept = {id(piece.parameter) for piece in learning}
    for parameter in gpt.parameters():
        parameter.requires_grad_(id(parameter) in kept)


def _exists(name: str, layers: int) -> bool:
    if match := BLOCKS.fullmatch(name):
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        return first <= last < layers
    return name in PARTS or name in (NEW_ROWS, LORA)


def _pattern(name: str) -> str:
    match = BLOCKS.fullmatch(name)
    if not match:
        return PARTS[name] if name != LORA else rf".+{re.escape(NAMED)}.+"
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    return rf"gpt\.h\.({'|'.join(map(str, range(first, last + 1)))})\..+"
