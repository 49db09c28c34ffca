"""Intelligibility by phones: speech is told from noise and from other texts, silence and non-numbers are no speech."""

from importlib.util import find_spec

import numpy as np
import pytest

from dimts.audio.io import Audio
from dimts.errors import TextError
from dimts.evaluate import intelligibility
from dimts.evaluate.intelligibility import Clip

pytestmark = pytest.mark.skipif(not (find_spec("hama") and find_spec("espeakng_loader")), reason="needs hama, espeak")

TEXTS = {
    "en": (
        "The ferry leaves at half past seven.", "She bought twelve eggs and honey.", "Carry the suitcase upstairs.",
        "Why does the clock stop every winter?", "We washed the glasses and folded the chairs.",
    ),
    "am": (
        "ቁልፉን የት አስቀመጥሽው?", "ባቡሩ በዝናቡ ምክንያት ዘገየ።", "አስተማሪዋ ትልቅ ካርታ ሳለች።",
        "ነገ ጠዋት ወደብ ውስጥ ይቆያሉ።", "አንድ ዳቦና ጠርሙስ ማር ገዛች።",
    ),
}  # fmt: skip
BOATS = [f"There were {count} boats in the harbour of {place}." for count in (7, 30) for place in "ABCDEFGHI"]
TOWNS = ("ጎንደር", "አዳማ", "ሐረር", "መቀሌ", "ጅማ", "አክሱም")
VISITS = [f"{name} ወደ {town} ሄደ።" for name in ("አበበ", "ከበደ", "ተሰማ") for town in TOWNS]
POOL = [(text, "en") for text in BOATS] + [(text, "am") for text in VISITS]


@pytest.fixture(scope="module")
def spoken() -> list[Clip]:
    from dimts.app.demo import espeak

    voices = {"en": "en-us", "am": "am"}
    return [
        Clip(espeak.speak(text, voices[language]), text, language)
        for language, texts in TEXTS.items()
        for text in texts
    ]


def with_sound(clips: list[Clip], sounds: list[Audio]) -> list[Clip]:
    return [Clip(sound, clip.text, clip.language) for clip, sound in zip(clips, sounds, strict=True)]


def in_noise(audio: Audio, share: float) -> Audio:
    """Noise as loud as the speech at share 0.5, no speech at 1."""
    noise = np.random.default_rng(0).standard_normal(len(audio.samples)) * audio.samples.std()
    return Audio(((1 - share) * audio.samples + share * noise).astype(np.float32), audio.rate_hz)


def test_speech_is_better_than_noisy_speech_than_noise_than_other_texts(spoken: list[Clip]) -> None:
    order = [
        spoken,
        with_sound(spoken, [in_noise(clip.audio, 0.5) for clip in spoken]),
        with_sound(spoken, [in_noise(clip.audio, 1.0) for clip in spoken]),
        with_sound(spoken, [clip.audio for clip in spoken[1:5] + spoken[:1] + spoken[6:] + spoken[5:6]]),
    ]
    scores = [intelligibility.score(clips, POOL) for clips in order]
    assert [score.nearest.mean for score in scores[::3]] == [1.0, 0.0]
    assert scores[1].nearest.mean >= 0.7 > 0.1 >= scores[2].nearest.mean > 0
    for measure in ("distance", "error"):
        speech, noisy, noise, other = (getattr(score, measure).mean for score in scores)
        assert speech < noisy < min(noise, other)
    assert scores[0].chance == pytest.approx(1 / 20)
    assert scores[0].error.high < 0.8


def test_silence_is_chance_and_never_better(spoken: list[Clip]) -> None:
    silent = with_sound(spoken, [Audio(np.zeros(24_000, np.float32), 24_000) for _ in spoken])
    empty = with_sound(spoken, [Audio(np.zeros(0, np.float32), 24_000) for _ in spoken])
    broken = with_sound(spoken, [Audio(np.full(24_000, np.nan, np.float32), 24_000) for _ in spoken])
    for clips in (silent, empty, broken):
        score = intelligibility.score(clips, POOL)
        assert all(told.heard == () and told.error == told.distance == 1.0 for told in score.clips)
        assert score.nearest.mean == pytest.approx(1 / 20)


def test_scores_follow_the_seed_alone(spoken: list[Clip]) -> None:
    one, same, other = (intelligibility.score(spoken[:3], POOL, seed) for seed in (1, 1, 2))
    assert one == same
    assert [told.error for told in one.clips] == [told.error for told in other.clips]


def test_worker_processes_hear_the_same(spoken: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    from dimts.data import pool

    monkeypatch.setattr(pool, "START_S", 0.0)
    assert intelligibility.score(spoken[:2], POOL, processes=2) == intelligibility.score(spoken[:2], POOL)


def test_nearest_and_errors() -> None:
    heard, own, other = ["d", "a", "t"], ["t", "a", "t"], ["m", "u"]
    assert intelligibility.nearest(heard, [other, own]) == 1
    assert intelligibility.phone_error(heard, own) == pytest.approx(1 / 3)
    assert intelligibility.phone_distance(heard, own) == pytest.approx(1 / 9)
    assert intelligibility.phone_error(["a"], []) == 1.0


def test_texts_are_meant_as_they_are_spoken() -> None:
    assert intelligibility.meant(["12"], "en") == intelligibility.meant(["twelve"], "en")
    assert "ʔ" not in intelligibility.meant(["አንድ"], "am")[0]
    assert intelligibility.meant(["ሰላም"], "ti")[0][:2] == ["s", "ə"]
    with pytest.raises(TextError, match="no such voice"):
        intelligibility.meant(["text"], "xx")
