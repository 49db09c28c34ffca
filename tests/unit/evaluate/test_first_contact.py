"""The numbers of the first contact: against the trainer's loss, the speaker's sound, and sums done by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from dimts.audio.io import Audio
from dimts.checkpoint import export, initial, official
from dimts.checkpoint.official import Base
from dimts.data import codes as code_cache
from dimts.data.batching import IGNORED, MicroBatch
from dimts.evaluate import first_contact, sound_check, teacher
from dimts.evaluate.finding import Finding, judged
from dimts.evaluate.first_contact import Request
from dimts.evaluate.sound_check import Spoken
from dimts.infer.speak import Speaker, load
from dimts.model.shapes import STOP_CODE
from dimts.train import loss

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("base") / "tiny"
    initial.write(folder, "tiny", 0)
    return official.load(folder)


@pytest.fixture(scope="module")
def speaker(base: Base) -> Speaker:
    return load(base.folder)


def examined(request: Request) -> dict[str, Finding]:
    return {finding.step: finding for finding in first_contact.examine(request, CPU)}


def test_score_is_the_trainer_s_loss(base: Base, speaker: Speaker) -> None:
    samples_N = first_contact.synthetic()
    ids = base.tokenizer.encode("Nothing was said.", "en")
    found = teacher.score(speaker, base.need_dvae(), samples_N, ids)
    codes_A, mel_MF = code_cache.encode(samples_N, base.need_dvae(), base.network.mel_stats)
    targets_N = torch.cat([codes_A, torch.full((4,), STOP_CODE)])
    targets_N[: 99_225 // 1024] = IGNORED  # the prompt: 4.5 s from the start
    text_N = torch.tensor([*ids, base.tokenizer.stop_id])
    batch = MicroBatch((mel_MF[None, :, : 99_225 // 256 + 1],), (0,), [torch.tensor(ids)], [codes_A], text_N, targets_N)
    with torch.no_grad():
        scores = loss.score(base.network.gpt, batch, base.tokenizer.start_id, padded=False)
    assert found.targets == int((targets_N != IGNORED).sum()) == 216 + 4 - 96
    assert found.code_loss == pytest.approx(float(loss.sums(scores, batch).codes) / found.targets, rel=1e-5)
    said = torch.nn.functional.cross_entropy(scores.text_NR, text_N)
    assert found.text_loss == pytest.approx(float(said), rel=1e-5)
    assert found.stop == pytest.approx(float(scores.codes_NR[216].softmax(0)[STOP_CODE]), rel=1e-4)


def test_speech_is_the_speaker_s(speaker: Speaker) -> None:
    voice = speaker.voice([write_wav(speaker.folder.parent / "ref.wav")])
    spoken = sound_check.speak(speaker, voice, "One sentence. And another one.", "en", seed=3)
    again = speaker.speak("One sentence. And another one.", voice, "en", seed=3)
    assert np.array_equal(spoken.audio.samples, again.samples) and spoken.codes > 0
    assert spoken.ids == tuple(index for ids in speaker.pieces("One sentence. And another one.", "en") for index in ids)


def write_wav(path: Path) -> Path:
    from dimts.audio import io

    io.write(path, Audio(first_contact.synthetic().numpy()[:44_100], 22_050))
    return path


def test_entropy() -> None:
    assert [*sound_check.entropy(torch.tensor([7, 7, 9, 9]))] == pytest.approx([math.log(2), math.log(4), 0.5])
    assert sound_check.entropy(torch.zeros(5, dtype=torch.int64))[0] == 0
    assert [*sound_check.entropy(torch.arange(1024).repeat(2))] == pytest.approx([math.log(1024)] * 2 + [0.5])


def spoken(samples: np.ndarray, ended: bool = True) -> Spoken:
    return Spoken(Audio(samples.astype(np.float32), 24_000), (1,) * 10, 40, 1, ended, took_s=4.0)


def test_speech_is_measured() -> None:
    wave = 0.1 * np.sin(np.arange(48_000) * 0.1)
    found = sound_check.check_speech(spoken(wave), "twenty letters a row, more", trained=True)
    assert found.verdict == "ok" and found.facts["rms_dbfs"] == pytest.approx(-23.0, abs=0.1)
    assert found.facts["peak_dbfs"] == pytest.approx(-20.0, abs=0.1) and found.facts["seconds_a_second"] == 0.5
    assert found.facts["letters_a_second"] == 10.5 and found.facts["codes_a_token"] == 4


@pytest.mark.parametrize(
    ("samples", "ended", "verdict", "says"),
    [
        (np.zeros(48_000), True, "PROBLEM", "silence"),
        (np.full(48_000, np.nan), True, "PROBLEM", "not finite"),
        (np.sin(np.arange(48_000.0)) * 0.1, False, "note", "ran into the length limit"),
        (np.sin(np.arange(48_000.0)), True, "note", "loudness is not as expected"),
        (np.sin(np.arange(480_000.0)) * 0.1, True, "note", "speaking rate is not as expected"),
    ],
)
def test_speech_that_is_not_speech(samples: np.ndarray, ended: bool, verdict: str, says: str) -> None:
    found = sound_check.check_speech(spoken(samples, ended), "twenty letters a row, more", trained=True)
    assert found.verdict == verdict and says in found.text
    json.dumps(found.facts, allow_nan=False)


def test_worst_verdict_wins() -> None:
    assert judged("x", [], [], "fine", {}).verdict == "ok"
    assert judged("x", [], ["look"], "fine", {}).text == "fine; look"
    assert judged("x", ["bad"], ["look"], "fine", {}).verdict == "PROBLEM"


def test_weights_that_are_not_called_random_meet_expectations(base: Base, tmp_path: Path) -> None:
    folder = tmp_path / "claimed"
    folder.mkdir()
    for path in base.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "config.json").write_text(json.dumps({k: v for k, v in base.config.items() if k != "random_base"}))
    found = examined(Request(folder, tmp_path / "out.wav"))
    assert "not the sizes of the official XTTS v2" in found["shapes"].text
    assert "(expected: 3 to 5)" in found["score"].text and found["score"].verdict == "note"
    assert "decodes worse than expected" in found["DVAE"].text
    assert not [one for one in found.values() if one.verdict == "PROBLEM"]


def test_bundle_speaks_with_its_own_voice(base: Base, speaker: Speaker, tmp_path: Path) -> None:
    voice = speaker.voice([write_wav(tmp_path / "ref.wav")])
    export.write(export.Bundle(base, base.network, base.tokenizer, {"sara": voice.state()}, {}), tmp_path / "bundle")
    found = examined(Request(tmp_path / "bundle", tmp_path / "out.wav", text="Short."))
    assert found["voice"].text == "of sara" and not [one for one in found.values() if one.verdict == "PROBLEM"]


def test_recording_too_long_to_score(base: Base, speaker: Speaker) -> None:
    long_N = torch.zeros(29 * 22_050)
    found = sound_check.check_score(speaker, base.need_dvae(), long_N, [5, 6], "the recording", trained=True)
    assert found.verdict == "note" and "29.0 s is longer than the 28.0 s" in found.text
    many = sound_check.check_score(speaker, base.need_dvae(), long_N[:22_050], [5] * 403, "the recording", trained=True)
    assert many.verdict == "note" and "403 tokens, the network takes 402" in many.text
