"""The public face: names and signatures that DESIGN promises, an import that costs nothing, help in half a second."""

import inspect
import os
import subprocess
import sys

import pytest
import typer

import dimts
from dimts.app import cli
from tests.unit.app import command

HEAVY = ("torch", "numpy", "safetensors", "soundfile", "tokenizers", "rich", "pydantic")


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after this code."""
    show = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_nothing_heavy() -> None:
    assert modules_after("import dimts").isdisjoint(HEAVY)
    assert "torch" in modules_after("import dimts; dimts.load")


def test_the_command_line_loads_nothing_heavy_until_a_command_runs() -> None:
    assert modules_after("import dimts.app.cli").isdisjoint(("torch", "numpy", "soundfile", "pydantic"))


def test_public_names() -> None:
    assert dimts.__all__ == ["Audio", "DimtsError", "Sampling", "Speaker", "Voice", "load"]
    for name in dimts.__all__:
        assert getattr(dimts, name).__name__ == name
        assert getattr(dimts, name).__doc__
    with pytest.raises(AttributeError, match="module 'dimts' has no attribute 'speak'"):
        dimts.speak  # noqa: B018


def defaults(function: object) -> dict[str, object]:
    """Parameter names and defaults, without self."""
    assert callable(function)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in found if p.name != "self"}


def test_signatures() -> None:
    none = inspect.Parameter.empty
    assert defaults(dimts.load) == {"folder": none, "device": "cpu"}
    assert defaults(dimts.Speaker.voice) == {"references": none, "prompt_s": 30, "chunk_s": 6}
    spoken = {"text": none, "voice": none, "language": none, "seed": 0, "sampling": None}
    assert defaults(dimts.Speaker.speak) == spoken
    assert defaults(dimts.Speaker.stream) == spoken
    assert defaults(dimts.Sampling) == {
        "temperature": 0.75,
        "top_k": 50,
        "top_p": 0.85,
        "repetition_penalty": 5.0,
        "greedy": False,
        "max_codes": 600,
    }
    assert {"latents_1PD", "speaker_1E"} == set(defaults(dimts.Voice))
    assert {"network", "tokenizer"} <= set(defaults(dimts.Speaker))
    assert list(defaults(dimts.Audio)) == ["samples", "rate_hz"]


def test_help_comes_in_half_a_second() -> None:
    """Of processor time, which other programs do not lengthen."""

    def children_s() -> float:
        spent = os.times()
        return spent.children_user + spent.children_system

    took_s = []
    for _ in range(3):
        began = children_s()
        subprocess.run([sys.executable, "-m", "dimts.app.cli", "--help"], capture_output=True, check=True)
        took_s.append(children_s() - began)
    assert 0 < min(took_s) < 0.5


def commands() -> list[list[str]]:
    """Every command and subcommand, as words."""
    found: list[list[str]] = [[]]
    root = typer.main.get_command(cli.app)
    for name, one in getattr(root, "commands", {}).items():
        found += [[name], *([name, inner] for inner in getattr(one, "commands", {}))]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    done = command.run(capsys, *words, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage:" in done.out
    assert len(done.out.splitlines()) > 5


def test_the_commands_that_speak_and_make_bases_are_there() -> None:
    assert {"speak", "base init", "train", "prepare", "vocab", "plan", "check", "text"} <= set(
        map(" ".join, commands())
    )


@pytest.mark.parametrize("words", [["--nothing"], ["speek"], ["speak"], ["base", "init"]], ids=" ".join)
def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    done = command.run(capsys, *words)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
