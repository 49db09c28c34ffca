"""Forms as command lines: argument lists for `dimts`, never a shell's; values are joined to their options by `=`.

So nothing that a person writes is ever taken for an option, and what comes after `--` is no option either.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from dimts.app.projects import Project
from dimts.app.ui.safety import Roots
from dimts.data.filters import Limits
from dimts.data.manifest import Dataset
from dimts.errors import ConfigError

TEXTUAL = ("language", "mode", "speaker", "align", "transcribe", "detector", "licence", "consent", "proxy")


def lines_of(text: str | None) -> list[str]:
    """Return the lines of a text that hold something."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def prepare(project: Project, roots: Roots, form: Mapping[str, Any]) -> list[str]:
    """Return `dimts prepare` for the recordings of a project and the sources that are named."""
    named = [roots.source(line) for line in lines_of(form.get("sources"))]
    uploaded = [str(project.recordings)] if has_recordings(project) else []
    if not named and not uploaded:
        raise ConfigError("there are no recordings yet: upload some, or name a path or an address")
    allowed = (project.folder, *roots.folders)
    return [
        "prepare",
        f"--out={project.dataset}",
        *(f"--{name}={form[name]}" for name in TEXTUAL if form.get(name)),
        *([f"--eval-share={form['eval_share']}"] if form.get("eval_share") is not None else []),
        *(f"--repair={repair}" for repair in form.get("repairs") or ()),
        *(f"--limit={line}" for line in lines_of(form.get("limits"))),
        *(f"--{name}" for name in ("music", "voices") if form.get(name)),
        *([f"--cookies={roots.inside(form['cookies'])}"] if form.get("cookies") else []),
        *(f"--inside={folder}" for folder in dict.fromkeys(allowed)),
        "--json",
        "--",
        *uploaded,
        *named,
    ]


def apply_decisions(data: Dataset) -> list[str]:
    """Return `dimts prepare` without a source, as the dataset was prepared: it applies what was decided about clips."""
    kept, usual = data.settings, asdict(Limits())
    split = [f"--{name.replace('_', '-')}={kept[name]}" for name in ("eval_share", "seed", "group_by") if name in kept]
    limits = [f"--limit={name}={value}" for name, value in kept.get("limits", {}).items() if usual.get(name) != value]
    return ["prepare", f"--out={data.folder}", f"--language={data.language}", *split, *limits, "--json"]


def vocab(project: Project, base: str, size: str | None) -> list[str]:
    """Return `dimts vocab` for the project's dataset."""
    more = [f"--size={size.strip()}"] if size and size.strip() else []
    return ["vocab", f"--base={base}", f"--out={project.vocab}", *more, "--json", "--", str(project.dataset)]


def speak(project: Project, form: Mapping[str, Any], out: str) -> list[str]:
    """Return `dimts speak` of a form; `out` is the name of the first take."""
    return ["speak", *_speech(form), f"--out={project.speech / out}", "--stream", "--json", "--",
            str(form["voice"]), str(form["text"])]  # fmt: skip


def _speech(form: Mapping[str, Any]) -> Iterator[str]:
    numbers = ("seed", "temperature", "top_k", "top_p", "repetition_penalty", "max_codes", "speed", "takes")
    for name in (*numbers, "split", "language", "device"):
        if form.get(name) not in (None, ""):
            value = form[name]
            whole = isinstance(value, float) and value.is_integer()
            yield f"--{name.replace('_', '-')}={int(value) if whole else value}"
    yield from (["--greedy"] if form.get("greedy") else [])
    if form.get("reference"):
        yield f"--reference={form['reference']}"
    elif form.get("stored"):
        yield f"--voice={form['stored']}"


def has_recordings(project: Project) -> bool:
    """Whether something was uploaded."""
    return project.recordings.is_dir() and any(project.recordings.iterdir())
