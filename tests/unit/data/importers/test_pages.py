"""Pages through yt-dlp, from a server on loopback: what is brought, kept, and said when it fails."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dimts.data import importers, manifest
from dimts.data.importers import Found, Utterance, download, pages
from dimts.data.importers.remote import Access, fetch
from dimts.data.manifest import Rejection
from dimts.errors import DataError
from tests.unit.app.command import run
from tests.unit.data.recordings import tone

pytest.importorskip("yt_dlp")
PRINTING = (
    "Printing, in the only sense with which we are at present concerned, differs from most if not from all the arts"
    " and crafts represented in the Exhibition"
)
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n\n00:01.000 --> 00:02.000\n[music]\n"


def page(*tracks: str, video: str = "talk.wav") -> bytes:
    body = "".join(f'<track kind="subtitles" src="{name}" srclang="{name.split(".")[1]}">' for name in tracks)
    return f"<html><title>A talk</title><video src='{video}'>{body}</video></html>".encode()


@dataclass
class Site:
    """What the server holds, and what it was asked."""

    content: dict[str, bytes]
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    cut_after: dict[str, int] = field(default_factory=dict)  # bytes after which a connection drops, once

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        """Answer, also as a proxy, which is asked for whole addresses."""
        self.site.asked.append((self.path, dict(self.headers)))
        name = self.path.rpartition("/")[2].partition("?")[0]
        content = self.site.content.get(name)
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(404 if content is None else 206 if self.headers["Range"] else 200)
        content = content or b""
        kinds = {"html": "text/html", "wav": "audio/wav", "mp4": "video/mp4", "vtt": "text/vtt"}
        self.send_header("Content-Type", kinds.get(name.rpartition(".")[2], "text/plain"))
        self.send_header("Content-Length", str(len(content) - begin))
        self.send_header("Accept-Ranges", "bytes")
        if self.headers["Range"]:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            cut = self.site.cut_after.pop(name, None)
            self.wfile.write(content[begin:cut])
            self.close_connection = cut is not None


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    wav = tone(tmp_path / "made" / "talk.wav", duration_s=3).read_bytes()
    site = Site({"talk.wav": wav, "talk.am.vtt": VTT, "talk.en.vtt": VTT.replace(b"Hello", b"English")})
    site.content["talk.html"] = page("talk.en.vtt", "talk.am.vtt")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"site": site}))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(tmp_path / "downloads", "am")


def brought(access: Access, *sources: str) -> list[Found]:
    return [found for source in fetch(sources, access) for found in importers.read(source)]


def test_sound_and_subtitles_of_the_language(site: Site, access: Access) -> None:
    lines: list[str] = []
    address = f"{site.url}/talk.html"
    said, music = brought(Access(access.downloads, "am", say=lines.append), address)
    assert isinstance(said, Utterance) and isinstance(music, Rejection)
    assert said.audio.read_bytes() == site.content["talk.wav"] and access.downloads in said.audio.parents
    assert (said.text, said.language, said.start_s, said.end_s) == ("Hello", "am", 0, 1)
    assert dict(said.extra) == {"url": address, "subtitles": "manual"}
    assert music.reason == "sound description"
    assert not any("talk.en.vtt" in path for path in site.paths())
    assert lines == [f"bringing {address}", "  talk-1.wav with manual subtitles (am)"]


def test_finds_name_the_list_as_their_source(site: Site, access: Access) -> None:
    (source,) = fetch([f"{site.url}/talk.html"], access)
    assert importers.listing(source) == source
    assert {found.source.rpartition(":")[0] for found in importers.read(source)} == {str(source)}


def test_nothing_is_brought_twice(site: Site, access: Access) -> None:
    first = brought(access, f"{site.url}/talk.html")
    site.asked.clear()
    assert brought(access, f"{site.url}/talk.html", f"{site.url}/talk.html") == first
    assert site.asked == []


def test_other_subtitles_are_brought_when_asked_for(site: Site, access: Access) -> None:
    brought(access, f"{site.url}/talk.html")
    site.asked.clear()
    said, _ = brought(Access(access.downloads, "en"), f"{site.url}/talk.html")
    assert said.text == "English"
    assert not any(path == "/talk.wav" and "Range" not in headers for path, headers in site.asked[2:])


def test_a_page_without_subtitles_is_a_recording(site: Site, access: Access) -> None:
    site.content["bare.html"] = page()
    (alone,) = brought(access, f"{site.url}/bare.html")
    assert isinstance(alone, Utterance) and (alone.text, alone.start_s, alone.language) == ("", None, None)
    assert dict(alone.extra) == {"url": f"{site.url}/bare.html"}


def test_a_file_on_the_web(site: Site, access: Access) -> None:
    (alone,) = brought(access, f"{site.url}/talk.wav")
    assert isinstance(alone, Utterance) and alone.audio.read_bytes() == site.content["talk.wav"]


def test_a_batch_of_addresses(site: Site, access: Access, tmp_path: Path) -> None:
    site.content["bare.html"] = page()
    batch = tmp_path / "urls.txt"
    batch.write_text(f"# talks\n{site.url}/talk.html\n\n{site.url}/bare.html\r\n{site.url}/talk.html\n")
    assert [found.text for found in brought(access, str(batch))] == ["Hello", "[music]", ""]


def test_a_text_that_is_no_batch_stays_a_table(tmp_path: Path, access: Access) -> None:
    (tmp_path / "list.txt").write_text("a|https://a.example is an address\n")
    assert fetch([str(tmp_path / "list.txt")], access) == [tmp_path / "list.txt"]


def test_a_page_with_two_recordings(site: Site, access: Access) -> None:
    site.content["second.wav"] = tone(access.downloads.parent / "second.wav", hz=300).read_bytes()
    site.content["two.html"] = page() + page(video="second.wav")
    finds = brought(access, f"{site.url}/two.html")
    contents = {found.audio.read_bytes() for found in finds if isinstance(found, Utterance)}
    assert contents == {site.content["talk.wav"], site.content["second.wav"]}


def test_a_list_is_looked_through_for_what_is_new(site: Site, access: Access) -> None:
    site.content["second.wav"] = tone(access.downloads.parent / "second.wav", hz=300).read_bytes()
    site.content["list.html"] = page() + page(video="second.wav")
    assert len(brought(access, f"{site.url}/list.html")) == 2
    site.content["third.wav"] = tone(access.downloads.parent / "third.wav", hz=400).read_bytes()
    site.content["list.html"] += page(video="third.wav")
    site.asked.clear()
    assert len(brought(access, f"{site.url}/list.html")) == 3
    assert "/third.wav" in site.paths() and "/second.wav" not in site.paths()
    lines: list[str] = []
    del site.content["list.html"]
    assert len(brought(Access(access.downloads, "am", say=lines.append), f"{site.url}/list.html")) == 3
    assert "404" in lines[0] and "going on with what was brought before" in lines[0]


def test_one_page_that_fails_is_turned_away_and_tried_again(site: Site, access: Access) -> None:
    site.content["bare.html"] = page(video="gone.wav")
    good, music, bad = brought(access, f"{site.url}/talk.html", f"{site.url}/bare.html")
    assert isinstance(bad, Rejection) and bad.reason == "download failed" and "404" in str(bad.measured)
    assert bad.id == f"{site.url}/bare.html" and isinstance(good, Utterance) and isinstance(music, Rejection)
    site.content["bare.html"], site.content["gone.wav"] = page(video="gone.wav"), site.content["talk.wav"]
    assert isinstance(brought(access, f"{site.url}/bare.html")[0], Utterance)


def test_a_dropped_connection_goes_on(site: Site, access: Access) -> None:
    site.cut_after["talk.wav"] = 20_000
    found = brought(access, f"{site.url}/talk.wav")[0]
    assert isinstance(found, Utterance) and found.audio.read_bytes() == site.content["talk.wav"]


def test_cookies_are_sent_and_stay_as_they_were(site: Site, access: Access, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2147483647\tsession\tsecret\n")
    before = cookies.read_bytes()
    brought(Access(access.downloads, "am", cookies), f"{site.url}/talk.html")
    assert all("session=secret" in headers.get("Cookie", "") for path, headers in site.asked if path == "/talk.html")
    assert cookies.read_bytes() == before


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("no cookies\n", "Netscape's format")])
def test_cookies_that_are_none(site: Site, access: Access, tmp_path: Path, content: str | None, words: str) -> None:
    if content:
        (tmp_path / "cookies.txt").write_text(content)
    with pytest.raises(DataError, match=words):
        brought(Access(access.downloads, "am", tmp_path / "cookies.txt"), f"{site.url}/talk.html")


def test_everything_goes_through_the_proxy(site: Site, access: Access) -> None:
    found = brought(Access(access.downloads, "am", proxy=site.url), "http://pages.invalid/talk.html")
    assert isinstance(found[0], Utterance)
    assert {path.rpartition("/")[0] for path in site.paths()} == {"http://pages.invalid"}


def test_what_is_not_there_is_told_before_anything_is_brought(site: Site, access: Access, tmp_path: Path) -> None:
    for gone in (str(tmp_path / "gone.csv"), f"{tmp_path}/gone.srt={tmp_path}/gone.mp4"):
        with pytest.raises(DataError, match="no such file or folder"):
            fetch([f"{site.url}/talk.html", gone], access)
    assert site.asked == []


def test_the_command_brings_pages_the_way_it_is_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("silero_vad")
    samples, rate_hz = soundfile.read(Path(__file__).parents[3] / "parity" / "golden" / "LJ001-0001.flac")
    soundfile.write(tmp_path / "spoken.wav", np.pad(samples, rate_hz // 2), rate_hz)
    site.content["talk.wav"] = (tmp_path / "spoken.wav").read_bytes()
    site.content["talk.en.vtt"] = f"WEBVTT\n\n00:00.300 --> 00:10.300\n{PRINTING}\n".encode()
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# HTTP Cookie File\npages.invalid\tFALSE\t/\tFALSE\t2147483647\tsession\tsecret\n")
    ways = ("--proxy", site.url, "--cookies", cookies, "--downloads", tmp_path / "kept")
    asked = ("prepare", "http://pages.invalid/talk.html", "--out", tmp_path / "dataset", "--language", "en", "--json")
    done = run(capsys, *asked, "--eval-share", "0", *ways)
    assert done.code == 0 and json.loads(done.out)["clips"] == 1, done.err
    assert "with manual subtitles (en)" in done.err
    assert all("session=secret" in headers.get("Cookie", "") for path, headers in site.asked if "talk.html" in path)
    (clip,) = manifest.read(tmp_path / "dataset").clips
    assert clip.text == PRINTING and clip.extra["url"] == "http://pages.invalid/talk.html"
    assert clip.source.startswith(f"{tmp_path}/kept/pages.invalid-talk.html-")


def test_a_page_without_a_recording(site: Site, access: Access) -> None:
    site.content["text.html"] = b"<html>words</html>"
    with pytest.raises(DataError, match=r"text\.html: .*Unsupported URL") as caught:
        fetch([f"{site.url}/text.html"], access)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there(access: Access) -> None:
    with pytest.raises(DataError, match=r"^http://127\.0\.0\.1:9/talk: .*refused") as caught:
        fetch(["http://127.0.0.1:9/talk"], access)
    assert "\n" not in str(caught.value) and "caused by" not in str(caught.value)


@pytest.mark.parametrize(
    ("info", "tag", "kind"),
    [
        ({"subtitles": {"am": "vtt", "en": "vtt"}, "automatic_captions": {"am": "vtt"}}, "am", "manual"),
        ({"subtitles": {"en": "vtt"}, "automatic_captions": {"am-orig": "json3", "am": "json3"}}, "am", "automatic"),
        ({"subtitles": {"am-ET": "vtt"}}, "am-ET", "manual"),
        ({"subtitles": {"am": "ttml"}}, None, None),
        ({"automatic_captions": {"am": "translated"}}, None, None),
        ({"subtitles": {"amh": "vtt", "en": "vtt"}}, None, None),
        ({}, None, None),
    ],
)
def test_which_subtitles(info: dict[str, dict[str, str]], tag: str | None, kind: str | None) -> None:
    """Manual before automatic; never what a machine translated, or what nobody reads."""
    formats = {
        "vtt": [{"ext": "ttml"}, {"ext": "vtt", "url": "https://a.example/?lang=am"}],
        "json3": [{"ext": "json3", "url": "https://a.example/?lang=am"}],
        "translated": [{"ext": "json3", "url": "https://a.example/?lang=en&tlang=am"}],
        "ttml": [{"ext": "ttml", "url": "https://a.example/"}],
    }
    full = {name: {each: formats[form] for each, form in found.items()} for name, found in info.items()}
    chosen = download.subtitles_of(full, "am")
    assert (chosen and chosen.tag, chosen and chosen.kind) == (tag, kind)


def test_a_damaged_list_of_pages(site: Site, access: Access) -> None:
    (source,) = fetch([f"{site.url}/talk.html"], access)
    assert source.name == pages.LIST
    source.write_text(json.dumps({"unknown": 1}) + "\n")
    for use in (lambda: list(importers.read(source)), lambda: fetch([f"{site.url}/talk.html"], access)):
        with pytest.raises(DataError, match=r"pages\.jsonl: is no list of pages"):
            use()
