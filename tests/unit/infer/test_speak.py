"""Text to audio: cut at sentence ends, joined without clicks, the same for the same seed, sensible about nothing."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dimts.audio.io import Audio
from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError, TextError
from dimts.infer import decode
from dimts.infer.decode import Sampling, Utterance
from dimts.infer.speak import BASE_TEXT_TOKENS, FADE_S, PAUSE_S, Piece, Speaker, fade
from dimts.infer.voice import Voice
from dimts.model.shapes import OUTPUT_RATE_HZ, STOP_CODE

SHORT = Sampling(max_codes=8)
LONG = "One fish is red. Two fish are blue! Is the third fish black? It may be so, said she; nobody knows. The end."


def cutting(speaker: Speaker, limit: int) -> Speaker:
    """The same speaker, whose network has learned no text longer than `limit` tokens."""
    return replace(speaker, longest_text_tokens=limit)


def stopping(speaker: Speaker, by: float) -> Speaker:
    """A speaker eager to stop."""
    network = copy.deepcopy(speaker.network)
    with torch.no_grad():
        network.gpt.mel_head.bias[STOP_CODE] += by
    return replace(speaker, network=network)


def joined(pieces: list[Piece]) -> list[float]:
    samples: list[float] = np.concatenate([piece.samples for piece in pieces]).tolist()
    return samples


def test_audio_is_what_it_says(speaker: Speaker, voice: Voice) -> None:
    audio = speaker.speak("Hello there.", voice, "en", sampling=SHORT)
    assert isinstance(audio, Audio)
    assert (audio.samples.dtype.name, audio.samples.ndim, audio.rate_hz) == ("float32", 1, 24_000)
    assert abs(audio.duration_s - 8 * 1024 / 22_050) < 0.02
    assert 0 < np.abs(audio.samples).max() <= 1


def test_the_seed_decides(speaker: Speaker, voice: Voice) -> None:
    def say(seed: int) -> list[float]:
        samples: list[float] = speaker.speak("Hello there.", voice, "en", seed, Sampling(max_codes=20)).samples.tolist()
        return samples

    assert say(5) == say(5)
    assert say(5) != say(6)
    assert say(2**63 + 5) == say(2**63 + 5)  # no seed is too large


def test_speech_does_not_touch_the_global_random_state(speaker: Speaker, voice: Voice) -> None:
    before = torch.get_rng_state()
    speaker.speak("Hello there.", voice, "en", sampling=SHORT)
    assert torch.equal(torch.get_rng_state(), before)


def test_long_text_is_cut_at_sentence_ends(speaker: Speaker) -> None:
    whole, limit = speaker.pieces(LONG, "en"), 30
    pieces = cutting(speaker, limit).pieces(LONG, "en")
    texts = [speaker.tokenizer.decode(ids) for ids in pieces]
    assert len(whole) == 1
    assert len(pieces) > 2
    assert max(map(len, pieces)) <= limit
    assert all(text.endswith((".", "!", "?")) for text in texts)
    assert " ".join(texts) == speaker.tokenizer.decode(whole[0])
    tag = speaker.tokenizer.tag_id("en")
    assert all(ids[0] == tag for ids in pieces)


@pytest.mark.parametrize("limit", [4, 12, 60])
def test_no_piece_is_over_the_limit(speaker: Speaker, limit: int) -> None:
    for text in (LONG * 4, "word " * 300, "x" * 500):
        pieces = cutting(speaker, limit).pieces(text, "en")
        assert max(map(len, pieces)) <= limit


def test_a_plain_base_speaks_in_pieces_that_fit_its_codes(speaker: Speaker, tiny: Base) -> None:
    assert speaker.longest_text_tokens == BASE_TEXT_TOKENS < tiny.network.shape.gpt.text_positions - 2
    assert len(speaker.pieces(LONG * 4, "en")) > 1


def test_joined_pieces_are_the_speech(speaker: Speaker, voice: Voice) -> None:
    several = cutting(speaker, 30)
    pieces = list(several.stream(LONG, voice, "en", seed=3, sampling=SHORT))
    assert len(pieces) > 2
    assert joined(pieces) == several.speak(LONG, voice, "en", seed=3, sampling=SHORT).samples.tolist()
    assert [piece.codes for piece in pieces] == [8] * len(pieces)
    assert not any(piece.ended for piece in pieces)
    assert " ".join(piece.text for piece in pieces) == speaker.tokenizer.decode(speaker.pieces(LONG, "en")[0])


def test_pieces_come_as_they_are_ready(speaker: Speaker, voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = decode.generate, iter(range(9))

    def counted(*given: Any) -> Utterance:
        next(asked)
        return real(*given)

    monkeypatch.setattr(decode, "generate", counted)
    next(cutting(speaker, 30).stream(LONG, voice, "en", sampling=SHORT))
    assert next(asked) == 1, "one piece was spoken when the first came"


def test_a_text_begins_alike_whatever_follows(speaker: Speaker, voice: Voice) -> None:
    several = cutting(speaker, 30)
    first = next(several.stream(LONG, voice, "en", seed=3, sampling=SHORT))
    alone = several.speak(first.text, voice, "en", seed=3, sampling=SHORT)
    assert first.samples[: len(alone.samples)].tolist() == alone.samples.tolist()


def test_a_repeated_sentence_is_not_a_recording(speaker: Speaker, voice: Voice) -> None:
    first, second = cutting(speaker, 20).stream("One fish is red. One fish is red.", voice, "en", sampling=SHORT)
    assert first.text == second.text
    assert first.samples[: len(second.samples)].tolist() != second.samples.tolist()


def test_joins_do_not_click(speaker: Speaker, voice: Voice) -> None:
    pieces = list(cutting(speaker, 30).stream(LONG, voice, "en", sampling=SHORT))
    samples = np.concatenate([piece.samples for piece in pieces])
    pause, loudest = int(PAUSE_S * OUTPUT_RATE_HZ), float(np.abs(samples).max())
    end = 0
    for piece in pieces[:-1]:
        end += len(piece.samples)
        assert not samples[end - pause : end].any()
        for join in (end - pause, end):  # a tenth of a millisecond around each edge of the silence
            assert np.abs(np.diff(samples[join - 3 : join + 3])).max() < 1e-3 * loudest
    assert samples[0] == samples[-1] == 0


def test_fading_changes_only_the_ends() -> None:
    ones = np.ones(OUTPUT_RATE_HZ, np.float32)
    faded, count = fade(ones), int(FADE_S * OUTPUT_RATE_HZ)
    assert (faded[0], faded[-1]) == (0, 0)
    assert (faded[count:-count] == 1).all()
    assert (np.diff(faded[:count]) >= 0).all()
    assert np.abs(np.diff(faded)).max() < np.pi / count
    assert faded.tolist() == faded[::-1].tolist()
    assert (ones == 1).all()
    for length in range(4):
        assert len(fade(np.ones(length, np.float32))) == length


@pytest.mark.parametrize("text", ["", "   \n", "...", "?!", "—", "« »", "።፧", "[]", "\u200b"])
def test_nothing_to_say(speaker: Speaker, voice: Voice, text: str) -> None:
    with pytest.raises(TextError, match="^nothing to say in .*; give a text with words$"):
        speaker.speak(text, voice, "en")


def test_marks_between_sentences_are_no_pieces(speaker: Speaker) -> None:
    pieces = cutting(speaker, 10).pieces("Red fish. ... !!! — Blue fish.", "en")
    assert [speaker.tokenizer.decode(ids)[:4] for ids in pieces] == ["red ", "blue"]


def test_a_language_without_a_tag(speaker: Speaker, voice: Voice) -> None:
    with pytest.raises(TextError, match=r"has no tag \[am\], only en, .*; extend it with `dimts vocab`"):
        speaker.speak("ሰላም", voice, "am")
    with pytest.raises(TextError):
        speaker.speak("hello", voice, "not a language")


def test_a_text_in_letters_that_the_vocabulary_lacks(speaker: Speaker, voice: Voice) -> None:
    with pytest.raises(TextError, match="knows no letter of 'ሰላም ለዓለም'; is 'en' its language"):
        speaker.speak("ሰላም ለዓለም", voice, "en")


def test_a_network_that_stops_at_once(speaker: Speaker, voice: Voice) -> None:
    with pytest.raises(TextError, match="stopped at once and said nothing of 'Hello there.'; try another seed"):
        stopping(speaker, 50.0).speak("Hello there.", voice, "en")


def test_a_piece_that_stops_at_once_leaves_no_click(
    speaker: Speaker, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = decode.generate, iter(range(9))

    def second_is_empty(*given: Any) -> Utterance:
        spoken = real(*given)
        return spoken if next(asked) != 1 else Utterance(spoken.codes_A[:0], spoken.latents_AD[:1], True)

    monkeypatch.setattr(decode, "generate", second_is_empty)
    pieces = list(cutting(speaker, 30).stream(LONG, voice, "en", sampling=SHORT))
    assert [piece.codes for piece in pieces] == [8, 0, *[8] * (len(pieces) - 2)]
    assert len(pieces[1].samples) == 0
    assert pieces[1].ended


def test_the_ending_is_told(speaker: Speaker, voice: Voice) -> None:
    (piece,) = stopping(speaker, 0.4).stream("a", voice, "en", sampling=Sampling(greedy=True))
    assert piece.ended
    assert 0 < piece.codes < 60


def test_a_voice_of_another_base(speaker: Speaker, voice: Voice) -> None:
    other = Voice(torch.zeros(1, 32, 1024), voice.speaker_1E)
    with pytest.raises(CheckpointError, match="the voice is not of .*; make it again with --reference"):
        speaker.speak("Hello there.", other, "en")


def test_voices_that_came_with_the_base(speaker: Speaker, voice: Voice, tmp_path: Path) -> None:
    entry = {"gpt_cond_latent": voice.latents_1PD.half(), "speaker_embedding": voice.speaker_1E[:, :, None]}
    torch.save({"Claribel Dervla": entry, "Ana": entry}, tmp_path / "speakers_xtts.pth")
    there = replace(speaker, folder=tmp_path)
    assert there.stored_voices() == ["Claribel Dervla", "Ana"]
    assert torch.equal(there.stored_voice("Ana").speaker_1E, voice.speaker_1E)
    assert torch.equal(there.stored_voice().latents_1PD, voice.latents_1PD.half().float())
    for content in ([1], {"Ana": {"other": 1}}, {"Ana": 3}):
        torch.save(content, tmp_path / "speakers_xtts.pth")
        with pytest.raises(CheckpointError, match=r"speakers_xtts\.pth: holds no voices"):
            there.stored_voices()


def test_a_plain_base_without_voices(speaker: Speaker) -> None:
    assert speaker.stored_voices() == []
    with pytest.raises(CheckpointError, match=r"no stored voice \(it has none\); give --reference"):
        speaker.stored_voice()
