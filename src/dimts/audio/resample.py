"""Band-limited resampling: a windowed sinc with the numbers of torchaudio's default filter.

The speaker encoder was trained on audio resampled this way (Hann window, 6 zero crossings, roll-off 0.99); soxr differs
by 4e-4. Each output sample weighs only the inputs under the window, so odd rates cost no more than round ones.
"""

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

ZERO_CROSSINGS = 6  # torchaudio lowpass_filter_width
ROLLOFF = 0.99  # torchaudio rolloff: cut-off as a share of the lower Nyquist frequency
BLOCK_VALUES = 1 << 22  # inputs weighed at once, bounds memory to about 60 MB

GROUP_OUTPUTS = 64  # of `stream`, by one matrix: enough for speed, few enough that the matrix is not mostly zero
MATRIX_OUTPUTS = 1000  # odd rates that need more go window by window
ROWS = 256  # matrix products in one piece


def sinc(samples_N: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """Resample mono audio: float32 [N] at `from_hz` to float32 [ceil(N * to / from)] at `to_hz`."""
    if from_hz == to_hz:
        return samples_N
    common = math.gcd(from_hz, to_hz)
    source, target = from_hz // common, to_hz // common
    count = -(-samples_N.numel() * target // source)
    reach, weights_PW = _filter(source, target)
    padded = torch.nn.functional.pad(samples_N, (reach, 2 * reach + source))
    weights_PW = weights_PW.to(samples_N)
    size = max(1, BLOCK_VALUES // weights_PW.shape[1])
    blocks = [
        _block(padded, weights_PW, torch.arange(start, min(start + size, count)), source, target)
        for start in range(0, count, size)
    ]
    return torch.cat(blocks) if blocks else samples_N.new_zeros(0)


def quick(samples_N: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """Resample a clip as `stream` does: equal to `sinc` but for rounding, ten times sooner at round rates."""
    return torch.cat([samples_N.new_zeros(0), *stream([samples_N], from_hz, to_hz)])


def stream(blocks: Iterable[Tensor], from_hz: int, to_hz: int) -> Iterator[Tensor]:
    """Resample mono audio that comes in blocks: joined, equal to `sinc` but for rounding, and sooner.

    Work is done in pieces of one size, so that not a bit depends on the blocks.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    common = math.gcd(from_hz, to_hz)
    source, target = from_hz // common, to_hz // common
    piece = _Piece(source, target)
    waiting, received, given = torch.zeros(piece.reach), 0, 0
    for block in blocks:
        received += block.numel()
        waiting = torch.cat([waiting, block])
        while len(waiting) >= piece.needs:
            yield piece.resample(waiting[: piece.needs])
            waiting, given = waiting[piece.takes :], given + piece.gives
    count = -(-received * target // source)
    while given < count:
        waiting = torch.nn.functional.pad(waiting, (0, max(piece.needs - len(waiting), 0)))
        yield piece.resample(waiting[: piece.needs])[: count - given]
        waiting, given = waiting[piece.takes :], given + piece.gives


class _Piece:
    """As many outputs at once as ever: a matrix gives a group of them from the inputs around, ROWS times."""

    def __init__(self, source: int, target: int) -> None:
        self.reach, self._weights_PW = _filter(source, target)
        self._ratio = source, target
        self._matrix_IG = None
        periods = rows = 1
        if target <= MATRIX_OUTPUTS:
            periods, rows = -(-GROUP_OUTPUTS // target), ROWS
            self._matrix_IG = _matrix(self._weights_PW, source, target, periods)
        self._step = periods * source
        self.takes, self.gives = rows * self._step, rows * periods * target
        self.needs = self.takes + self._weights_PW.shape[1]

    def resample(self, samples: Tensor) -> Tensor:
        """Turn `needs` samples, of which the next piece needs those behind `takes` again, into `gives`."""
        if self._matrix_IG is None:
            return _block(samples, self._weights_PW, torch.arange(self.gives), *self._ratio)
        return (samples.unfold(0, len(self._matrix_IG), self._step) @ self._matrix_IG).flatten()


def _matrix(weights_PW: Tensor, source: int, target: int, periods: int) -> Tensor:
    """Put the windows of `periods` * target outputs side by side, each where its inputs begin."""
    width = weights_PW.shape[1]
    matrix_IG = torch.zeros(periods * source + width, periods * target)
    for output in range(periods * target):
        first = output * source // target
        matrix_IG[first : first + width, output] = weights_PW[output % target]
    return matrix_IG


def _filter(source: int, target: int) -> tuple[int, Tensor]:
    """Return the window's reach in input samples and its weights [phases = target, 2 * reach + 1]."""
    cutoff = min(source, target) * ROLLOFF
    reach = math.ceil(ZERO_CROSSINGS * source / cutoff)
    phase_P = (torch.arange(target) * source % target).double() / target  # fraction of an input sample
    offset_W = torch.arange(-reach, reach + 2).double()
    t_PW = ((offset_W - phase_P[:, None]) * (cutoff / source)).clamp(-ZERO_CROSSINGS, ZERO_CROSSINGS)
    window_PW = torch.cos(t_PW * math.pi / ZERO_CROSSINGS / 2) ** 2
    return reach, (torch.sinc(t_PW) * window_PW * (cutoff / source)).float()


def _block(padded: Tensor, weights_PW: Tensor, index_J: Tensor, source: int, target: int, skipped: int = 0) -> Tensor:
    """Compute the output samples `index_J` from zero-padded input of which the first `skipped` samples are gone."""
    first_J = (index_J * source // target - skipped).to(padded.device)
    windows_JW = padded.unfold(0, weights_PW.shape[1], 1)[first_J]
    return (windows_JW * weights_PW[(index_J % target).to(padded.device)]).sum(1)
