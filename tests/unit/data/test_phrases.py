"""Clips out of aligned words: cut in silence, at sentence ends for preference, and no word lost."""

import random

from dimts.data.align import End, Word
from dimts.data.phrases import Lengths, Phrase, Span, clips, fitted
from dimts.data.recognisers import posteriors
from tests.unit.data.letters import Letters, beeps


def say(plan: str, word_s: float = 0.5) -> tuple[list[Word], list[Span]]:
    """Words of `word_s` from a plan: space is no pause, `_` one of 0.3 s, `=` one of 2 s."""
    words: list[Word] = []
    spans: list[Span] = []
    at_s = 1.0
    for token in plan.replace("_", " _ ").replace("=", " = ").split():
        if token in "_=":
            at_s += 0.3 if token == "_" else 2.0
            continue
        end: End = "sentence" if token.endswith(".") else "clause" if token.endswith(",") else ""
        words.append(Word(token, " ", end, round(at_s, 3), round(at_s + word_s, 3), 4, -0.1))
        if spans and abs(spans[-1][1] - at_s) < 0.01:
            spans[-1] = (spans[-1][0], at_s + word_s)
        else:
            spans.append((at_s, at_s + word_s))
        at_s += word_s
    return words, spans


def test_sentences_become_clips_with_room() -> None:
    words, spans = say("a a a a a a.=b b b b b b b.")
    first, second = clips(words, spans)
    assert (first.text, second.text) == ("a a a a a a.", "b b b b b b b.")
    assert (first.start_s, first.end_s) == (0.85, 4.15)
    assert (second.start_s, second.end_s) == (5.85, 9.65)


def test_a_cut_prefers_the_sentence_end_and_never_parts_words_without_a_pause() -> None:
    words, spans = say("a a a a_a a a a a a.__a a a a a a_a a a a a a.")
    assert [clip.text for clip in clips(words, spans)] == ["a a a a a a a a a a.", "a a a a a a a a a a a a."]
    words, spans = say("a a a a a a a a a a a a. a a a a a a a a_a a a a a a a.")
    assert [clip.text.count("a") for clip in clips(words, spans)] == [20, 7]


def test_short_sentences_are_joined_up_to_a_long_silence() -> None:
    words, spans = say("a a.__b b b.__c c.===d d.")
    assert [clip.text for clip in clips(words, spans)] == ["a a. b b b. c c.", "d d."]


def test_a_tight_pause_is_shared() -> None:
    words, spans = say("a a a a a a a._b b b b b b b.")
    first, second = clips(words, spans, Lengths(max_s=5.0))
    assert first.end_s == second.start_s == 4.65


def test_the_times_of_words_may_be_off() -> None:
    words, spans = say("a a a a a a a.__b b b b b b b.")
    moved = [
        Word(w.text, w.gap, w.end, w.start_s + random.Random(i).uniform(-0.15, 0.15), w.end_s, w.sounds, w.score)
        for i, w in enumerate(words)
    ]
    assert [clip.text for clip in clips(moved, spans, Lengths(max_s=5.0))] == ["a a a a a a a.", "b b b b b b b."]


def test_untranscribed_speech_in_front_stays_out() -> None:
    words, spans = say("x x x x x x x x x x a a a a a a a.")
    (clip,) = clips(words[10:], spans)
    assert clip.start_s >= words[9].end_s - 0.11


def test_every_word_is_in_one_clip() -> None:
    chance = random.Random(0)
    for _ in range(40):
        marks = ["a ", "a, ", "a. ", "a_", "a._", "a.=", "a="]
        plan = "".join(chance.choices(marks, weights=[20, 2, 1, 3, 3, 1, 1], k=chance.randint(1, 80)))
        words, spans = say(plan)
        found = clips(words, spans)
        assert " ".join(clip.text for clip in found).split() == [word.text for word in words]
        assert all(a.end_s <= b.start_s for a, b in zip(found, found[1:], strict=False))


def test_each_clip_is_told_how_well_it_fits() -> None:
    recogniser, sound = Letters(), beeps("the number is busy please hold the line")
    heard_TV = posteriors(recogniser, [sound])
    middle_s = len(beeps("the number is busy ")) / recogniser.rate_hz
    right, wrong = Phrase(0.0, middle_s, "the number is busy"), Phrase(middle_s, 9.0, "leave a message now")
    assert [clip.fit for clip in fitted([right], recogniser, heard_TV, "en")] == [1.0]
    assert (fitted([wrong], recogniser, heard_TV, "en")[0].fit or 0) < 0.5
