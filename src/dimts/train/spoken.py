"""The rank as the score that decides in a run: held-back sentences are spoken and heard whenever it is evaluated.

It is the rank of `dimts evaluate` for one candidate alone; as it is a sum of means, it may be compared from update to
update. The takes are not kept: `dimts evaluate` speaks more of them, for the checkpoints that are.
"""

import math
import tempfile
from pathlib import Path

from dimts.config import RunConfig
from dimts.data.dataset import Pair
from dimts.errors import ConfigError, MissingExtra
from dimts.evaluate import evaluating, planning, select
from dimts.evaluate.planning import Asked, Known
from dimts.evaluate.scorers import phones
from dimts.evaluate.subject import Opened, Subject
from dimts.infer.speak import Speaker
from dimts.model.dvae import Dvae
from dimts.model.xtts import Xtts
from dimts.text.bpe import Tokenizer

UNFIT_BEHIND = 100.0  # what is silent, endless or cut off comes behind whatever is not


class Spoken:
    """Speaks with the network of a run, and ranks what is heard."""

    def __init__(self, network: Xtts, tokenizer: Tokenizer, pair: Pair, run: RunConfig, dvae: Dvae | None) -> None:
        speaker = Speaker(run.out, network, tokenizer, pair.longest_text_tokens, pair.fronts)
        languages = tuple(dict.fromkeys(data.language for data in pair.datasets))
        self.opened, self.sentences = Opened(speaker, dvae), run.evaluate.sentences
        self.known = Known(pair.datasets, languages, languages, ())
        try:
            planning.plan(self._asked(run.out), self.known)  # refused before training
        except ConfigError as error:
            raise ConfigError(f"evaluate.metric: rank: {error}; or choose code_loss") from error

    def rank(self, update: int) -> float:
        """Rank the network as it is, in eval mode while it lasts; NaN where nothing can be ranked by."""
        gpt = self.opened.speaker.network.gpt
        was_training = gpt.training
        gpt.eval()
        with tempfile.TemporaryDirectory() as folder:
            plan = planning.plan(self._asked(Path(folder)), self.known)
            subject = Subject(f"update {update}", f"update {update}", lambda: self.opened, update)
            evaluation = evaluating.evaluate(plan, [subject], with_recordings=False)
        gpt.train(was_training)
        try:
            (placed,) = select.rank(evaluation).order
        except ConfigError:
            return math.nan
        return placed.value.mean - (UNFIT_BEHIND if placed.unfit else 0.0)

    def _asked(self, out: Path) -> Asked:
        return Asked(out, sentences=self.sentences, others=0)


def require() -> None:
    """Refuse to rank where nobody hears what is said. MissingExtra without a program to hear with."""
    if missing := phones.missing_ear():
        raise MissingExtra(missing, "eval", "rank, which hears what is said,")
