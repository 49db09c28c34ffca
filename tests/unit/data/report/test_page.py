"""The page: one file that nothing breaks, equal for equal datasets, quick and small for large ones."""

import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from dimts.data import manifest, report
from dimts.data.manifest import Dataset
from dimts.data.report.markup import escaped, tag
from dimts.data.report.wording import clock, length
from dimts.errors import DataError
from tests.unit.data.recordings import corpus, run
from tests.unit.data.report.clips import clip, dataset, rejection

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
UNCLOSED = {"meta", "link", "br"}


class Page(HTMLParser):
    """What a browser finds: elements, their attributes, the text; every element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in UNCLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> Iterator[str]:
        return (value for _, attributes in self.found if (value := attributes.get(name)))


def opened(whole: Dataset) -> Page:
    whole.folder.mkdir(exist_ok=True)
    return Page(report.write(whole).read_text(encoding="utf-8"))


def test_nothing_from_files_becomes_markup(tmp_path: Path) -> None:
    names = {name: EVIL for name in ("id", "audio", "text", "spoken", "speaker", "source", "group")}
    evil = replace(clip(0, snr_db=1.0), **names, warnings=(EVIL,), extra={EVIL: EVIL})  # type: ignore[arg-type]
    no = replace(rejection(1, EVIL), source=EVIL, measured=EVIL, limit=EVIL)
    page = opened(replace(dataset(tmp_path, evil, rejected=(no,)), licence=EVIL, consent=EVIL))
    assert not {name for name, _ in page.found} & {"script", "img", "iframe", "object"}
    assert not [key for _, attributes in page.found for key in attributes if key.startswith("on")]
    assert page.text.count(EVIL) > 10


def test_odd_characters_do_not_stop_the_page(tmp_path: Path) -> None:
    text = "a\x00b\x1b[31mc\u202ed $title ${body} $$"
    page = opened(dataset(tmp_path, clip(0, text), language="am"))
    assert "a␀b␛[31mc\u202ed $title ${body} $$" in page.text
    assert ("bdi", {}) in page.found


def test_everything_lies_in_the_one_file(tmp_path: Path) -> None:
    page = opened(dataset(tmp_path, *(clip(n, snr_db=n) for n in range(9)), rejected=(rejection(0),)))
    assert all(value.startswith(("#", "data:")) for value in page.attributes("href"))
    assert all(value.startswith("audio/") for value in page.attributes("src"))
    assert "http:" not in "".join(page.attributes("style")) and "url(" not in page.text
    targets = set(page.attributes("id"))
    assert {value.removeprefix("#") for value in page.attributes("href") if value.startswith("#")} <= targets


def test_players_find_the_sound_beside_the_page(tmp_path: Path) -> None:
    corpus(tmp_path / "source", 3)
    (tmp_path / "source" / "wavs" / "clip001.wav").rename(tmp_path / "source" / "wavs" / "ሰላም #1 50%.wav")
    table = tmp_path / "source" / "metadata.csv"
    table.write_text(table.read_text().replace("clip001", "ሰላም #1 50%"), encoding="utf-8")
    made = run(tmp_path / "out", table)
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    players = [attributes for name, attributes in page.found if name == "audio"]
    assert {attributes["preload"] for attributes in players} == {"none"}
    named = {unquote(str(attributes["src"])) for attributes in players}
    assert named == {each.audio for each in made.clips} and all((tmp_path / "out" / name).is_file() for name in named)


def test_no_name_of_a_sound_leads_elsewhere(tmp_path: Path) -> None:
    page = opened(dataset(tmp_path, replace(clip(0), audio="javascript:alert(1)")))
    assert set(page.attributes("src")) == {"javascript%3Aalert%281%29"}


def test_equal_datasets_give_equal_pages(tmp_path: Path) -> None:
    clips = [clip(n, snr_db=20.0 + n % 7, warnings=("loud edge",)) for n in range(50)]
    for name in ("one", "two"):
        opened(dataset(tmp_path / name, *clips, rejected=(rejection(0), rejection(1, "low SNR"))))
    assert (tmp_path / "one" / "report.html").read_bytes() == (tmp_path / "two" / "report.html").read_bytes()


def test_it_says_what_it_must(tmp_path: Path) -> None:
    clips = (clip(0, snr_db=6.0, warnings=("low SNR",)), clip(1, snr_db=30.0), clip(2, "ጿ", split="eval"))
    page = opened(replace(dataset(tmp_path, *clips, rejected=(rejection(0),)), consent=""))
    for said in (
        "Amharic: 6.0 s of speech",
        "CC0-1.0",
        "not stated; give --consent",
        "4 rows, 4 clips = 3 accepted + 1 turned away; 6.3 s = 6.0 s + 0.3 s + 0.0 s not speech",
        "for instance talk.csv:9000: 0.3 (limit 0.4)",
        "low SNR1 clip, 2.0 s",
        "Only in clips that are held back",
        "move or send the dataset folder as a whole",
        "Signal to noise: noisiest turned away below 5.0 dB, warned of below 15.0 dB6.0 dB",
        "Not measured in any clip: loudness, highest tone, alignment score, one voice.",
        "add up",
    ):
        assert (said in page.text) == (said != "add up"), said
    torn = replace(dataset(tmp_path, *clips), totals=(replace(dataset(tmp_path, *clips).totals[0], found_s=9.0),))
    assert "do not add up" in opened(torn).text


def test_a_large_dataset_is_quick_and_its_page_small(tmp_path: Path) -> None:
    words = [chr(0x1200 + n % 300) * 40 for n in range(997)]
    clips = [
        clip(n, words[n % 997], snr_db=n % 41, loudness_lufs=-(n % 31), extra={"url": f"https://example.org/{n}"},
             speaker=f"s{n % 500}", source=f"{'x' * 200}{n % 300}.csv:{n}", warnings=("loud edge",) if n % 3 else ())
        for n in range(20_000)
    ]  # fmt: skip
    no = tuple(rejection(n, f"reason {n % 70}") for n in range(5000))
    whole = dataset(tmp_path, *clips, rejected=no)
    started = time.process_time()
    path = report.write(whole)
    assert time.process_time() - started < 6  # 3 s on an idle core
    assert path.stat().st_size < 500_000


def test_a_full_disk_is_one_line_and_the_dataset_stays(tmp_path: Path) -> None:
    whole = run(tmp_path / "out", corpus(tmp_path / "source", 2))
    (tmp_path / "out" / "report.html").unlink()
    (tmp_path / "out" / "report.html").mkdir()
    with pytest.raises(DataError, match=r"report\.html: cannot be written: .*the dataset is whole"):
        report.write(whole)
    assert manifest.read(tmp_path / "out") == whole


def test_preparing_again_writes_it_again(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    run(tmp_path / "out", source)
    first = (tmp_path / "out" / "report.html").read_bytes()
    (tmp_path / "out" / "report.html").write_text("old")
    (tmp_path / "out" / ".report.html.123.part").write_text("of a run that was killed")
    run(tmp_path / "out", source)
    assert (tmp_path / "out" / "report.html").read_bytes() == first
    assert not list((tmp_path / "out").glob(".*"))


def test_markup() -> None:
    assert (
        tag("p", "a<b", tag("i"), class_="x", aria_label='"', title=None)
        == '<p class="x" aria-label="&quot;">a&lt;b<i></i></p>'
    )
    assert escaped(escaped("&")) == "&amp;" and escaped("half \ud800 a character") == "half ? a character"


def test_lengths() -> None:
    assert [clock(s) for s in (0, 59.94, 60, 3599.6, 36_000)] == ["0.0 s", "59.9 s", "1:00", "1:00:00", "10:00:00"]
    said = ["0.0 s", "59.9 s", "1 min 00 s", "1 h 00 min", "10 h 00 min"]
    assert [length(s) for s in (0, 59.94, 59.96, 3599.6, 36_000)] == said
