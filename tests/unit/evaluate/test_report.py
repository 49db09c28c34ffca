"""The page of an evaluation: numbers are those measured, text cannot break it, sound and pictures lie inside."""

import base64
import io as bytes_io
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from dimts.evaluate import report, select
from dimts.evaluate.evaluating import Evaluation, Judged
from dimts.evaluate.ranges import Range, Ranges
from dimts.evaluate.report.embedded import Sounds, gaze, png
from dimts.evaluate.report.page import page
from dimts.evaluate.sentences import Sentence
from tests.unit.evaluate.takes import evaluation, hum, take

VALUES: dict[str, Any] = {
    "update 100": {"nearest": [1.0, 0.0, 0.0], "phone_error": [0.4, 0.9, 0.7]},
    "update 200": {"nearest": [1.0, 1.0, 0.0], "phone_error": [0.3, 0.5, 0.8]},
}
EVIL = '<script>alert(1)</script> & "quotes"'


def heard(folder: Path) -> Evaluation:
    """An evaluation whose takes can be heard, with an evil text and an evil name."""
    found = evaluation(VALUES, folder)
    told = {"gaze": {"tokens": 2, "shades": base64.b64encode(bytes([255, 0, 0, 255, 0, 128])).decode()}}
    subjects = []
    for judged in found.subjects:
        rows = []
        for number, row in enumerate(judged.rows):
            sentence = Sentence(EVIL if number == 2 else f"Sentence {number}.", "en")
            sound = take(folder / "takes", hum(0.2, 0.1 + number / 10))
            line = replace(row.take.line, sentence=sentence)
            rows.append(
                replace(row, take=replace(row.take, line=line, path=sound.path, facts={**row.take.facts, **told}))
            )
        subjects.append(Judged(judged.name, tuple(rows), judged.update))
    return replace(found, subjects=tuple(subjects), absent={"mos": f"needs {EVIL}"})


def test_the_page(tmp_path: Path) -> None:
    judged = heard(tmp_path)
    html = report.write(judged, select.rank(judged)).read_text(encoding="utf-8")
    assert "update 200 speaks best" in html and "<script" not in html and "&lt;script&gt;alert(1)" in html
    assert not re.search(r"(src|href)=.?(https?:|//)", html)
    assert len(re.findall(r"<audio", html)) == 6 and len(re.findall(r"<img", html)) == 6
    assert html.index("&lt;script&gt;alert(1)&lt;/script&gt; &amp;", html.index("Listen")) < html.index(
        "Sentence 0."
    )  # worst first
    assert ">0.67<" in html.replace("<small>", "<") and "<polyline" in html
    (first, *_) = re.findall(r"data:audio/mpeg;base64,([^\"]+)", html)
    samples, rate_hz = soundfile.read(bytes_io.BytesIO(base64.b64decode(first)))
    assert rate_hz == 24_000 and 0.15 < len(samples) / rate_hz < 0.4 and float(np.abs(samples).max()) > 0.05


def test_what_was_forgotten_is_told_language_by_language(tmp_path: Path) -> None:
    """The same scores, in a row for each subject; what is silent comes last, and is not numbered."""
    told: dict[str, Any] = {"update 9": {"nearest": [1.0, 0.0], "unsaid": [0.0, 0.0]},
                            "base": {"nearest": [0.0, 1.0], "unsaid": [1.0, 0.0]}}  # fmt: skip
    found = evaluation(told, tmp_path)
    subjects = []
    for judged in found.subjects:
        rows = list(judged.rows)
        line = replace(rows[1].take.line, sentence=Sentence("Guten Tag.", "de"))
        rows[1] = replace(rows[1], take=replace(rows[1].take, line=line))
        subjects.append(replace(judged, rows=tuple(rows)))
    whole = replace(found, subjects=tuple(subjects), ranges={"nearest": Ranges(Range(0.8, 0.9, 9), None)})
    html = page(whole, select.rank(whole))
    scores, others = html.split("<h2>Other languages</h2>")
    assert "<td>last</td>" in scores and '<small class="bad">silent' in scores
    assert "Nearest of recordings with a voice: the voice&#x27;s own 0.80 to 0.90; nine" in scores
    german = re.sub("<small>.*?</small>", "", others.split("</table>")[0])
    assert ">de</th>" in german
    assert german.index("update 9</th><td>0.00</td><td>0.00") < german.index("base</th><td>1.00</td><td>0.00")


def test_sound_is_bounded(tmp_path: Path) -> None:
    sounds, one = Sounds(most_bytes=6000), take(tmp_path, hum(0.3))
    urls = [sounds.url(one) for _ in range(20)]
    kept = [url for url in urls if url]
    assert 0 < len(kept) < 20 and sounds.left_out == 20 - len(kept)
    assert sounds.url(replace(one, path=None)) is None and sounds.left_out == 20 - len(kept)


def test_a_picture_is_codes_across_and_text_down() -> None:
    assert gaze({"gaze": None}) is None and gaze({}) is None
    body = png([bytes([0, 255, 7]), bytes([1, 2, 3])])
    assert body.startswith(b"\x89PNG") and int.from_bytes(body[16:20], "big") == 3
    place = body.index(b"IDAT")
    size = int.from_bytes(body[place - 4 : place], "big")
    assert zlib.decompress(body[place + 4 : place + 4 + size]) == b"\0\x00\xff\x07\0\x01\x02\x03"
