"""The part of the tab Compare that plays: one sentence by all subjects, and two of them with their names hidden."""

import random
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from dimts import config
from dimts.app.projects import Project
from dimts.app.ui import sounds, tables, watching
from dimts.app.ui.shell import Shell, Told
from dimts.app.ui.train import run_of
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag
from dimts.errors import ConfigError, DimtsError
from dimts.evaluate import blind
from dimts.evaluate.blind import Pair, Take

MOST_PLAYERS = 24
FOLDER = "evaluation"


def build(shell: Shell) -> None:
    """Make the part."""
    say = shell.say
    gr.Markdown(f"### 3. {say('Side by side')}")
    sentence = gr.Dropdown([], label=say("Sentence"), elem_id="side-sentence")
    players = gr.HTML("", elem_id="side")
    gr.Markdown(f"### 4. {say('Blind')}")
    gr.HTML(tag("p", say("Two takes of one sentence, names hidden. Which is better?"), class_="soft"))
    pair, heard = gr.State(None), gr.HTML("", elem_id="blind")
    with gr.Row():
        draw = gr.Button(say("Two others"), elem_id="draw", min_width=110)
        better = {"a": say("A is better"), "b": say("B is better"), "same": say("Equal")}
        choices = {name: gr.Button(words, elem_id=f"vote-{name}", min_width=90) for name, words in better.items()}
    tally = gr.HTML("", elem_id="tally")

    shell.follow(sentence.change, partial(_players, say), [sentence], [players])
    shell.show(_sentences, [sentence], live=True)
    shell.act(draw.click, partial(_draw, say), [], [pair, heard])
    for name, button in choices.items():
        shell.act(button.click, partial(_vote, say, name), [pair], [pair, heard])
    shell.show(partial(_tally, say), [tally], live=True)


def takes_of(project: Project) -> list[Take]:
    """Return what an evaluation spoke, else the samples of training."""
    run = project.run(run_of(project))
    if found := blind.takes(run / FOLDER):
        return found
    named = [(watching.SAMPLE.fullmatch(path.name), path) for path in sorted((run / "samples").glob("*.wav"))]
    texts = _sample_texts(run)
    return [
        Take(f"update {int(match[1])}", texts.get(int(match[2]), match[2]), "", int(match[2]), path)
        for match, path in named
        if match
    ]


def _sample_texts(run: Path) -> dict[int, str]:
    """Return the sample texts of a run, counted from 1."""
    try:
        content = config.load(run / "run.yaml").get("samples") or {}
    except DimtsError:
        return {}
    return {number: str(text) for number, text in enumerate(content.get("texts") or [], start=1)}


def _sentences(project: Project) -> Any:
    texts = list(dict.fromkeys(take.text for take in takes_of(project)))
    return gr.update(choices=texts, value=texts[0] if texts else None)


def _players(say: Say, project: Project, text: str | None) -> Markup:
    """Play a sentence by every subject."""
    found = [take for take in takes_of(project) if take.text == text][-MOST_PLAYERS:]
    if not found:
        return tag("p", say("Nothing to play yet: evaluate, or give the run sample sentences."), class_="soft")
    boxes = [
        tag("div", tag("b", take.subject), tag("span", f" {take.voice}", class_="soft"),
            sounds.wave(take.audio), sounds.player(project, take.audio, take.subject), class_="clip")
        for take in found
    ]  # fmt: skip
    return tag("div", *boxes, class_="sounds")


def _draw(say: Say, project: Project) -> list[Any]:
    found = [take for take in takes_of(project) if take.subject != "recordings"]
    pair = blind.draw(found, random.Random())
    if pair is None:
        raise ConfigError(say("There are no two takes of one sentence yet: evaluate first."))
    return [pair, _hidden(say, project, pair)]


def _hidden(say: Say, project: Project, pair: Pair) -> Markup:
    boxes = (tag("div", tag("b", name), sounds.player(project, take.audio, name), class_="clip")
             for name, take in (("A", pair.a), ("B", pair.b)))  # fmt: skip
    return tag("div", tag("p", pair.a.text, lang=""), tag("div", *boxes, class_="sounds"), class_="card")


def _vote(say: Say, choice: str, project: Project, pair: Pair | None) -> Told:
    """Keep a judgement, say who it was, and draw the next two."""
    if pair is None:
        raise ConfigError(say("Draw two takes first."))
    folder = project.run(run_of(project)) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    blind.vote(folder, pair, choice)
    return Told(f"A: {pair.a.subject}, B: {pair.b.subject}", _draw(say, project))


def _tally(say: Say, project: Project) -> Markup:
    rows = []
    for each in blind.tallies(project.run(run_of(project)) / FOLDER):
        share, low, high = each.share
        numbers = f"{each.first_better} : {each.second_better}, {each.same} {say('equal')}"
        rows.append([f"{each.first} – {each.second}", numbers, f"{share:.0%} ({low:.0%}–{high:.0%})"])
    return tables.table(rows)
