"""The tab System: what `dimts doctor` says, asked of the command itself, so that the page loads no torch."""

import json
import subprocess

import gradio as gr

from dimts.app.keeping import DIMTS
from dimts.app.ui import tables
from dimts.app.ui.shell import Shell
from dimts.data.report.markup import Markup, tag
from dimts.errors import ConfigError

MOST_S = 120


def build(shell: Shell) -> None:
    """Make the tab."""
    look = gr.Button(shell.say("Look at this machine"), variant="primary", elem_id="doctor")
    found = gr.HTML("", elem_id="doctor-found")
    shell.act_anywhere(look.click, lambda: doctor(), [], [found])


def doctor() -> Markup:
    """Run `dimts doctor` and show its lines. ConfigError when it gives none."""
    try:
        done = subprocess.run([*DIMTS, "doctor", "--json"], capture_output=True, text=True, timeout=MOST_S, check=False)
        lines = json.loads(done.stdout)["lines"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise ConfigError(f"dimts doctor gave no answer ({error}); run it in a terminal") from error
    rows = [[line["section"], tag("span", line["verdict"], class_=line["verdict"]), line["text"]] for line in lines]
    return tables.table(rows, words=(1, 2))
