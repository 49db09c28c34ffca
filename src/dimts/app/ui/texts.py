"""The tab Text: how a sentence is read and cut into tokens, step by step; the vocabulary and what it covers."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import gradio as gr

from dimts.app import jobs
from dimts.app.projects import Project
from dimts.app.text import Reader
from dimts.app.ui import bases, commands, tables
from dimts.app.ui.cards import Card, newest
from dimts.app.ui.shell import Place, Shell, Told
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag
from dimts.errors import ConfigError
from dimts.text.bpe import Tokenizer, tag_of
from dimts.text.front import Choice

EXAMPLE = "በ2017 ዓ.ም. 1,250 ብር ከፈልኩ።"
ROWS = (  # of the coverage report: words, and the names of its values before and after
    ("characters with a token", "coverage_before", "coverage", "{:.1%}"),
    ("unknown tokens", "unknown_before", "unknown", "{:.1%}"),
    ("tokens a character", "tokens_per_character_before", "tokens_per_character", "{:.2f}"),
    ("tokens a word", "fertility_before", "fertility", "{:.2f}"),
    ("tokens a second of audio", "tokens_per_s_before", "tokens_per_s", "{:.1f}"),
    ("clips that are too long", "over_limit_before", "over_limit", "{:,}"),
)


def build(shell: Shell) -> None:
    """Make the tab."""
    say = shell.say
    gr.Markdown(f"### 1. {say('Try a sentence')}")
    sentence = gr.Textbox(EXAMPLE, label=say("Sentence"), lines=2, max_lines=8, max_length=5000, elem_id="sentence")
    with gr.Row():
        language = gr.Textbox("am", label=say("Language"), max_lines=1, elem_id="text-language", min_width=120)
        mode = gr.Dropdown(["bpe", "g2p"], value="bpe", label=say("Reading"), min_width=120)
        go = gr.Button(say("Read it"), variant="primary", elem_id="read", min_width=120)
    read = gr.HTML("", elem_id="read-steps")
    gr.Markdown(f"### 2. {say('Vocabulary')}")
    gr.HTML(tag("p", say("The base knows no Ethiopic letters: extend its vocabulary with what the dataset needs; no"
                         " token of the base changes its number."), class_="soft"))  # fmt: skip
    with gr.Row():
        base = bases.choice(shell, "vocab-base")
        size = gr.Textbox(label=say("New tokens at most"), info=say("empty: as many as the texts bear"), max_lines=1,
                          min_width=160, elem_id="vocab-size")  # fmt: skip
        extend = gr.Button(say("Extend the vocabulary"), variant="primary", elem_id="extend", min_width=160)
    Card(shell, "vocab")
    coverage = gr.HTML("", elem_id="coverage")

    shell.act(go.click, partial(_read, shell), [sentence, language, mode], [read])
    shell.act(sentence.submit, partial(_read, shell), [sentence, language, mode], [read])
    shell.act(extend.click, partial(_extend, shell), [base, size])
    shell.show(partial(_coverage, say), [coverage], live=True)


def _read(shell: Shell, project: Project, sentence: str, language: str, mode: str) -> Markup:
    """Show what each step makes of a sentence, and its tokens."""
    say = shell.say
    front = Choice("g2p" if mode == "g2p" else "bpe").of()
    front.require(language)
    tokenizer, name = _tokenizer(shell.place, project)
    known = tokenizer is not None and tag_of(language) in tokenizer.special
    (facts,) = Reader(front, language, tokenizer if known else None, steps=True).read([sentence])
    rows = [[step["step"], step["text"]] for step in facts["steps"]]
    rows.append([say("spoken"), tag("b", facts["spoken"])])
    said = [tag("p", f"{say('letters of another script, which nobody reads')}: {' '.join(facts['unread'])}",
                class_="notice bad")] if facts["unread"] else []  # fmt: skip
    return tag("div", tables.table(rows, words=(1,)), *said, *_tokens(say, tokenizer, facts, name), class_="card")


def _tokens(say: Say, tokenizer: Tokenizer | None, facts: Mapping[str, Any], name: str) -> Iterator[Markup]:
    if tokenizer is None or "tokens" not in facts:
        why = "Choose a base to see the tokens." if tokenizer is None else "Extend the vocabulary to see the tokens."
        yield tag("p", say(why), class_="soft")
        return
    chips = (
        tag("span", token, tag("small", str(number)), class_="unknown" if number == tokenizer.unknown_id else None)
        for token, number in zip(facts["tokens"], facts["ids"], strict=True)
    )
    unknown = f", {facts['unknown']} {say('unknown')}" if facts["unknown"] else ""
    yield tag("p", f"{len(facts['ids'])} {say('tokens')}{unknown} ({name})", class_="soft")
    yield tag("div", *chips, class_="tokens")


def _tokenizer(place: Place, project: Project) -> tuple[Tokenizer | None, str]:
    """Read the project's vocabulary, else its base's."""
    if project.vocab.is_file():
        return Tokenizer.read(project.vocab), project.vocab.name
    named = project.settings(bases.SECTION).get("folder")
    if not named:
        return None, ""
    folder = bases.of(place, named)
    return Tokenizer.read(folder / "vocab.json"), folder.name


def _extend(shell: Shell, project: Project, base: str | None, size: str | None) -> Told:
    folder = bases.of(shell.place, base)
    project.remember(bases.SECTION, {"folder": str(folder)})
    if not (project.dataset / "dataset.json").is_file():
        raise ConfigError(shell.say("There is no dataset yet: prepare recordings in the tab Data first."))
    jobs.start(project.folder, "vocab", commands.vocab(project, str(folder), size))
    return Told(shell.say("The vocabulary is being extended."))


def _coverage(say: Say, project: Project) -> Markup:
    """Show what the newest extension gained."""
    job = newest(project, "vocab")
    answer = job.answer() if job and job.state == "done" else None
    if not answer:
        return Markup("")
    head = f"{answer['rows']:,} {say('rows')}, {answer['new']:,} {say('more than the base has')}"
    tables = (_table(say, language, found) for language, found in answer["languages"].items())
    return tag("div", tag("p", tag("b", head)), *tables, class_="card")


def _table(say: Say, language: str, found: Mapping[str, Any]) -> Markup:
    rows = [
        [say(words), _value(found, before, form), _value(found, after, form)] for words, before, after, form in ROWS
    ]
    left = found.get("missing", "")
    missing = [tag("p", f"{say('still without a token')}: {' '.join(left[:60])}", class_="soft")] if left else []
    caption = f"{language}, {found['texts']:,} {say('texts')}"
    return tag("div", tables.table(rows, ("", say("before"), say("after")), caption), *missing)


def _value(found: Mapping[str, Any], name: str, form: str) -> str:
    return "" if found.get(name) is None else form.format(found[name])
