"""Jobs as people see them: what runs, how far it is, how it ended, and what to do when it failed."""

import re
import time

import gradio as gr

from dimts.app import jobs
from dimts.app.jobs import Job
from dimts.app.projects import Project
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag
from dimts.data.report.wording import clock
from dimts.errors import ConfigError

LINES = 12  # of a log that a card shows
SAID = re.compile(r"^dimts: (.*)$", re.MULTILINE)


class Card:
    """The place of the newest job of some kinds: a card and a button that stops it."""

    def __init__(self, shell: Shell, *kinds: str) -> None:
        self.shell, self.kinds = shell, kinds
        self.html = gr.HTML("", elem_classes="job")
        self.stop = gr.Button(shell.say("Stop"), visible=False, variant="stop", size="sm", elem_id=f"stop-{kinds[0]}")
        shell.act(self.stop.click, self._stop)
        shell.show(self.look, [self.html, self.stop], live=True)

    def look(self, project: Project) -> list[object]:
        """Give the card of the newest job, and whether it can be stopped."""
        job = newest(project, *self.kinds)
        can_stop = job is not None and job.is_active and not job.is_stopping
        return [card(job, self.shell.say), gr.update(visible=can_stop)]

    def _stop(self, project: Project) -> Told:
        job = newest(project, *self.kinds)
        if job is None or not job.is_active:
            raise ConfigError(self.shell.say("Nothing is running."))
        jobs.stop(job)
        return Told(self.shell.say("It was asked to save and stop."))


def newest(project: Project, *kinds: str) -> Job | None:
    """Return the newest job of some kinds."""
    return next((job for job in jobs.all_of(project.folder) if job.kind in kinds), None)


def card(job: Job | None, say: Say) -> Markup:
    """Show a job."""
    if job is None:
        return Markup("")
    state = say("stopping") if job.is_stopping else say(job.state)
    head = tag("p", tag("b", state, class_=f"state {job.state}"), f" {say(job.kind)} {_time(job)}", role="status")
    return tag("div", head, _bar(job, say), _trouble(job, say), _log(job, say), class_="card")


def trouble(job: Job, say: Say) -> list[str]:
    """Say why a job failed and what to do, in sentences."""
    if job.state == "lost":
        return [say("The job is gone: the machine was restarted, or somebody ended it. Start it again; it goes on.")]
    if job.state != "failed":
        return []
    if job.code is not None and job.code < 0:
        return [say("It was ended by force. What it saved before is whole; start it again to go on.")]
    log = job.log()
    if job.code == 1 and (found := SAID.findall(log)):
        return found[-8:]
    last = (log.strip().splitlines() or ["?"])[-1][:300]
    return [f"{say('The command failed in a way that nobody foresaw:')} {last}", say("The log below says where.")]


def _time(job: Job) -> str:
    if job.began is None:
        return ""
    return clock(max(0.0, (job.ended or time.time()) - job.began))


def _bar(job: Job, say: Say) -> Markup:
    found = job.progress()
    if not job.is_active or not found:
        return Markup("")
    stage, done, total = found
    text = f"{say(stage)}: {done:,}" + (f" / {total:,}" if total else "")
    return tag("div", tag("progress", value=done, max=total or None, aria_label=stage), tag("span", f" {text}"))


def _trouble(job: Job, say: Say) -> Markup:
    lines = trouble(job, say)
    return tag("div", *(tag("p", line) for line in lines), class_="notice bad", role="alert") if lines else Markup("")


def _log(job: Job, say: Say) -> Markup:
    lines = job.log(1 << 14).splitlines()[-LINES:]
    if not lines:
        return Markup("")
    opened = "" if job.is_active or (job.state == "failed" and job.code != 1) else None
    return tag("details", tag("summary", say("Log")), tag("pre", "\n".join(lines)), open=opened)
