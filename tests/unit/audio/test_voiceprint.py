"""Voice prints are Resemblyzer's, one voice's are alike, and what the weights are not is said."""

from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch

from dimts.audio import io, voiceprint
from dimts.audio.io import Samples
from dimts.audio.resample import quick
from dimts.errors import AudioError, MissingExtra
from tests.unit.audio.spoken import sentences

GOLDEN = Path(__file__).parents[2] / "parity" / "golden"
LONG, SHORT = "LJ001-0001.flac", "LJ001-0002.flac"
RATE_HZ = voiceprint.RATE_HZ
TOP = [11, 48, 81, 102, 116, 136, 150, 197, 237, 251]  # where SHORT's print is largest
EXPECTED_SHORT = [0.166002, 0.190148, 0.16105, 0.263229, 0.166618, 0.189331, 0.185658, 0.230413, 0.181829, 0.163269]
EXPECTED_LONG = [
    [0.134139, 0.01213, 0.23286, 0.187273, 0.100503, 0.110565, 0.274955, 0.134293, 0.009664, 0.080625],
    [0.169135, 0.075358, 0.225201, 0.203678, 0.094908, 0.149473, 0.08448, 0.179344, 0.158527, 0.061694],
]
needs_weights = pytest.mark.skipif(voiceprint.where() is None, reason="needs resemblyzer")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with weights of chance; the folder of it."""
    spec = ModuleSpec("resemblyzer", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(voiceprint, "find_spec", lambda name: spec)
    voiceprint.load.cache_clear()
    torch.manual_seed(0)
    state = voiceprint.Voiceprint().state_dict() | {"similarity_weight": torch.ones(1)}
    torch.save({"step": 1, "model_state": state}, tmp_path / "pretrained.pt")
    yield tmp_path
    voiceprint.load.cache_clear()


def spoken(name: str) -> Samples:
    audio = io.read(GOLDEN / name)
    heard: Samples = quick(torch.from_numpy(audio.samples), audio.rate_hz, RATE_HZ).numpy()
    return heard


@needs_weights
def test_prints_are_those_of_resemblyzer() -> None:
    """Expected: embed_utterance(return_partials=True) of resemblyzer 0.1.4 with librosa 0.11 on the same samples."""
    found = voiceprint.prints(spoken(SHORT))
    assert found.shape == (1, 256)
    np.testing.assert_allclose(found[0, TOP], EXPECTED_SHORT, rtol=0, atol=2e-6)
    found = voiceprint.prints(spoken(LONG))
    assert found.shape == (11, 256)
    np.testing.assert_allclose(found[[0, -1]][:, TOP], EXPECTED_LONG, rtol=0, atol=2e-6)


@needs_weights
def test_one_voice_is_like_itself_and_unlike_another() -> None:
    long, short = io.read(GOLDEN / LONG), io.read(GOLDEN / SHORT)
    own = voiceprint.embed(long.samples, long.rate_hz)
    other = voiceprint.embed(np.concatenate(sentences(RATE_HZ)[:3]), RATE_HZ)
    assert own @ voiceprint.embed(short.samples, short.rate_hz) > 0.8
    assert own @ other < 0.65


@needs_weights
def test_loudness_silence_and_rate_matter_little() -> None:
    samples = spoken(LONG)
    own = voiceprint.embed(samples, RATE_HZ)
    softer = np.concatenate([np.zeros(RATE_HZ, np.float32), samples * np.float32(0.1), np.zeros(RATE_HZ, np.float32)])
    finer: Samples = quick(torch.from_numpy(samples), RATE_HZ, 44_100).numpy()
    assert own @ voiceprint.embed(softer, RATE_HZ) > 0.98 and own @ voiceprint.embed(finer, 44_100) > 0.99


def test_silence_has_no_print(package: Path) -> None:
    for count in (0, 1, 159, 50_000):
        assert not voiceprint.embed(np.zeros(count, np.float32), RATE_HZ).any()
    last = np.zeros(1_000, np.float32)
    last[-1] = 1  # behind the last whole 10 ms
    assert not voiceprint.embed(last, RATE_HZ).any()


def test_length_decides_the_slices_and_threads_nothing(package: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(5 * RATE_HZ, np.float32) * np.float32(0.1)
    assert [len(voiceprint.prints(noise[:count])) for count in (400, 25_600, 60_000, 80_000)] == [1, 1, 4, 5]
    assert len(voiceprint.prints(noise, step_frames=40)) == 10
    once = voiceprint.embed(noise, RATE_HZ)
    assert once.dtype == np.float32 and abs(float(np.linalg.norm(once)) - 1) < 1e-5
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    again = voiceprint.embed(noise, RATE_HZ)
    assert torch.get_num_threads() == before + 1
    torch.set_num_threads(before)
    assert np.array_equal(once, again)


@pytest.mark.parametrize("damage", ["gone", "short", "foreign", "pickle"])
def test_other_weights_are_refused(package: Path, damage: str) -> None:
    path = package / "pretrained.pt"
    if damage == "gone":
        path.unlink()
    elif damage == "short":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "foreign":
        torch.save({"model_state": torch.nn.Linear(2, 2).state_dict()}, path)
    else:
        torch.save({"model_state": io.Audio}, path)
    with pytest.raises(AudioError, match=r"pretrained.pt: does not hold .*pip install --no-deps --force-reinstall"):
        voiceprint.load()


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    voiceprint.load.cache_clear()
    monkeypatch.setattr(voiceprint, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"telling voices apart needs .* pip install --no-deps resemblyzer==0.1.4"):
        voiceprint.embed(np.zeros(9_999, np.float32), RATE_HZ)
