"""Ctrl-C before the first update ended with exit code 130 and no word: Typer turns it into a SystemExit of its own."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dimts.app import cli
from dimts.train import recipe
from dimts.train.trainer import Interrupted


def run(monkeypatch: pytest.MonkeyPatch, words: Sequence[str], error: BaseException) -> int | str | None:
    def interrupted(*_: object) -> None:
        raise error

    monkeypatch.setattr(recipe, "finetune", interrupted)
    monkeypatch.setattr(sys, "argv", ["dimts", *words])
    monkeypatch.setenv("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "passive"))
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    path = tmp_path / "my run.yaml"
    path.write_text("{base: base, data: {datasets: [data]}, out: out}")
    return ["train", str(path), "--set", "seed=3", "--set", "samples.texts=[a b]"]


def test_it_says_so_and_exits_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(monkeypatch, words, KeyboardInterrupt()) == 3
    assert capsys.readouterr().err.strip().endswith("dimts: stopped; the same command goes on")


def test_the_command_that_goes_on_is_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(monkeypatch, words, Interrupted()) == 3
    said = capsys.readouterr().err
    assert f"`dimts train '{words[1]}' --set seed=3 --set 'samples.texts=[a b]'` goes on" in said
