"""Every sentence of the interface has its Amharic, and no Amharic is left over."""

import ast
from pathlib import Path
from typing import get_args

import pytest
import yaml

pytest.importorskip("gradio", reason="the extra ui is not installed")

from dimts.app import spare
from dimts.app import ui as package
from dimts.app.jobs import State
from dimts.app.ui import clips, data, fields, texts, watching, words
from dimts.checkpoint import fetch
from dimts.data.review import Verdict

FOLDER = Path(package.__file__).parent
KINDS = {"prepare", "base", "plan", "train", "vocab", "speak", "export", "push", "mark", "evaluate"}  # of jobs
CHOSEN = {"Choose a base to see the tokens.", "Extend the vocabulary to see the tokens."}


def said() -> set[str]:
    """Every sentence that the code gives to `say`."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.py")]
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    given = (call.args[0] for call in calls if "say" in (getattr(call.func, "id", ""), getattr(call.func, "attr", "")))
    return {str(each.value) for each in given if isinstance(each, ast.Constant)}


def test_every_sentence_is_there_in_amharic() -> None:
    chosen = {*get_args(State), *get_args(Verdict), *clips.FILTERS, *clips.orders(), *data.REPAIRS, *KINDS}
    chosen |= {row[0] for row in texts.ROWS} | {*spare.KINDS.values(), *watching.TITLES.values(), *fetch.LICENCE}
    chosen |= CHOSEN
    amharic = yaml.safe_load((FOLDER / "am.yaml").read_text(encoding="utf-8"))
    assert (said() | chosen) - amharic.keys() == set() and amharic.keys() - (said() | chosen) == set()
    assert all(any("\u1200" <= sign <= "\u137f" for sign in text) for text in amharic.values())


def test_every_setting_has_its_help_in_amharic() -> None:
    amharic = yaml.safe_load((FOLDER / "am.settings.yaml").read_text(encoding="utf-8"))
    assert amharic.keys() == {setting.help for setting in fields.settings()}
    assert all(any("\u1200" <= sign <= "\u137f" for sign in words.of("am")(help)) for help in amharic)


def test_a_word_without_translation_stays_english() -> None:
    assert words.of("am")("Stop") == "አቁም" and words.of("am")("Nothing like it") == "Nothing like it"
    assert words.of("en")("Stop") == "Stop"
