"""Every shape of table that people have, and one clear line for what is none."""

from pathlib import Path

import pytest

from dimts.data import importers
from dimts.data.importers import Utterance
from dimts.data.manifest import Rejection
from dimts.errors import DataError
from tests.unit.data.recordings import tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tone(tmp_path / "wavs" / "a.wav")
    tone(tmp_path / "wavs" / "b.wav")
    return tmp_path


def utterances(folder: Path, content: str | bytes, name: str = "metadata.csv") -> list[Utterance]:
    """What a table of this content lists; fails if a row is turned away."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = list(importers.read(folder / name))
    assert all(isinstance(each, Utterance) for each in found), found
    return [each for each in found if isinstance(each, Utterance)]


def texts(folder: Path, content: str | bytes, name: str = "metadata.csv") -> list[str]:
    return [each.text for each in utterances(folder, content, name)]


def rejections(folder: Path, content: str) -> list[Rejection]:
    (folder / "metadata.csv").write_text(content, encoding="utf-8")
    return [each for each in importers.read(folder) if isinstance(each, Rejection)]


def test_lj_speech(folder: Path) -> None:
    first, second = utterances(folder, "a|Dr. No|Doctor No\nb|Yes|Yes\n")
    assert (first.text, second.text) == ("Doctor No", "Yes")
    assert first.audio == folder / "wavs" / "a.wav"
    assert first.source == f"{folder}/metadata.csv:1" and second.source.endswith(":2")
    assert first.speaker is None


def test_two_columns_and_an_empty_third(folder: Path) -> None:
    assert texts(folder, "a|One\nb|Two|\n") == ["One", "Two"]


@pytest.mark.parametrize("separator", ["|", "\t", ","])
def test_header_names_columns(folder: Path, separator: str) -> None:
    rows = ["audio_file|text|speaker_name", "wavs/a.wav|One|Abebe", "wavs/b.wav|Two|"]
    first, second = utterances(folder, "\n".join(rows).replace("|", separator))
    assert (first.text, first.speaker, first.audio) == ("One", "Abebe", folder / "wavs" / "a.wav")
    assert (second.text, second.speaker) == ("Two", None)
    assert second.source.endswith(":3")


def test_header_in_other_order_and_case(folder: Path) -> None:
    (found,) = utterances(folder, "client_id\tSentence\tPath\nspeaker1\tOne\ta.wav\n", "train.tsv")
    assert (found.text, found.speaker) == ("One", "speaker1")


def test_header_with_normalised_text(folder: Path) -> None:
    assert texts(folder, "id|text|normalized_text\na|No. 1|Number one\nb|Two|\n") == ["Number one", "Two"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bom_and_line_ends(folder: Path, end: str) -> None:
    assert texts(folder, "\ufeff" + end.join(["a|One", "", "b|Two", ""])) == ["One", "Two"]


def test_unicode_line_separator_is_text(folder: Path) -> None:
    assert texts(folder, "a|One\u2028two\x85three\n") == ["One\u2028two\x85three"]


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "1", "TRUE", "", "''"])
def test_no_word_is_a_missing_value(folder: Path, word: str) -> None:
    assert texts(folder, f"a|{word}\n") == [word]


@pytest.mark.parametrize("text", ['"Hello', 'He said "hi"', '"Hello," he said.', '"Hello."', 'Five" nails', '"'])
def test_quotes_are_text_in_lj_tables(folder: Path, text: str) -> None:
    assert texts(folder, f"a|{text}|{text}\nb|Two|Two\n") == [text, "Two"]


def test_quotes_that_only_csv_writes_are_undone(folder: Path) -> None:
    rows = 'audio_file|text|speaker_name\na|"He said ""hi"""|x\nb|"left | right"|x\n"a"|"Every cell"|"x"\n'
    assert texts(folder, rows) == ['He said "hi"', "left | right", "Every cell"]


def test_commas_follow_csv(folder: Path) -> None:
    rows = 'audio_file,text\na,"One, and ""two"""\nb,"Two\nlines"\na,Three\n'
    found = utterances(folder, rows)
    assert [each.text for each in found] == ['One, and "two"', "Two\nlines", "Three"]
    assert [each.source.rpartition(":")[2] for each in found] == ["2", "3", "5"]


def test_commas_in_lj_texts_separate_nothing(folder: Path) -> None:
    assert texts(folder, "a|One, two|One, two\nb|Two, three|Two, three\n") == ["One, two", "Two, three"]


def test_finds_audio_beside_or_below_with_any_suffix(tmp_path: Path) -> None:
    places = ["wavs/one.wav", "two.flac", "clips/three.mp3", "deep er/አራት.ogg", "ab.solute.wav"]
    for place in places:
        tone(tmp_path / place)
    rows = ["one|1", "two|2", "three|3", "deep er/አራት|4", f"{tmp_path}/ab.solute|5", "wavs\\one.wav|6", "two.flac|7"]
    found = utterances(tmp_path, "\n".join(rows))
    expected = [*places, places[0], places[1]]
    assert [each.audio for each in found] == [tmp_path / place for place in expected]


def test_never_takes_a_file_of_the_same_name_elsewhere(folder: Path) -> None:
    (missing,) = rejections(folder, "other/place/a.wav|One\n")
    assert missing.reason == "missing"


def test_missing_audio_is_told_with_the_places(folder: Path) -> None:
    missing, empty = rejections(folder, f"a|One\nzzz|Two\n|Three\n{'b'}|Four\n")
    assert (missing.stage, missing.reason, missing.measured, missing.text) == ("read", "missing", "zzz", "Two")
    assert str(folder / "wavs") in str(missing.limit) and ".flac" in str(missing.limit)
    assert missing.source.endswith(":2") and (empty.reason, empty.measured) == ("missing", "")


@pytest.mark.parametrize("name", ["x" * 5000, "../" * 900])
def test_impossible_names_are_missing(folder: Path, name: str) -> None:
    (missing,) = rejections(folder, f"{name}|One\n")
    assert missing.reason == "missing"


def test_rows_of_other_width_are_turned_away(folder: Path) -> None:
    bad = rejections(folder, "a|One|One\nb\na|1|2|3|4\nb|Two|Two\n")
    assert [(each.reason, each.measured) for each in bad] == [("bad row", "1 columns"), ("bad row", "5 columns")]
    assert bad[0].source.endswith(":2")


def test_unquoted_commas_are_no_third_column(folder: Path) -> None:
    (bad,) = rejections(folder, "a,Hello, world\nb,Two\n")
    assert (bad.reason, bad.measured, bad.limit) == ("bad row", "3 columns", "2 columns")


def test_a_folder_means_its_table(folder: Path) -> None:
    (folder / "metadata.csv").write_text("a|One\n")
    (found,) = importers.read(folder)
    assert found.source == f"{folder}/metadata.csv:1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n\n", "is empty"),
        ("a|One\nb|Zoë\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("a|Zoë\n".encode("utf-16")[:-1], "line 1 is not UTF-16"),
        (b"just words\n", "no |, tab or comma"),
        (b"audio_file|text\n", "holds a header and no rows"),
        (b'audio_file,text\na,"never closed\nb,Two\n', "line 2 breaks CSV quoting"),
        (b'audio_file,text\na,"closed" early\nb,Two\n', "line 2 breaks CSV quoting"),
        (b"a|One|Abebe\nb|Two|Abebe\n", "name the columns"),
        (b"a|One|0\nb|Two|1\n", "name the columns"),
    ],
)
def test_one_line_for_what_is_no_table(folder: Path, content: bytes, words: str) -> None:
    (folder / "metadata.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(importers.read(folder))
    line = str(caught.value)
    assert words in line and line.startswith(f"{folder}/metadata.csv") and "\n" not in line


def test_one_line_for_what_is_no_source(folder: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        importers.read(folder / "none")
    (folder / "notes.docx").write_text("words")
    with pytest.raises(DataError, match=r"notes\.docx: is nothing that can be read; give a table"):
        importers.read(folder / "notes.docx")


def test_utf_16(folder: Path) -> None:
    assert texts(folder, "a|ሰላም\r\nb|Zoë\r\n".encode("utf-16")) == ["ሰላም", "Zoë"]
    assert texts(folder, "\ufeffa|ሰላም\n".encode("utf-16-be")) == ["ሰላም"]


def test_common_voice(tmp_path: Path) -> None:
    tone(tmp_path / "clips" / "common_voice_am_1.wav")
    head = (
        "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant"
    )
    rows = ['c0ffee\tcommon_voice_am_1.wav\ts1\tእሱ "ሰላም" አለ።\t\t2\t0\t\t\t\t\tam\t', "", ""]
    (tmp_path / "validated.tsv").write_text(f"{head}\tlocale\tsegment\n" + "\n".join(rows), encoding="utf-8")
    (found,) = importers.read(tmp_path)
    assert isinstance(found, Utterance)
    assert (found.text, found.speaker, found.language) == ('እሱ "ሰላም" አለ።', "c0ffee", "am")
    assert importers.listing(tmp_path) == tmp_path / "validated.tsv"


def test_stretches_language_and_licence(folder: Path) -> None:
    head = "audio,text,start,end,lang,license,consent,url,group\n"
    first, second = utterances(folder, f"{head}a,One,0.5,0.9,am,CC0,signed,https://a.example/1,talk\nb,Two,,,,,,,\n")
    assert (first.start_s, first.end_s, first.language, first.group) == (0.5, 0.9, "am", "talk")
    assert first.extra == (("licence", "CC0"), ("consent", "signed"), ("url", "https://a.example/1"))
    assert (second.start_s, second.end_s, second.language, second.group, second.extra) == (None, None, None, None, ())


@pytest.mark.parametrize(
    ("head", "cells", "stretch"),
    [
        ("start_ms|end_ms", "500|900", (0.5, 0.9)),
        ("offset|duration", "0.5|0.25", (0.5, 0.75)),
        ("end", "0.5", (None, 0.5)),
    ],
)
def test_times_in_other_words(folder: Path, head: str, cells: str, stretch: tuple[float, float]) -> None:
    (found,) = utterances(folder, f"audio|text|{head}\na|One|{cells}\n")
    assert (found.start_s, found.end_s) == stretch


@pytest.mark.parametrize("times", ["1|0.5", "0.5|0.5", "-1|1", "nan|1", "0|inf", "0|nan", "soon|1"])
def test_stretches_that_are_none(folder: Path, times: str) -> None:
    (bad,) = rejections(folder, f"audio|text|start|end\na|One|{times}\n")
    assert (bad.reason, bad.id, bad.text) == ("bad time", "a", "One")
