"""What was spoken: the newest take plays while it is spoken; all are kept, with what was said, to download."""

import json
import struct
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from dimts.app.projects import Project
from dimts.app.ui import sounds
from dimts.app.ui.cards import newest
from dimts.app.ui.shell import Shell
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag

SHOWN = 20
HEADER_BYTES, POLL_S, MOST_S = 44, 0.15, 1800.0
ENDLESS = 0xFFFFFFFF - 36  # bytes of sound in a WAV file that has no end yet


def build(shell: Shell) -> None:
    """Make the part."""
    now = gr.HTML("", elem_id="now")
    gr.Markdown(f"### {shell.say('Takes')}")
    made = gr.HTML("", elem_id="spoken")
    shell.show(partial(_now, shell.say), [now], live=True)
    shell.show(partial(_made, shell.say), [made], live=True)


def stream(project: Project, name: str) -> Iterator[bytes]:
    """Yield a take as WAV from its beginning, and on as it is spoken, until its job has ended."""
    path, sent, began = project.speech / name, 0, time.monotonic()
    while time.monotonic() - began < MOST_S:
        job = newest(project, "speak")
        speaking = job is not None and job.is_active
        content = _from(path, HEADER_BYTES + sent)
        if content:
            if not sent:
                yield endless(_from(path, 0)[:HEADER_BYTES])
            sent += len(content)
            yield content
        elif not speaking:
            return
        time.sleep(POLL_S)


def _from(path: Path, start: int) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read()


def endless(header: bytes) -> bytes:
    """Return the header of a WAV file for sound whose length is not known yet."""
    return header[:4] + struct.pack("<I", ENDLESS + 36) + header[8:40] + struct.pack("<I", ENDLESS)


def _now(say: Say, project: Project) -> Markup:
    """Play what is being spoken; the same player stays when it has ended, so that nothing is cut off."""
    job = newest(project, "speak")
    found = [each for each in (job.argv if job else ()) if each.startswith("--out=")]
    if job is None or not found or job.state == "failed" or job.began is None:
        return Markup("")
    name = Path(found[0]).name
    source = f"/stream/{quote(project.name)}/{quote(name)}"
    return tag("div", tag("audio", controls="", autoplay="", src=source, aria_label=say("being spoken")), class_="clip")


def _made(say: Say, project: Project) -> Markup:
    """List the takes, the newest first."""
    found = sorted(project.speech.glob("*.wav"), reverse=True)[:SHOWN] if project.speech.is_dir() else []
    if not found:
        return tag("p", say("Nothing was spoken yet."), class_="soft")
    return tag("div", *(_take(say, project, path) for path in found), class_="sounds")


def _take(say: Say, project: Project, path: Path) -> Markup:
    said = _said(path)
    facts = f"{path.stem} · {say('seed')} {said.get('seed', '')} · {Path(str(said.get('voice', ''))).name}"
    link = tag("a", say("Download"), href=sounds.address(project, path), download=path.name)
    text = tag("p", str(said.get("text", ""))[:200])
    return tag("div", text, sounds.player(project, path, path.stem), tag("p", facts, " · ", link, class_="soft"))


def _said(path: Path) -> dict[str, Any]:
    """Return the form of a take; further takes have the first one's, with seeds that follow."""
    first, _, number = path.stem.rpartition("-")
    stem, take = (first, int(number)) if number.isdigit() and len(number) == 1 else (path.stem, 1)
    try:
        form = json.loads(path.with_name(f"{stem}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {**form, "seed": int(form.get("seed") or 0) + take - 1} if isinstance(form, dict) else {}
