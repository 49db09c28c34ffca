"""What prompts a clip: which slice of which clip, changed how; a pure function of (seed, epoch, position)."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from dimts.config import Prompt
from dimts.data import augment
from dimts.data.augment import Change
from dimts.data.dataset import Example
from dimts.model.shapes import CODE_SAMPLES, HOP_SAMPLES, STOP_TARGETS


@dataclass(frozen=True)
class Draw:
    """A clip and the slice that prompts it."""

    index: int
    start_samples: int  # at 22,050 Hz, a multiple of a mel frame
    length_samples: int
    source: int | None = None  # the clip that is sliced, where that is another one
    change: Change | None = None  # of the slice's mel

    @property
    def frames(self) -> slice:
        start = self.start_samples // HOP_SAMPLES
        return slice(start, start + self.length_samples // HOP_SAMPLES + 1)

    @property
    def codes(self) -> slice:
        """The clip's own codes that the slice covers: none where another clip is sliced."""
        end = self.start_samples + self.length_samples
        return (
            slice(0, 0) if self.source is not None else slice(self.start_samples // CODE_SAMPLES, end // CODE_SAMPLES)
        )


class Prompter:
    """Draws the prompts of a run; what it keeps is as large as the number of clips."""

    def __init__(self, examples: Sequence[Example], prompt: Prompt, seed: int) -> None:
        self.examples, self.prompt, self.seed = examples, prompt, seed
        self._clips: dict[str, list[int]] = {}  # of every speaker, in rising order
        for index, example in enumerate(examples if prompt.source == "same_speaker" else ()):
            self._clips.setdefault(example.speaker, []).append(index)
        longest = prompt.max_samples
        self._long = {name: [i for i in own if examples[i].samples >= longest] for name, own in self._clips.items()}

    def draw(self, index: int, epoch: int, position: int) -> Draw:
        """Draw a prompt for the clip at a position of an epoch.

        UPSTREAM: a clip shorter than the draw gives half of itself. Another clip gives all, as it holds no target.
        """
        chance = random.Random(f"prompt {self.seed} {epoch} {position}")
        source = self._other(index, chance)
        samples = self.examples[index if source is None else source].samples
        length = chance.randint(self.prompt.min_samples, self.prompt.max_samples)
        if samples < length:
            length = samples // 2 if source is None else samples
        start = chance.randint(0, samples - length) // HOP_SAMPLES * HOP_SAMPLES
        change = augment.draw(self.prompt, f"{self.seed} {epoch} {position}")
        return Draw(index, start, length, source, change)

    def _other(self, index: int, chance: random.Random) -> int | None:
        """Choose another clip of the speaker, each as likely; None where there is none or none is asked for.

        One that is long enough for the longest prompt, where the speaker has such: prompts are as long as was asked,
        and those of equal length are computed together.
        """
        for own in (self._long, self._clips):
            peers = own.get(self.examples[index].speaker, [])
            place = bisect_left(peers, index)
            is_one = place < len(peers) and peers[place] == index
            if len(peers) > is_one:
                chosen = chance.randrange(len(peers) - is_one)
                return peers[chosen + (is_one and chosen >= place)]
        return None


def fixed_draw(example: Example, index: int, prompt: Prompt) -> Draw:
    """Return the prompt that evaluation always uses: from the start, of middle length or half a shorter clip."""
    length = (prompt.min_samples + prompt.max_samples) // 2
    return Draw(index, 0, example.samples // 2 if example.samples < length else length)


def targets(example: Example, draw: Draw, masking: bool) -> int:
    """Return the number of code targets of a clip: its codes and four stops, without those inside the prompt."""
    masked = draw.codes.stop - draw.codes.start if masking else 0
    return example.codes + STOP_TARGETS - masked
