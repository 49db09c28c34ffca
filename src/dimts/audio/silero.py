"""Silero VAD, streamed: how likely each 32 ms of a recording holds speech.

The weights come from the package silero-vad; the network is written out here, for the package's own loop takes one
frame at a time. All frames of a block go through the convolutions at once, then the LSTM walks over them: the same
numbers ten times sooner, and the same for any division into blocks.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from dimts.errors import MissingExtra

RATE_HZ = 16_000
FRAME_SAMPLES = 512  # 32 ms, one probability
CONTEXT_SAMPLES = 64  # of the frame before
BATCH_FRAMES = 256  # through the convolutions at once: always as many, for sums differ with the size of a batch
WINDOW, HOP, BINS = 256, 128, 129  # of the spectrum that the first convolution computes
WEIGHTS = Path("data") / "silero_vad_16k.safetensors"  # inside the package


def load() -> "Silero":
    """Load the network from the installed package. MissingExtra where there is none."""
    package = find_spec("silero_vad")  # importing it would set torch to one thread for good
    if package is None or not package.submodule_search_locations:
        raise MissingExtra("silero-vad", "prep", "finding speech with silero")
    network = Silero()
    network.load_state_dict(load_file(Path(package.submodule_search_locations[0]) / WEIGHTS))
    return network.eval()


class Silero(nn.Module):
    """The 16 kHz network under the names of its weights file."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * BINS, WINDOW, HOP, bias=False)
        self.conv1 = nn.Conv1d(BINS, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(self, frames_FN: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Give the probability of speech [F] of successive frames [F, context + frame] and the state after them."""
        padded_F1N = nn.functional.pad(frames_FN[:, None], (0, CONTEXT_SAMPLES), mode="reflect")
        parts = self.stft_conv(padded_F1N)
        x = torch.hypot(parts[:, :BINS], parts[:, BINS:])
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = conv(x).relu()
        steps_F1D, state = self._recur(x.transpose(1, 2), state)
        speech_F11: Tensor = self.final_conv(steps_F1D.relu().transpose(1, 2))
        return speech_F11.sigmoid().flatten(), state

    def _recur(self, x_F1D: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        cell = self.lstm_cell
        weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
        out, h, c = torch.lstm(x_F1D, state, weights, True, 1, 0.0, False, False, False)
        return out, (h, c)


class Listener:
    """A recording being listened to: takes 16 kHz samples in blocks of any size, with the same result."""

    def __init__(self, network: Silero) -> None:
        self._network = network
        self._state = (torch.zeros(1, 1, 128), torch.zeros(1, 1, 128))
        self._waiting = torch.zeros(CONTEXT_SAMPLES)  # context and the samples that do not fill a batch yet

    def hear(self, samples_N: Tensor) -> Tensor:
        """Give the probabilities [F] of the batches of frames that these samples fill."""
        samples_N = torch.cat([self._waiting, samples_N])
        batch_samples = BATCH_FRAMES * FRAME_SAMPLES
        count = (len(samples_N) - CONTEXT_SAMPLES) // batch_samples
        self._waiting = samples_N[count * batch_samples :].clone()
        starts = range(0, count * batch_samples, batch_samples)
        parts = [self._batch(samples_N[start : start + batch_samples + CONTEXT_SAMPLES]) for start in starts]
        return torch.cat([samples_N.new_zeros(0), *parts])

    def end(self) -> Tensor:
        """Give the probabilities of the frames that wait, the last one filled up with silence."""
        samples = len(self._waiting) - CONTEXT_SAMPLES
        missing = BATCH_FRAMES * FRAME_SAMPLES - samples
        return self.hear(self._waiting.new_zeros(missing))[: -(-samples // FRAME_SAMPLES)]

    def _batch(self, samples_N: Tensor) -> Tensor:
        frames_FN = samples_N.unfold(0, CONTEXT_SAMPLES + FRAME_SAMPLES, FRAME_SAMPLES)
        probabilities_F: Tensor
        with torch.inference_mode():
            probabilities_F, self._state = self._network(frames_FN, self._state)
        return probabilities_F
