"""Does a clip hold one voice? Its slices are parted into the two voices that differ most, and those are compared."""

import numpy as np
import numpy.typing as npt

from dimts.audio.sound import Samples
from dimts.audio.voiceprint import SLICE_FRAMES, Prints, prints, speech

STEP_FRAMES = 80  # between slices, 0.8 s; 0.4 s finds no more
ROUNDS = 20  # of parting; it settles after two or three

Slices = npt.NDArray[np.bool_]


def likeness(samples: Samples, rate_hz: int) -> float | None:
    """Give how alike the two voices are, 0 to 1, where one voice comes to 0.7 and more; None under 3 s of speech.

    It is the mean cosine between slices of the one and of the other that share no sound. MissingWeights, AudioError:
    as `voiceprint.load`.
    """
    found = prints(speech(samples, rate_hz), STEP_FRAMES)
    if len(found) < 2:
        return None
    alike = found @ found.T
    one = _parted(found, alike)
    place = np.arange(len(found)) * STEP_FRAMES
    apart = np.abs(place[:, None] - place) >= SLICE_FRAMES
    pairs = apart & one[:, None] & ~one
    return float(alike[pairs].mean()) if pairs.any() else None


def _parted(found: Prints, alike: npt.NDArray[np.float32]) -> Slices:
    """Say which slices are of the first voice: 2-means by cosine, from the two slices least alike."""
    first, second = np.unravel_index(alike.argmin(), alike.shape)
    one: Slices = alike[first] > alike[second]
    for _ in range(ROUNDS):
        means = [part.mean(axis=0) / np.linalg.norm(part.mean(axis=0)) for part in (found[one], found[~one])]
        again: Slices = found @ means[0] > found @ means[1]
        if again.all() or not again.any() or np.array_equal(again, one):
            break
        one = again
    return one
