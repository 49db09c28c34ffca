"""Which subtitles belong to which recording, and what becomes of every cue."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dimts.data import importers
from dimts.data.importers import Found, Utterance
from dimts.data.manifest import Rejection
from dimts.errors import DataError
from tests.unit.data.recordings import tone

HEAD = {".vtt": "WEBVTT\n\n", ".srt": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tone(tmp_path / "talk.wav", duration_s=60, rate_hz=8_000)
    return tmp_path


def clock(seconds: float) -> str:
    return f"00:{int(seconds // 60):02}:{seconds % 60:06.3f}".replace(".", ",")


def written(folder: Path, cues: Sequence[tuple[float, float, str]], suffix: str = ".srt") -> Path:
    """Write cues as a subtitle file for talk.wav."""
    blocks = [f"{n}\n{clock(a)} --> {clock(b)}\n{text}\n" for n, (a, b, text) in enumerate(cues, start=1)]
    path = folder / f"talk{suffix}"
    path.write_text(HEAD[suffix] + "\n".join(blocks).replace(",", ".", 0), encoding="utf-8")
    return path


def found(folder: Path, *cues: tuple[float, float, str], suffix: str = ".srt") -> list[Found]:
    finds = list(importers.read(written(folder, cues, suffix)))
    assert len(finds) == len(cues)
    return finds


def raw(folder: Path, content: str | bytes, suffix: str = ".srt") -> list[Found]:
    path = folder / f"talk{suffix}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(importers.read(path))


def outcomes(finds: Sequence[Found]) -> list[str]:
    return [each.text if isinstance(each, Utterance) else f"!{each.reason}" for each in finds]


def said(folder: Path, text: str, suffix: str = ".srt") -> str:
    (outcome,) = outcomes(found(folder, (0, 2, text), suffix=suffix))
    return outcome


def test_cues_are_stretches_of_the_recording(folder: Path) -> None:
    first, second = found(folder, (0.5, 2.25, "Hello,\nworld."), (2.25, 5, "ሰላም ለዓለም።"))
    assert isinstance(first, Utterance) and isinstance(second, Utterance)
    assert (first.audio, first.text, first.start_s, first.end_s) == (folder / "talk.wav", "Hello, world.", 0.5, 2.25)
    assert (second.text, second.start_s, second.end_s) == ("ሰላም ለዓለም።", 2.25, 5)
    assert first.source == f"{folder}/talk.srt:2" and second.source == f"{folder}/talk.srt:7"
    assert first.group == second.group == f"{folder.name}/talk.wav" and first.speaker is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(folder: Path, encoding: str, end: str) -> None:
    content = end.join(["1", "00:00:01,000 --> 00:00:02,000", "ሰላም", "", ""]).encode(encoding)
    assert outcomes(raw(folder, content)) == ["ሰላም"]


def test_numbers_names_and_blank_lines_between_cues(folder: Path) -> None:
    content = "1\n0:00:01.0 --> 0:00:02.0\n12\n\nmonkeys\n2\n00:03,000-->00:04,000 X1:40 X2:600\nThree\n"
    content += "00:00:05,00 -> 00:00:06,00\n\n99\n\n\n"
    assert outcomes(raw(folder, content)) == ["12 monkeys", "Three", "99"]


def test_web_vtt(folder: Path) -> None:
    content = """WEBVTT - title
Kind: captions

STYLE
::cue { color: red }

NOTE 00:01 is a time

intro
00:01.000 --> 00:02.000 align:start position:0%
<v Abebe Bikila>Hello <c.loud>there</c> &amp; <i>you</i>

NOTE
said nobody

00:03.000 --> 00:04.000
<v.first Almaz>R&D &lt;3</v>

middle one
00:05.000 --> 00:06.000
<00:05.500>plain
"""
    finds = raw(folder, content, ".vtt")
    assert outcomes(finds) == ["Hello there & you", "R&D <3", "plain"]
    assert [getattr(each, "speaker", 0) for each in finds] == ["Abebe Bikila", "Almaz", None]
    assert finds[0].source.endswith("talk.vtt:10")


def test_ass(folder: Path) -> None:
    content = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,note to self
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Abebe,0,0,0,,{\\an8\\b1}Hello,{stage} big\\Nworld\\h!{\\i0}
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
Dialogue: 0,0:00:05.00,later,Default,,0,0,0,,Never
Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,Bye
Dialogue: 1,0:00:06.00,0:00:07.00,Default,,0,0,0,,Bye
"""
    finds = raw(folder, content, ".ass")
    assert outcomes(finds) == ["Hello, big world !", "!drawing", "!bad cue", "Bye", "!repeated"]
    assert isinstance(finds[0], Utterance) and (finds[0].speaker, finds[0].end_s) == ("Abebe", 2.5)
    assert finds[0].source.endswith("talk.ass:7")


def test_ssa_with_other_fields(folder: Path) -> None:
    content = "[Events]\nFormat: Start, End, Actor, Text\nDialogue: 0:00:01.00,0:00:02.00,Almaz,One, two\n"
    (one,) = raw(folder, content, ".ssa")
    assert isinstance(one, Utterance) and (one.text, one.speaker) == ("One, two", "Almaz")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("<i>Hello</i> <font color='#fff'>you</font>", "Hello you"),
        ("{\\an8}Hello", "Hello"),
        ("a < b and c > d", "a < b and c > d"),
        ("Tom &amp; Jerry&nbsp;!", "Tom & Jerry !"),
        ("- Hello", "Hello"),
        (">> Hello", "Hello"),
        ("- Hello.\n- Hi.", "!several speakers"),
        ("Well - yes", "Well - yes"),
        ("[music]", "!sound description"),
        ("[laughs] Hello", "!sound description"),
        ("(applause)", "!sound description"),
        ("Hello (he said)", "Hello (he said)"),
        ("♪ la la ♪", "!sound description"),
        ("♪♪", "!sound description"),
        ("*sighs*", "!sound description"),
        ("...", "!no words"),
        ("<i></i>", "!no words"),
        ("Abebe: hello", "Abebe: hello"),
        ("<v Abebe>Hello\n<v Almaz>Hi", "!several speakers"),
    ],
)
def test_what_is_said(folder: Path, text: str, outcome: str) -> None:
    assert said(folder, text) == outcome


def test_labels_that_come_back_are_speakers(folder: Path) -> None:
    texts = ["Abebe: Hello.", "Abebe: It is 10:30.", "Note: once.", "አበበ፦ ሰላም", "አበበ፦ ደህና", "No label", "[x] Abebe: no"]
    finds = found(folder, *((n * 3, n * 3 + 2, text) for n, text in enumerate(texts)))
    assert outcomes(finds) == ["Hello.", "It is 10:30.", "Note: once.", "ሰላም", "ደህና", "No label", "!sound description"]
    assert [getattr(each, "speaker", None) for each in finds] == ["Abebe", "Abebe", None, "አበበ", "አበበ", None, None]


def test_times_that_are_none(folder: Path) -> None:
    finds = found(folder, (2, 2, "zero"), (4, 3, "negative"), (59, 60.4, "to the end"), (59.9, 62, "beyond"))
    assert outcomes(finds) == ["!bad time", "!bad time", "to the end", "!outside the recording"]
    assert isinstance(finds[3], Rejection) and (finds[3].start_s, finds[3].duration_s) == (59.9, 2.1)
    assert outcomes(raw(folder, "1\n-00:00:01,000 --> 00:00:02,000\nshifted\n")) == ["!bad cue"]


def test_broken_times_do_not_join_the_cue_before(folder: Path) -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:xx,000 --> 00:00:04,000\nTwo\n\n"
    content += "3\n00:00:05,000 --> 6\nThree\n"
    finds = raw(folder, content)
    assert outcomes(finds) == ["One", "!bad cue", "!bad cue"]
    assert "Two" in finds[1].text


def test_short_overlaps_are_cut_and_told(folder: Path) -> None:
    first, second = found(folder, (0, 3.2, "One"), (3, 6, "Two"))
    assert isinstance(first, Utterance) and isinstance(second, Utterance)
    assert (first.end_s, second.start_s, second.end_s) == (3, 3, 6)
    assert first.extra == (("trimmed", "0.200 s that the next cue overlaps"),) and second.extra == ()


def test_long_overlaps_are_turned_away(folder: Path) -> None:
    finds = found(
        folder, (0, 9, "long"), (1, 3, "a"), (4, 5, "b"), (9, 12, "after"), (12.8, 13, "short"), (12.9, 15, "c")
    )
    assert outcomes(finds) == ["!overlapping cues", "!overlapping cues", "!overlapping cues", "after", "short", "c"]
    assert isinstance(finds[1], Rejection) and finds[1].measured == "2.000 s with line 2"
    assert outcomes(found(folder, (0, 0.5, "a"), (0.2, 3, "b"))) == ["!overlapping cues", "!overlapping cues"]


def test_cues_out_of_order(folder: Path) -> None:
    finds = found(folder, (10, 12, "later"), (0, 2, "first"), (11, 13, "with later"))
    assert outcomes(finds) == ["!overlapping cues", "first", "!overlapping cues"]


def test_sounds_overlap_nothing(folder: Path) -> None:
    assert outcomes(found(folder, (0, 9, "[music]"), (1, 3, "a"))) == ["!sound description", "a"]


def test_captions_that_roll_up(folder: Path) -> None:
    content = """WEBVTT
Kind: captions

00:00:00.000 --> 00:00:02.000
 
hello<00:00:00.500><c> there</c><00:00:01.000><c> world</c>

00:00:02.000 --> 00:00:02.010
hello there world
 

00:00:02.010 --> 00:00:04.000
hello there world
next<00:00:03.000><c> line</c>

00:00:04.000 --> 00:00:05.000
next line
word
"""
    assert outcomes(raw(folder, content, ".vtt")) == ["hello there world", "!no words", "next line", "word"]


def transcript(folder: Path, content: Any) -> list[Found]:
    (folder / "talk.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return list(importers.read(folder / "talk.json"))


def test_whisper(folder: Path) -> None:
    segments = [
        {"id": 0, "start": 0.0, "end": 2.0, "text": " Hello.", "speaker": "SPEAKER_01"},
        {"start": 3, "text": 5},
    ]
    one, bad = transcript(folder, {"text": " Hello.", "segments": segments, "language": "am"})
    assert isinstance(one, Utterance) and isinstance(bad, Rejection)
    assert (one.text, one.language, one.speaker, one.end_s) == ("Hello.", "am", "talk-SPEAKER_01", 2.0)
    assert (one.source, bad.source, bad.reason) == (f"{folder}/talk.json:1", f"{folder}/talk.json:2", "bad cue")


@pytest.mark.parametrize(
    "content",
    [
        {"transcription": [{"offsets": {"from": 500, "to": 1500}, "text": " Hello."}]},
        [{"text": "Hello.", "start": 0.5, "duration": 1.0}],
        [{"text": "Hello.", "start": 0.5, "end": 1.5, "words": []}],
        {"events": [{"tStartMs": 500, "dDurationMs": 1000, "segs": [{"utf8": "Hel"}, {"utf8": "lo."}]}]},
    ],
)
def test_other_transcripts(folder: Path, content: Any) -> None:
    (one,) = transcript(folder, content)
    assert isinstance(one, Utterance) and (one.text, one.start_s, one.end_s) == ("Hello.", 0.5, 1.5)


def test_json3_captions_end_where_the_next_begins(folder: Path) -> None:
    events = [
        {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1},
        {"tStartMs": 0, "dDurationMs": 4000, "segs": [{"utf8": "one"}, {"utf8": " two", "tOffsetMs": 500}]},
        {"tStartMs": 1990, "dDurationMs": 2010, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2000, "dDurationMs": 3000, "segs": [{"utf8": "three"}]},
        {"tStartMs": "x", "segs": [{"utf8": "four"}]},
    ]
    one, three, bad = transcript(folder, {"wireMagic": "pb3", "events": events})
    assert isinstance(one, Utterance) and (one.text, one.end_s) == ("one two", 2.0)
    assert isinstance(three, Utterance) and three.end_s == 5.0
    assert isinstance(bad, Rejection) and bad.reason == "bad cue"


def test_nan_and_huge_times(folder: Path) -> None:
    (folder / "talk.json").write_text(
        '[{"text": "a", "start": NaN, "end": 1}, {"text": "b", "start": 0, "end": 1e999}]'
    )
    assert outcomes(list(importers.read(folder / "talk.json"))) == ["!bad time", "!bad time"]


def test_a_pair_may_lie_anywhere(folder: Path) -> None:
    subs = written(folder, [(0, 1, "Hello")]).rename(folder / "words=1.srt")
    (folder / "film").mkdir()
    media = (folder / "talk.wav").rename(folder / "film" / "a=b.mp4")
    with pytest.raises(
        DataError, match=r"words=1\.srt: no recording of this name lies beside it; give words=1\.srt=REC"
    ):
        importers.read(subs)
    (one,) = importers.read(f"{subs}={media}")
    assert isinstance(one, Utterance) and one.audio == media and one.source == f"{subs}:2"
    assert importers.listing(f"{subs}={media}") == subs
    with pytest.raises(DataError, match=r"none\.mp4: no such file"):
        importers.read(f"{subs}={folder}/none.mp4")


def test_a_recording_is_read_by_the_subtitles_beside_it(folder: Path) -> None:
    written(folder, [(0, 1, "Hello")]).rename(folder / "talk.wav.am.srt")
    (folder / "talk.txt").write_text("Not read.")
    (one,) = importers.read(folder / "talk.wav")
    assert isinstance(one, Utterance) and (one.text, one.language) == ("Hello", "am")
    assert one.source == f"{folder}/talk.wav:2" and importers.listing(folder / "talk.wav") == folder / "talk.wav"


@pytest.mark.parametrize(
    ("names", "language", "read"),
    [
        (("talk.am.srt", "talk.en.srt"), "en", "en"),
        (("talk.am-ET.vtt", "talk.en.srt"), "am", "am-ET"),
        (("talk.srt", "talk.en.srt"), "am", None),
        (("talk.en.srt", "talk.en.vtt"), "am", "en"),
    ],
)
def test_subtitles_of_several_languages(folder: Path, names: tuple[str, ...], language: str, read: str | None) -> None:
    for name in names:
        (folder / name).write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n")
    (one,) = importers.read(folder / "talk.wav", language)
    assert isinstance(one, Utterance) and one.language == read


def test_no_guess_among_languages(folder: Path) -> None:
    for tag in ("am", "en"):
        (folder / f"talk.{tag}.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    with pytest.raises(DataError, match=r"several subtitles lie beside it \(talk\.am\.srt, talk\.en\.srt\)"):
        importers.read(folder / "talk.wav", "ti")


def test_recordings_come_before_videos(folder: Path) -> None:
    (folder / "talk.mp4").touch()
    (one,) = importers.read(written(folder, [(0, 1, "Hello")]))
    assert isinstance(one, Utterance) and one.audio.name == "talk.wav"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("talk.srt", b"", "holds no cue"),
        ("talk.vtt", b"WEBVTT\n\nNOTE nothing\n", "holds no cue"),
        ("talk.ass", b"[Events]\n", "holds no cue"),
        ("talk.srt", "1\n00:00:00,000 --> 00:00:01,000\nZoë\n".encode("latin-1"), "line 3 is not UTF-8"),
        ("talk.json", b'{"segments": []}', "holds no cue"),
        ("talk.json", b"{", "is no JSON"),
    ],
)
def test_one_line_for_what_are_no_subtitles(folder: Path, name: str, content: bytes, words: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(importers.read(folder / name))
    assert words in str(caught.value) and "\n" not in str(caught.value)
