"""Wording: what is said in a cue, by whom, without the markup; or why it is nobody's speech."""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
INLINE_TIME = re.compile(r"<\d[\d:.]*>")  # of captions that roll up word by word
VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>]+)>")
DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")
SOUND = re.compile(r"[♪♫♬♩🎵🎶]|\[[^\[\]]*\]|【[^】]*】|^\s*(\([^()]*\)|（[^（）]*）|\*[^*]+\*|#[^#]+#)\s*$")
DASH = re.compile(r"^\s*(?:[-‐–—]|>>)\s*(?=\S)")  # a change of speaker where a line begins
LABEL = re.compile(r"^\s*([^\W\d_][^:：፦\n]{0,30}?)\s?(?:[:：](?=\s)|፦)\s*(?=\S)")
LABEL_WORDS = 3


@dataclass(frozen=True)
class Wording:
    """Words and speaker of a cue; `problem` says why they are no speech of one person."""

    text: str
    speaker: str = ""
    problem: str = ""


def of(text: str, speaker: str = "") -> Wording:
    """Read one cue."""
    voices = list(dict.fromkeys(html.unescape(name).strip() for name in VOICE.findall(text)))
    plain = html.unescape(MARKUP.sub("", text)).replace("\u200b", "").replace("\xa0", " ")
    lines = [line.strip() for line in plain.split("\n") if line.strip()]
    words = " ".join(DASH.sub("", line, count=1) for line in lines)
    changes = len([line for line in lines if DASH.match(line)])
    return Wording(
        " ".join(words.split()),
        speaker or (voices[0] if voices else ""),
        _problem(text, words, max(changes, len(voices))),
    )


def _problem(text: str, words: str, speakers: int) -> str:
    if DRAWING.search(text):
        return "drawing"
    if not any(letter.isalnum() for letter in words):
        return "sound description" if SOUND.search(words) else "no words"
    if SOUND.search(words):
        return "sound description"
    return "several speakers" if speakers > 1 else ""


def labelled(wordings: Iterable[Wording]) -> list[Wording]:
    """Take `Name:` off where a cue begins, if cues name this speaker again and again."""
    wordings = list(wordings)
    labels = [_label(each) for each in wordings]
    again = Counter(labels)
    return [
        replace(each, text=LABEL.sub("", each.text, count=1), speaker=label) if label and again[label] > 1 else each
        for each, label in zip(wordings, labels, strict=True)
    ]


def _label(wording: Wording) -> str:
    found = LABEL.match(wording.text) if not (wording.speaker or wording.problem) else None
    return found[1] if found and len(found[1].split()) <= LABEL_WORDS else ""


def unrolled(texts: Iterable[str]) -> list[str]:
    """Of captions that roll up, each with the lines before it, keep what is new in each; other captions stay."""
    texts = list(texts)
    if not any(INLINE_TIME.search(text) for text in texts):
        return texts
    kept, shown = [], ""
    for text in texts:
        lines = [line for line in text.split("\n") if MARKUP.sub("", line).strip()]
        fresh = [line for line in lines if MARKUP.sub("", line).strip() != shown]
        kept.append("\n".join(fresh))
        shown = MARKUP.sub("", lines[-1]).strip() if lines else shown
    return kept
