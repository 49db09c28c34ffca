"""Words in time, scores that tell right from wrong texts, and recordings heard in windows."""

import numpy as np
import pytest

from dimts.data import align
from dimts.data.align import EDGE_S, Word
from dimts.data.recognisers import posteriors
from dimts.errors import DataError
from tests.unit.data.letters import FRAME, LETTERS, Letters, beeps

LETTER_S, SPACE_S = 0.04, 0.2


def aligned(spoken: str, text: str, language: str = "en", skip: float | None = align.SKIP) -> list[Word]:
    recogniser = Letters()
    return align.align(recogniser, posteriors(recogniser, [beeps(spoken)]), text, language, skip)


def test_words_get_their_times_and_marks() -> None:
    words = aligned("one two three", "One, two\nthree.")
    assert [word.text for word in words] == ["One,", "two", "three."]
    assert [word.gap for word in words] == [" ", "\n", ""]
    assert [word.end for word in words] == ["clause", "clause", "sentence"]
    starts = [0, 3 * LETTER_S + SPACE_S, 6 * LETTER_S + 2 * SPACE_S]
    ends = [start + letters * LETTER_S - 0.02 for start, letters in zip(starts, (3, 3, 5), strict=True)]
    assert [word.start_s for word in words] == pytest.approx([0, starts[1] - EDGE_S, starts[2] - EDGE_S])
    assert [word.end_s for word in words] == pytest.approx([ends[0] + EDGE_S, ends[1] + EDGE_S, ends[2] + 0.01])
    assert [word.sounds for word in words] == [3, 3, 5]
    assert all(word.score == 0 for word in words)


def test_the_word_that_is_not_said_has_the_worst_score() -> None:
    words = aligned("one two three four", "one two eight four")
    assert min(words, key=lambda word: word.score).text == "eight"
    assert [word.score > -0.01 for word in words] == [True, True, False, True]


def test_a_word_without_sounds_lies_between_its_neighbours() -> None:
    words = aligned("one two", "- one 1 two &")
    assert [(word.sounds, word.score) for word in words if not word.text.isalpha()] == [(0, 0.0)] * 3
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    assert words[2].start_s == words[2].end_s == words[1].end_s
    assert words[0].end_s == words[1].start_s


def test_speech_without_text_is_passed_over_at_both_ends_unless_forbidden() -> None:
    spoken = "unwritten words before the text is here and more behind it"
    words = aligned(spoken, "the text is here")
    assert words[0].start_s == pytest.approx(beeps("unwritten words before ").size / 8_000 - EDGE_S)
    assert all(word.score == 0 for word in words)
    with_all = aligned(spoken, "the text is here", skip=None)
    assert with_all[0].start_s <= words[0].start_s


def test_letters_of_chinese_are_words_and_amharic_ends_sentences() -> None:
    assert align.WORD.findall("你好，世界。ok yes") == ["你", "好，", "世", "界。", "ok", "yes"]
    assert align.WORD.findall("ሰላም፡ለዓለም። ነው") == ["ሰላም", "ለዓለም።", "ነው"]
    text = "ሰላም ነው። አለ፣ ሄደ ዓ.ም. ነው።"
    starts = [match.start() for match in align.WORD.finditer(text)]
    assert align.ends(text, starts, "am") == ["", "sentence", "clause", "", "", "sentence"]


def test_what_cannot_be_aligned_says_why() -> None:
    with pytest.raises(DataError, match="the text is longer than the sound: 12 sounds in 6 frames"):
        aligned("abc", "one two three")
    with pytest.raises(DataError, match="nothing that is spoken"):
        aligned("abc", "– 12 !")


def test_the_score_of_a_clip() -> None:
    recogniser, samples = Letters(), beeps("the number is busy")
    right = align.score_clip(recogniser, samples, "The number is busy.", "en")
    near = align.score_clip(recogniser, samples, "The number is dizzy.", "en")
    wrong = align.score_clip(recogniser, samples, "Please leave a message", "en")
    assert right == 1 and near and wrong is not None
    assert right > near > 0.5 > wrong
    assert (
        align.score_clip(recogniser, samples, "!", "en") is align.score_clip(recogniser, samples, "the n", "en") is None
    )
    assert align.score_clip(recogniser, samples[:FRAME], "the number", "en") == 0
    assert (align.score_clip(recogniser, samples, "sub eht rebmun isi ty", "en") or 0) < 0.2


def test_the_fit_does_not_depend_on_how_clearly_it_is_heard() -> None:
    recogniser = Letters()
    clear_TV = recogniser.hear(beeps("the number is busy"))
    dull_TV = np.log(0.3 * np.exp(clear_TV) + 0.7 / clear_TV.shape[1])
    for text in ("the number is busy", "the number is dizzy"):
        clear, dull = (align.fit(recogniser, heard_TV, text, "en") for heard_TV in (clear_TV, dull_TV))
        assert clear and dull and abs(clear - dull) < 0.1


@pytest.mark.parametrize("size", [1_000, 8_000 * 8, 10**9])
def test_a_long_recording_is_heard_in_windows_without_seams(size: int) -> None:
    recogniser = Letters()
    text = "".join(np.random.default_rng(0).choice(list(LETTERS[1:]), 1_000))
    samples = beeps(text)
    heard = posteriors(recogniser, (samples[start : start + size] for start in range(0, len(samples), size)))
    assert np.array_equal(heard, recogniser.hear(samples))


def test_what_is_no_speech_is_not_listened_to() -> None:
    recogniser, samples = Letters(), beeps("noise one noise two noise")
    one, two = (len(beeps(before)) / 8_000 for before in ("noise ", "noise one noise "))
    spans = [(one + 0.21, one + 0.22), (one + 0.23, one + 0.24), (two + 0.21, 9.0)]
    heard = posteriors(recogniser, np.array_split(samples, 7), spans)
    whole = recogniser.hear(samples)
    assert len(heard) == len(whole)
    listened = np.flatnonzero((heard == whole).all(axis=1))
    nobody = np.flatnonzero(heard.min(axis=1) < -13)
    assert sorted([*listened, *nobody]) == list(range(len(whole)))
    seconds = (len(listened)) * recogniser.frame_s
    assert seconds == pytest.approx(0.63 + len(samples) / 8_000 - two + 0.09, abs=0.06)
    assert heard[nobody].argmax(axis=1).tolist() == [0] * len(nobody)


@pytest.mark.parametrize("spans", [None, []])
def test_without_sound_nothing_is_heard(spans: list[tuple[float, float]] | None) -> None:
    assert posteriors(Letters(), [], spans).shape == (0, 1)
    silence = posteriors(Letters(), [np.zeros(FRAME * 3, np.float32)], [])
    assert silence.tolist() == [[0.0]] * 3


def test_a_first_sound_that_nobody_heard_does_not_stretch_its_word_over_the_silence() -> None:
    words = aligned("one  " * 3 + "two", "one one one xtwo")
    start_s = len(beeps("one  " * 3)) / 8_000
    assert words[3].start_s == pytest.approx(start_s - align.SOUND_S - EDGE_S, abs=0.021)
