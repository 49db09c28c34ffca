"""Teacher forcing: how well a network foresees each code and text token of a recording, given all before them.

The prompt is the recording's own beginning, not padded, as in speech; its codes do not count. The surprise: a network
can foresee well and speak badly, so these numbers stand beside what was spoken, not in its place.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dimts.config import Prompt
from dimts.data import codes as code_cache
from dimts.data.batching import IGNORED
from dimts.data.prompting import Draw
from dimts.infer.speak import Speaker
from dimts.model.dvae import Dvae
from dimts.model.shapes import STOP_CODE, STOP_TARGETS


@dataclass(frozen=True)
class Foreseen:
    """Means over targets, in nats; accuracy is a share, `stop` the probability of ending where the recording does."""

    code_loss: float  # outside the prompt
    code_loss_unmasked: float
    code_accuracy: float
    text_loss: float
    stop: float
    targets: int  # outside the prompt

    def facts(self) -> dict[str, float]:
        """As JSON holds it."""
        return asdict(self)


@torch.no_grad()
def score(speaker: Speaker, dvae: Dvae, samples_N: Tensor, ids: Sequence[int]) -> Foreseen:
    """Foresee a recording at 22,050 Hz whose text has these ids."""
    gpt, stats = speaker.network.gpt, speaker.network.mel_stats
    codes_A, mel_MF = code_cache.encode(samples_N, dvae, stats)
    draw = prompt_of(len(samples_N))
    latents_BPD = gpt.prompt(mel_MF[None, :, draw.frames].to(stats.device))
    text_T, given_A = torch.tensor([*ids], device=stats.device), codes_A.to(stats.device)
    scores = gpt(latents_BPD, [text_T], [given_A], speaker.tokenizer.start_id)
    codes_NR = scores.codes_NR.float()
    heard_N = torch.cat([given_A, given_A.new_full((STOP_TARGETS,), STOP_CODE)])
    masked_N = heard_N.clone()
    masked_N[draw.codes] = IGNORED
    counted = int((masked_N != IGNORED).sum())
    said_N = torch.cat([text_T, text_T.new_tensor([speaker.tokenizer.stop_id])])
    return Foreseen(
        float(cross_entropy(codes_NR, masked_N, ignore_index=IGNORED)),
        float(cross_entropy(codes_NR, heard_N)),
        int((codes_NR.argmax(1) == masked_N).sum()) / counted,
        float(cross_entropy(scores.text_NR.float(), said_N)),
        float(codes_NR[len(given_A)].softmax(0)[STOP_CODE]),
        counted,
    )


def prompt_of(samples: int) -> Draw:
    """Return the prompt that evaluation uses: from the start, of middle length or half a shorter clip."""
    length = (Prompt().min_samples + Prompt().max_samples) // 2
    return Draw(0, 0, samples // 2 if samples < length else length)
