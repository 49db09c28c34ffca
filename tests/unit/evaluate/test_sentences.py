"""Sentences to judge by, how long they should last, and which voices speak them."""

from pathlib import Path

import numpy as np
import pytest

from dimts.audio.io import Audio, write
from dimts.data import manifest
from dimts.errors import AudioError, ConfigError, TextError
from dimts.evaluate import pace, planning, sentences
from dimts.evaluate.sentences import Sentence
from dimts.text.languages import find
from tests.flow.material import Material


def test_every_built_in_set_tests_all_kinds() -> None:
    for language in sentences.built_in_languages():
        found = sentences.built_in(language)
        kinds = {kind for sentence in found for kind in sentence.kinds}
        assert len({sentence.text for sentence in found}) == 20
        assert kinds == {"short", "medium", "long", "number", "question"}
        assert not find(language).generic


def test_kinds() -> None:
    assert Sentence("Not before Thursday.", "en").kinds == ("short",)
    assert Sentence("Is it 12 o'clock already, or not?", "en").kinds == ("medium", "number", "question")
    assert Sentence("ስንት ነው፧", "am").kinds == ("short", "question")


def test_some_are_spread_over_all_lengths() -> None:
    every = sentences.built_in("en")
    assert sentences.built_in("en", 3) == [every[0], every[10], every[19]]
    assert sentences.built_in("en", 1) == every[:1]
    assert sentences.built_in("en-gb", 50) == [Sentence(each.text, "en-gb") for each in every]
    assert sentences.built_in("xx") == []


def test_a_file_may_name_languages(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("One.\n\nes\tUno.\nOne.\n", encoding="utf-8")
    assert sentences.of_file(path, "en") == [Sentence("One.", "en"), Sentence("Uno.", "es")]
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no sentence"):
        sentences.of_file(path, "en")
    path.write_text("no language\tUno.", encoding="utf-8")
    with pytest.raises(TextError, match="not a language code"):
        sentences.of_file(path, "en")


def test_held_back_clips_come_first_and_trained_texts_never(material: Material) -> None:
    dataset = manifest.read(material.dataset)
    found = planning.for_languages(["am"], [dataset], 10)
    assert [sentence.recording is not None for sentence in found] == [True] * 3 + [False] * 7
    assert {each.text for each in found[:3]} == {clip.text for clip in dataset.side("eval")}
    assert all(sentence.recording and sentence.recording.is_file() for sentence in found[:3])
    assert planning.for_languages(["am"], [dataset], 2) == found[:2]
    trained = {clip.text for clip in dataset.side("train")}
    assert not trained & {each.text for each in found}
    with pytest.raises(ConfigError, match="language sw: no sentences"):
        planning.for_languages(["sw"], [dataset], 2)


def test_other_languages_are_those_of_the_vocabulary_that_have_sentences() -> None:
    found = planning.of_others(["en", "fr", "pl", "am"], ["am"], 2)
    assert [sentence.language for sentence in found] == ["en", "en", "pl", "pl"]
    assert planning.of_others(["en"], ["am"], 0) == []


def test_voices_are_those_of_the_speakers(material: Material, tmp_path: Path) -> None:
    dataset = manifest.read(material.dataset)
    one = planning.of_datasets([dataset], 2)
    assert [voice.name for voice in one] == ["voice 1", "voice 2"]
    assert [len(voice.recordings) for voice in one] == [3, 3]
    assert not set(one[0].recordings) & set(one[1].recordings)
    paths = [tmp_path / "ada.wav", tmp_path / "bela.wav"]
    for path in paths:
        write(path, Audio(np.zeros(100, np.float32), 24_000))
    named = planning.of_files(paths)
    assert [(voice.name, voice.recordings) for voice in named] == [("ada", (paths[0],)), ("bela", (paths[1],))]
    assert named[0].key == named[1].key  # the same sound is the same voice
    with pytest.raises(AudioError, match="there is no such file"):
        planning.of_files([tmp_path / "none.wav"])


def test_paces_are_measured_or_usual(material: Material) -> None:
    paces = pace.of_datasets([manifest.read(material.dataset)])
    assert paces.letters("25 ደቂቃ", "am") == 9  # ሃያ አምስት ደቂቃ
    assert 2 < paces.of("ሰላም", "am") < 20
    assert paces.of("Good morning", "en") == pace.USUAL_LETTERS_S
    assert paces.of("ሰላም", "ti") == pace.USUAL_SYLLABLES_S
    assert paces.expected_s("Good morning", "en") == pytest.approx(11 / pace.USUAL_LETTERS_S)
    assert paces.most_codes("Good morning", "en") == round(3 * 11 / 13 * 22_050 / 1024) + 30
