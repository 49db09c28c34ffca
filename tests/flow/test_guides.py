"""Every command of the README and the guides is run, in the order of its page, in a folder as the page's reader has it.

The base is tiny and random, the recordings are ten clips; what makes a command quick is appended to it (QUICK).
"""

import subprocess
from pathlib import Path

import pytest

from dimts.evaluate import distill_mos
from tests.flow import guides
from tests.flow.bench import Bench
from tests.flow.material import Material
from tests.unit.app.command import run

pytestmark = pytest.mark.usefixtures("one_thread")
GIVEN = {  # what each page takes as given
    "README.md": ("recordings", "base", "recipes"),
    "AMHARIC_BPE_TRAINING_BEST_PRACTICES.md": ("recordings", "base", "recipes"),
    "NEW_LANGUAGE.md": ("wolof", "base", "recipes"),
    "MIGRATING.md": ("other_trainer",),
    "TROUBLESHOOTING.md": ("run", "voice"),
    "data.md": ("recordings", "dataset", "subtitled"),
    "evaluation.md": ("run", "other_voice"),
    "parts.md": ("dataset", "base_as_voice"),
    "text.md": ("recordings", "base", "dataset", "vocabulary", "texts"),
    "training.md": ("lora_run",),
    "web.md": (),
}
NOT_RUN = {  # parsed only; the beginning of the line, and why
    "make ": "sets an environment up; CI runs both",
    "source ": "enters that environment",
    "dimts base fetch": "needs the network; tests/unit/checkpoint/test_fetch.py has a hub of its own",
    "dimts prepare hf:": "needs the network; tests/unit/data/importers/test_hugging_face.py has a hub of its own",
    "dimts prepare https:": "needs the network; tests/unit/data/importers/test_pages.py has pages of its own",
    "pip install": "sets an environment up",
    "dimts ui": "serves until it is ended; tests/browser does all that it says",
    "DIMTS_UI_PASSWORD=": "the same",
    "dimts listen run/evaluation --answers": "answers come from a browser; see tests/unit/evaluate/test_listening.py",
}
QUICK = {
    "evaluate": ("--sentences", "1", "--others", "0", "--voices", "1", "--workers", "1"),
    "prepare": ("--workers", "1", "--eval-share", "0.3"),
}


@pytest.mark.parametrize("page", GIVEN)
def test_commands_run(
    page: str,
    material: Material,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(distill_mos, "where", lambda: None)  # a second a take; has tests of its own
    Bench(tmp_path, material).has(*GIVEN[page])
    for line in guides.lines(guides.PAGES[page]):
        if line.text.startswith(tuple(NOT_RUN)):
            continue
        if not line.ours:
            subprocess.run(["sh", "-c", line.text], check=True)
        elif guides.parse(line):
            words = line.words[1:]
            done = run(capsys, *words, *QUICK.get(words[0], ()))
            assert done.code == 0, f"{line.text}\n{done.err}"


def test_no_page_with_commands_is_left_out() -> None:
    pages = {name for name, path in guides.PAGES.items() if any(not line.inline for line in guides.lines(path))}
    assert pages <= GIVEN.keys()


def test_what_is_not_run_is_there() -> None:
    every = [line.text for path in guides.PAGES.values() for line in guides.lines(path)]
    assert [begin for begin in NOT_RUN if not any(text.startswith(begin) for text in every)] == []
