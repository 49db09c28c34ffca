"""Band-limited resampling: a windowed sinc with the numbers of torchaudio's default filter.

The speaker encoder was trained on audio resampled this way (Hann window, 6 zero crossings, roll-off 0.99); soxr differs
by 4e-4. Each output sample weighs only the inputs under the window, so odd rates cost no more than round ones.
"""

import itertools
import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

ZERO_CROSSINGS = 6  # torchaudio lowpass_filter_width
ROLLOFF = 0.99  # torchaudio rolloff: cut-off as a share of the lower Nyquist frequency
BLOCK_VALUES = 1 << 22  # inputs weighed at once, bounds memory to about 60 MB


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


def stream(blocks: Iterable[Tensor], from_hz: int, to_hz: int) -> Iterator[Tensor]:
    """Resample mono audio that comes in blocks; what comes out, joined, is `sinc` of what went in, joined."""
    if from_hz == to_hz:
        yield from blocks
        return
    common = math.gcd(from_hz, to_hz)
    source, target = from_hz // common, to_hz // common
    reach, weights_PW = _filter(source, target)
    waiting = torch.zeros(reach)  # from input sample `first` on, which is `reach` before the next output's
    received = done = first = 0
    for block in itertools.chain(blocks, [None]):
        received += 0 if block is None else block.numel()
        waiting = torch.cat([waiting, torch.zeros(2 * reach + source) if block is None else block])
        ready = -(-received * target // source) if block is None else max(received - reach - 1, 0) * target // source
        for start in range(done, ready, size := max(1, BLOCK_VALUES // weights_PW.shape[1])):
            index_J = torch.arange(start, min(start + size, ready))
            yield _block(waiting, weights_PW, index_J, source, target, first)
        done = max(done, ready)
        passed = done * source // target - first
        waiting, first = waiting[passed:], first + passed


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
