"""Bad input at the command line: one clear line (what, where, what to do), exit code 1, no traceback, no damage."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from dimts.checkpoint import initial, weights
from tests.flow.material import Material
from tests.unit.app.command import Done, run
from tests.unit.checkpoint import pickles
from tests.unit.conftest import synthetic

Spoil = Callable[[Path], object]
TEXT = "Hello there."
MODEL = "model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "base"
    initial.write(folder, "tiny", 0)
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "ref.wav"
    soundfile.write(path, synthetic(1.0).numpy(), 22_050)
    return path


def cut(name: str, share: float) -> Spoil:
    """Cut a file of the base off."""

    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(share * len(content))])

    return spoil


def put(name: str, content: str) -> Spoil:
    return lambda folder: (folder / name).write_text(content)


def remove(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def change(edit: Callable[[weights.State], object]) -> Spoil:
    """Change the weights."""

    def spoil(folder: Path) -> None:
        state = weights.read(folder / MODEL)
        edit(state)
        weights.write(state, folder / MODEL)

    return spoil


def configure(**arguments: object) -> Spoil:
    """Change settings of config.json's model_args."""

    def spoil(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        config["model_args"] |= arguments
        (folder / "config.json").write_text(json.dumps(config))

    return spoil


def evil(folder: Path) -> None:
    """Weights that run code when a careless tool opens them."""
    (folder / MODEL).unlink()
    pickles.archive(folder / "model.pth", pickles.global_call("os", "system", f"touch {folder / 'ran'}"))


def to_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file")


def longer_vocabulary(folder: Path) -> None:
    document = json.loads((folder / "vocab.json").read_text())
    document["model"]["vocab"]["ሰላም"] = 5000
    (folder / "vocab.json").write_text(json.dumps(document))


BASES: dict[str, tuple[Spoil, str]] = {
    "missing folder": (shutil.rmtree, r"base: no such folder; give a base folder"),
    "a file": (to_file, r"base: is a file; give a base folder"),
    "no weights": (remove(MODEL), r"model\.pth: no such file; .*fetch or init it again"),
    "no config": (remove("config.json"), r"config\.json: no such file; .*, fetch .*it again"),
    "no vocabulary": (remove("vocab.json"), r"vocab\.json: there is no such file; use the vocab\.json of"),
    "empty weights": (cut(MODEL, 0), r"model\.safetensors: damaged or cut off .*; copy it again"),
    "half the weights": (cut(MODEL, 0.5), r"model\.safetensors: damaged or cut off .*; copy it again"),
    "nearly all weights": (cut(MODEL, 0.999), r"model\.safetensors: damaged or cut off .*; copy it again"),
    "text as weights": (put(MODEL, "no weights"), r"model\.safetensors: damaged or cut off .*; copy it again"),
    "half a DVAE": (cut("dvae.pth", 0.5), r"dvae\.pth: damaged, cut off or foreign .*; copy it again"),
    "half a config": (cut("config.json", 0.5), r"config\.json: damaged .*; copy it again"),
    "half a vocabulary": (cut("vocab.json", 0.5), r"vocab\.json: damaged, not JSON .*; use the vocab\.json of"),
    "a missing weight": (change(lambda s: s.pop("gpt.mel_head.bias")), r"1 weights missing \(gpt\..*\); copy it again"),
    "a foreign weight": (change(lambda s: s.update(new=torch.ones(2))), r"1 unknown \(new\); copy it again"),
    "a wrong shape": (change(lambda s: s.update(mel_stats=torch.ones(3))), r"1 of wrong shape \(mel_stats: .*; copy"),
    "no heads": (put("config.json", "{}"), r"config\.json: lacks model_args\.gpt_n_heads; copy the base's own"),
    "other heads": (configure(gpt_n_heads=7), r"width 64 has no 7 heads; copy the config\.json that came with"),
    "other layers": (configure(gpt_layers=30), r"2 layers, config\.json says 30; copy both from the same base"),
    "a foreign vocabulary": (longer_vocabulary, r"foreign vocabulary: 5001 rows, the weights have \d+; use the"),
    "code in the weights": (evil, r"it would run code \(\w+\.system\); get it from a .* \(more: https://\S+#refused-pickles\)"),
    "a damaged bundle": (put("bundle.json", "{"), r"bundle\.json: damaged .*; export the voice again"),
    "another normaliser": (put("bundle.json", '{"normaliser": "other-9"}'), r"of normaliser other-9, this is .*; use"),
}  # fmt: skip


@pytest.mark.parametrize("name", BASES)
def test_bases(base: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    spoil, line = BASES[name]
    folder, out = shutil.copytree(base, tmp_path / "base"), tmp_path / "out.wav"
    spoil(folder)
    before = sorted(tmp_path.rglob("*"))
    says_one_line(run(capsys, "speak", folder, TEXT, "--reference", reference, "--language", "en", "--out", out), line)
    assert sorted(tmp_path.rglob("*")) == before, "nothing was written, nothing ran"


def says_one_line(done: Done, line: str) -> None:
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(rf"dimts: .*{line}.*\n", done.err), done.err


def recording(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "short":
        soundfile.write(path, synthetic(0.2).numpy(), 22_050)
    elif kind == "silent":
        soundfile.write(path, np.zeros(44_100), 44_100)
    elif kind == "text":
        path.write_text("not sound " * 50)
    elif kind == "empty":
        path.touch()
    elif kind == "cut off":
        soundfile.write(path, synthetic(2.0).numpy(), 22_050)
        path.write_bytes(path.read_bytes()[:20_000])
    return path


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("missing", "missing.wav: no such file; check the name"),
        ("short", "short.wav: 0.20 s is too short for a reference; give at least 0.33 s"),
        ("silent", "silent.wav: its first 30 s are silent; give a recording of the voice"),
        ("text", "text.wav: .*; is it a recording"),
        ("empty", "empty.wav: the file is empty"),
        ("cut off", "cut off.wav: cut off: 23% of the sound"),
    ],
)
def test_references(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, line: str) -> None:
    words = ("--language", "en", "--out", tmp_path / "out.wav")
    says_one_line(run(capsys, "speak", base, TEXT, "--reference", recording(kind, tmp_path), *words), line)


@pytest.mark.parametrize(
    ("text", "language", "line"),
    [
        ("", "en", "nothing to say in ''; give a text with words"),
        ("?!…", "en", "nothing to say in .*; give a text with words"),
        ("ሰላም", "am", r"has no tag \[am\], only en, .*; extend it with `dimts vocab`"),
        ("ሰላም", "en", "knows no letter of 'ሰላም'; is 'en' its language"),
        (TEXT, "klingon!", "klingon"),
    ],
)
def test_texts(
    base: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, language: str, line: str
) -> None:
    words = ("--reference", reference, "--language", language, "--out", tmp_path / "out.wav")
    says_one_line(run(capsys, "speak", base, text, *words), line)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--out", "no/folder"), "no/folder: can write .wav and .flac only; choose such a name"),
        (("--out", "out.mp3"), "out.mp3: can write .wav and .flac only; choose such a name"),
        (("--out", "file/out.wav"), "file/out.wav: cannot be written: .*; free space or choose another folder"),
        (("--device", "tpu9"), "device: tpu9 cannot be used here .*; `dimts doctor` lists what can"),
    ],
)
def test_options(
    base: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, str], line: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    common = ("speak", base, TEXT, "--reference", reference, "--language", "en", "--max-codes", 3)
    says_one_line(run(capsys, *common, *words), line)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_voice_that_is_not_there(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says_one_line(run(capsys, "speak", base, TEXT, "--language", "en"), r"no stored voice \(it has none\); give --ref")
    says_one_line(
        run(capsys, "speak", base, TEXT, "--voice", "Ana"), r"no voice 'Ana' \(it has none\); give --reference"
    )


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_base_is_not_made_over_something(tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    folder = tmp_path / "mine"
    if there == "folder":
        folder.mkdir()
    (folder / "notes.txt" if there == "folder" else folder).write_text("mine")
    says_one_line(run(capsys, "base", "init", folder, "--size", "tiny"), "mine: is there already; choose a folder")
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_bases_of_no_known_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "base", "init", tmp_path / "base", "--size", "giant")
    says_one_line(done, "--size giant: no such size; choose from tiny, small, full")
    assert not (tmp_path / "base").exists()


def test_training_without_a_dvae(material: Material, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(material.base, tmp_path / "base")
    (folder / "dvae.pth").unlink()
    run_file = material.run_file(tmp_path / "run", f"base={folder}")
    says_one_line(run(capsys, "train", run_file), r"no dvae\.pth: it can speak but not train; fetch the complete base")


def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "dimts.app.cli", "speak", "none", TEXT]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    says_one_line(Done(done.returncode, done.stdout, done.stderr), "none: no such folder; give a base folder")
