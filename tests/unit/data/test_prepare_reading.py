"""How texts are read is a dataset's own for life: its mode, and the user's words that lie in its folder."""

import json
from pathlib import Path

import pytest

from dimts.data import manifest
from dimts.data.check import check
from dimts.data.manifest import Dataset
from dimts.data.prepare import Options, prepare
from dimts.errors import DataError, MissingExtra, TextError
from dimts.text.front import STORED, Choice, Front
from tests.unit.data.recordings import table, tone

IPA = Choice("g2p")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, hz in (("a", 200), ("b", 300)):
        tone(tmp_path / "wavs" / f"{name}.wav", hz)
    return table(tmp_path, "a|ገና 5 ብር።", "b|ሰላም COVID-19")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("ገና\tገ፟ና\nCOVID-19\tኮቪድ\n", encoding="utf-8")
    return path


def made(source: Path, choice: Choice = Choice(), language: str = "am") -> Dataset:  # noqa: B008
    return prepare([source], source.parent / "out", language, Options(eval_share=0, text=choice, workers=1))


def spoken(dataset: Dataset) -> list[str]:
    return [clip.spoken for clip in dataset.clips]


def stored(dataset: Dataset) -> list[str]:
    return sorted(path.name for path in dataset.folder.iterdir() if STORED.fullmatch(path.name))


def test_letters_by_default(source: Path) -> None:
    dataset = made(source)
    assert dataset.normaliser == Front().identity
    assert spoken(dataset)[0] == "ገና አምስት ብር።"
    assert stored(dataset) == []


def test_ipa_where_asked_for(source: Path) -> None:
    dataset = made(source, IPA)
    assert (
        dataset.normaliser
        == Front("rules").identity
        == json.loads((dataset.folder / "dataset.json").read_text())["normaliser"]
    )
    assert spoken(dataset)[0] == "ɡəna ʔamsɨt bɨr."
    assert dataset.clips[0].text == "ገና 5 ብር።"
    assert manifest.read(dataset.folder) == dataset
    assert manifest.read(dataset.folder).front == Front("rules")
    assert check(dataset.folder) == []


def test_a_dataset_keeps_its_mode(source: Path) -> None:
    first = made(source, IPA)
    assert spoken(made(source)) == spoken(first)
    before = {path: path.read_bytes() for path in first.folder.iterdir() if path.is_file()}
    with pytest.raises(TextError, match="was read with --mode g2p, not bpe"):
        made(source, Choice("bpe"))
    with pytest.raises(TextError, match="was read with --backend rules, not espeak"):
        made(source, Choice(backend="espeak"))
    assert {path: path.read_bytes() for path in before} == before


def test_words_travel_with_the_dataset(source: Path, words: Path) -> None:
    dataset = made(source, Choice("g2p", lexicon=words))
    assert spoken(dataset) == ["ɡːəna ʔamsɨt bɨr.", "səlam kovid"]
    assert stored(dataset) == [f"{dataset.normaliser.rpartition('+')[2]}.tsv"]
    words.unlink()
    assert spoken(made(source)) == spoken(dataset)
    assert check(dataset.folder) == []


def test_other_words_are_read_anew_and_replace_the_old(source: Path, words: Path) -> None:
    first = made(source, Choice(lexicon=words))
    words.write_text("ገና\tጌና\n", encoding="utf-8")
    second = made(source, Choice(lexicon=words))
    assert spoken(first)[0] == "ገና አምስት ብር።" and spoken(second)[0] == "ጌና አምስት ብር።"
    assert first.normaliser != second.normaliser
    assert stored(second) == [f"{second.normaliser.rpartition('+')[2]}.tsv"]
    assert {clip.id for clip in first.clips} == {clip.id for clip in second.clips}


def test_an_edited_file_in_the_folder_is_noticed_and_read_anew(source: Path, words: Path) -> None:
    dataset = made(source, Choice(lexicon=words))
    (dataset.folder / stored(dataset)[0]).write_text("ገና\tጌና\n", encoding="utf-8")
    with pytest.raises(DataError, match="run `dimts prepare` again"):
        manifest.read(dataset.folder)
    assert any("run `dimts prepare` again" in problem for problem in check(dataset.folder))
    assert spoken(made(source))[0] == "ጌና አምስት ብር።"
    assert check(dataset.folder) == []


def test_a_lost_file_is_one_line(source: Path, words: Path) -> None:
    dataset = made(source, Choice(lexicon=words))
    lost = dataset.folder / stored(dataset)[0]
    lost.unlink()
    assert check(dataset.folder) == [f"{lost}: is missing, and the texts were read with it; copy it back"]
    with pytest.raises(TextError, match="copy it back"):
        made(source)
    with pytest.raises(TextError, match="copy it back"):
        manifest.read(dataset.folder)


def test_a_run_that_was_killed_after_storing_words_goes_on(source: Path, words: Path) -> None:
    (source.parent / "out").mkdir()
    Front(lexicon=words).store(source.parent / "out")
    dataset = made(source)
    assert dataset.normaliser == Front().identity
    assert stored(dataset) == []


@pytest.mark.parametrize(
    ("choice", "language", "problem"),
    [
        (Choice("g2p"), "en", "rules pronounces only am, ti"),
        (Choice("g2p", "espeak"), "qq", "espeak-ng"),
        (Choice(lexicon=Path("none.tsv")), "am", "none.tsv: cannot be read"),
        (Choice(), "klingon", "not a language code"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_written(
    choice: Choice, language: str, problem: str, source: Path
) -> None:
    with pytest.raises((TextError, MissingExtra), match=problem):
        made(source, choice, language)
    assert not (source.parent / "out").exists()


def test_datasets_read_in_different_ways_do_not_mix(source: Path) -> None:
    one = made(source)
    other = prepare([source], source.parent / "ipa", "am", Options(eval_share=0, text=IPA, workers=1))
    assert manifest.read_alike([one.folder, one.folder])
    with pytest.raises(DataError, match="were read by dimts-.*ipa-rules-1, those of .*out by dimts-"):
        manifest.read_alike([one.folder, other.folder])
