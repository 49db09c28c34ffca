"""The part of the tab Data that plays clips and takes decisions about them, some clips a page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.ui import clips, commands, sounds
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.words import Say
from dimts.data import manifest, review
from dimts.data.manifest import Clip, Rejection
from dimts.data.report.markup import Markup, tag
from dimts.data.report.wording import length
from dimts.data.review import Decision, Verdict
from dimts.errors import DataError

SIZE = 6  # clips a page
MOST_SIGNS = 600  # of what is said of a clip


@dataclass(frozen=True)
class Row:
    """The place of one clip."""

    group: gr.Group
    name: gr.State  # the clip's id
    html: gr.HTML
    text: gr.Textbox
    buttons: dict[Verdict, gr.Button]

    @property
    def outputs(self) -> list[Any]:
        return [self.group, self.name, self.html, self.text]


def build(shell: Shell, stamp: gr.State) -> None:
    """Make the part; `stamp` changes when the dataset does."""
    say = shell.say
    gr.Markdown(f"### 3. {say('Listen and decide')}")
    with gr.Row():
        which = gr.Dropdown([(say(name), name) for name in clips.FILTERS], value="accepted", label=say("Show"),
                            elem_id="which", min_width=140)  # fmt: skip
        order = gr.Dropdown([(say(name), name) for name in clips.orders()], value=clips.AS_LISTED, min_width=160,
                            label=say("Worst first by"), elem_id="order")  # fmt: skip
        search = gr.Textbox(label=say("Search"), max_lines=1, elem_id="search-clips", min_width=140)
        number = gr.Number(1, precision=0, minimum=1, label=say("Page"), elem_id="clip-page", min_width=90)
    count = gr.HTML("", elem_id="clip-count")
    rows = [_row(say, place) for place in range(SIZE)]
    apply = gr.Button(say("Apply decisions to the dataset"), elem_id="apply")
    outputs = [count, *(part for row in rows for part in row.outputs)]
    look = partial(_page, say)
    for part in (which, order, search):
        shell.follow(part.change, partial(_first, look), [which, order, search], [number, *outputs])
    shell.act(number.input, look, [which, order, search, number], outputs)
    shell.follow(stamp.change, look, [which, order, search, number], outputs)
    shell.show(look, outputs, [which, order, search, number])  # at once when a project is opened
    for row in rows:
        for verdict, button in row.buttons.items():
            shell.act(button.click, partial(_decide, say, verdict), [row.name, row.text], [row.html])
    shell.act(apply.click, partial(_apply, say))


def _first(look: Callable[..., list[Any]], project: Project, which: str, order: str, search: str) -> list[Any]:
    """Look at the first page."""
    return [1, *look(project, which, order, search, 1)]


def _row(say: Say, place: int) -> Row:
    with gr.Group(visible=False, elem_id=f"clip-{place}", elem_classes="reviewed") as group:
        name, html = gr.State(""), gr.HTML("", padding=True)
        with gr.Row():
            text = gr.Textbox(label=say("Text"), lines=1, max_lines=4, scale=4, min_width=200)
            buttons: dict[Verdict, gr.Button] = {
                "keep": gr.Button(say("Keep"), size="sm", min_width=70, scale=0),
                "drop": gr.Button(say("Drop"), size="sm", variant="stop", min_width=70, scale=0),
                "text": gr.Button(say("Save text"), size="sm", variant="secondary", min_width=90, scale=0),
            }
    return Row(group, name, html, text, buttons)


def stamp_of(project: Project) -> str:
    """Return what changes when the dataset does."""
    head = project.dataset / manifest.HEAD
    return f"{project.name} {head.stat().st_mtime_ns if head.is_file() else 0}"


def _page(say: Say, project: Project, which: str, order: str, search: str, number: float | None) -> list[Any]:
    """Fill the rows with the clips of a page."""
    if not (project.dataset / manifest.HEAD).is_file():
        return ["", *[gr.update(visible=False), "", "", ""] * SIZE]
    page = clips.page(project.dataset, which, order, search, int(number or 1) - 1, SIZE)
    decisions = review.read(project.dataset)
    said = f"{page.total:,} {say('clips')}; {say('page')} {page.number + 1:,} / {page.pages:,}"
    values: list[Any] = [tag("p", said, class_="soft", role="status")]
    for each in page.clips:
        decision = decisions.get(each.id)
        text = decision.text if decision and decision.decision == "text" else each.text
        values += [gr.update(visible=True), each.id, _shown(say, project, each, decision), text]
    return values + [gr.update(visible=False), "", "", ""] * (SIZE - len(page.clips))


def _shown(say: Say, project: Project, each: Clip | Rejection, decision: Decision | None) -> Markup:
    """Show a clip: its sound, who and how long, what was measured, what was decided."""
    said = f"{say('decided')}: {say(decision.decision)}" if decision else ""
    verdict = tag("p", said, class_=f"verdict {decision.decision}") if decision else Markup("")
    if isinstance(each, Rejection):
        sound = sounds.player(project, project.folder / each.recording, each.id, (each.start_s, each.end_s))
        sound = sound or tag("p", say("Its recording lies outside of the project."), class_="soft")
        facts = [each.reason, f"{each.measured} ({each.limit})", length(each.duration_s), each.source]
        return tag("div", sound, _facts(each.id, facts), verdict, class_="clip")
    path = project.dataset / each.audio
    held = [say("held back")] if each.split == "eval" else []
    facts = [each.speaker, *held, *clips.measured(each), *each.warnings]
    sound = sounds.player(project, path, each.id)
    return tag("div", sounds.wave(path), sound, _facts(each.id, facts), verdict, class_="clip")


def _facts(name: str, facts: list[str]) -> Markup:
    return tag("p", tag("code", name), f" {' · '.join(facts)}"[:MOST_SIGNS], class_="soft")


def _decide(say: Say, verdict: Verdict, project: Project, name: str, text: str) -> Told:
    """Write a decision down."""
    each = clips.find(project.dataset, name) if name else None
    if each is None:
        raise DataError(f"{name[:60]!r}: {say('there is no such clip; open the page again')}")
    decision = Decision(name, verdict, text if verdict == "text" else "")
    review.append(project.dataset, decision)
    return Told(f"{name}: {say('decided')}: {say(verdict)}", [_shown(say, project, each, decision)])


def _apply(say: Say, project: Project) -> Told:
    if not (project.dataset / manifest.HEAD).is_file():
        raise DataError(say("There is no dataset yet: prepare recordings in the tab Data first."))
    jobs.start(project.folder, "prepare", commands.apply_decisions(clips.opened(project.dataset)))
    return Told(say("The decisions are being applied."))
