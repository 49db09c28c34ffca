"""Speech is found where it is, whatever the blocks, the rate and the noise; silero's numbers are silero's."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from dimts.audio import silero, speech
from dimts.audio.io import Audio, Samples
from dimts.audio.speech import Detector
from dimts.errors import MissingExtra
from tests.unit.audio.spoken import recording

SILENCES_S = (1.0, 0.7, 0.4, 1.5, 0.25, 2.0, 1.0)
needs_silero = pytest.mark.skipif(find_spec("silero_vad") is None, reason="needs silero-vad")
detectors = pytest.mark.parametrize("detector", [pytest.param("silero", marks=needs_silero), "energy"])


def blocks(audio: Audio, size: int = 10_000) -> Iterator[Samples]:
    yield from np.split(audio.samples, range(size, len(audio.samples), size))


@detectors
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("noise_db", [-90.0, -55.0])
def test_finds_each_sentence(detector: Detector, rate_hz: int, noise_db: float) -> None:
    audio, true = recording(rate_hz, SILENCES_S, noise_db)
    heard = speech.hear(blocks(audio), rate_hz, detector)
    assert heard.duration_s == audio.duration_s and abs(len(heard.levels_db) - audio.duration_s * 100) < 1.01
    for span in true:
        start_s = min((found.start_s for found in heard.spans), key=lambda s: abs(s - span.start_s))
        end_s = min((found.end_s for found in heard.spans), key=lambda s: abs(s - span.end_s))
        assert abs(start_s - span.start_s) < 0.08 and abs(end_s - span.end_s) < 0.08
    inside = sum(min(f.end_s, t.end_s) - max(f.start_s, t.start_s) for f in heard.spans for t in true
                 if f.start_s < t.end_s and t.start_s < f.end_s)  # fmt: skip
    assert inside > 0.95 * sum(span.duration_s for span in true)
    assert inside > 0.95 * sum(span.duration_s for span in heard.spans)


@detectors
def test_blocks_and_threads_change_nothing(detector: Detector) -> None:
    audio, _ = recording(44_100, SILENCES_S[:4])
    threads = torch.get_num_threads()
    once = speech.hear([audio.samples], 44_100, detector)
    parts = speech.hear(blocks(audio, 777), 44_100, detector)
    assert once.spans == parts.spans and np.array_equal(once.levels_db, parts.levels_db)
    assert torch.get_num_threads() == threads


@detectors
@pytest.mark.parametrize("samples", [0, 1, 500, 16_000])
def test_silence_holds_no_speech(detector: Detector, samples: int) -> None:
    assert speech.hear([np.zeros(samples, np.float32)], 16_000, detector).spans == []


@needs_silero
def test_music_is_speech_for_the_energy_detector_only() -> None:
    time_s = np.arange(5 * 16_000) / 16_000
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220, 277, 330, 440))
    music = np.concatenate([np.zeros(16_000), 0.1 * chord * (time_s % 0.5 < 0.45), np.zeros(16_000)]).astype(np.float32)
    assert speech.hear([music], 16_000, "silero").spans == []
    assert sum(span.duration_s for span in speech.hear([music], 16_000, "energy").spans) > 4


def test_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"silero.*dimts\[prep\]"):
        speech.hear([], 16_000)


@needs_silero
@pytest.mark.filterwarnings("ignore:.torch.jit.load. is deprecated")
def test_the_network_is_the_one_of_its_authors() -> None:
    """The package's own model, which takes a frame at a time, gives these numbers with its weights."""
    package = find_spec("silero_vad")
    assert package and package.submodule_search_locations
    theirs = torch.jit.load(  # type: ignore[no-untyped-call]
        Path(package.submodule_search_locations[0]) / "data" / "silero_vad.jit"
    )
    weights = [value for name, value in theirs.state_dict().items() if "_8k" not in name]
    network = silero.Silero()
    network.load_state_dict(dict(zip(network.state_dict(), weights, strict=True)))
    audio, _ = recording(16_000, SILENCES_S[:4])
    samples = torch.from_numpy(audio.samples)
    frames = torch.nn.functional.pad(samples, (0, -len(samples) % 512)).view(-1, 1, 512)
    with torch.inference_mode():
        expected = torch.cat([theirs(frame, 16_000).flatten() for frame in frames])
    listener = silero.Listener(network)
    ours = torch.cat([listener.hear(samples), listener.end()])
    assert 0.2 < float((expected > 0.5).float().mean()) < 0.9
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-4)


@needs_silero
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_memory_does_not_grow_with_length() -> None:
    held_pages = []

    def half_an_hour() -> Iterator[Samples]:
        for _ in range(80):
            held_pages.append(int(Path("/proc/self/statm").read_text().split()[1]))
            yield np.zeros(1 << 20, np.float32)

    heard = speech.hear(half_an_hour(), 48_000)
    assert heard.duration_s > 1700
    assert (held_pages[-1] - held_pages[10]) * 4096 < 30e6
