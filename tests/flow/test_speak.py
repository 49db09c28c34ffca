"""From the command line: a random base is made, a bundle written, and both speak into files."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from dimts.checkpoint import export, grow, official
from dimts.checkpoint.export import Bundle
from dimts.infer import voice as voices
from dimts.infer.speak import Speaker
from dimts.text import extend
from tests.unit.app.command import Done, run
from tests.unit.conftest import synthetic

QUICK = ("--max-codes", 12)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random base, made by a process of its own, as a user makes it."""
    folder = tmp_path_factory.mktemp("made") / "tiny"
    words = [
        sys.executable,
        "-m",
        "dimts.app.cli",
        "base",
        "init",
        str(folder),
        "--size",
        "tiny",
        "--seed",
        "5",
        "--json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"base": str(folder), "size": "tiny", "seed": 5}
    assert done.stderr == ""
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo recording at 44.1 kHz."""
    path = tmp_path_factory.mktemp("recorded") / "ref.wav"
    samples = torch.nn.functional.interpolate(synthetic(2.0)[None, None], scale_factor=2.0, mode="linear")[0, 0]
    soundfile.write(path, np.stack([samples, samples * 0.5], axis=1), 44_100)
    return path


@pytest.fixture(scope="module")
def bundle(base: Path, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that knows Amharic letters and has a voice of its own."""
    loaded = official.load(base)
    tokenizer = extend.extend(loaded.tokenizer, ["ሰላም ለዓለም።"], "am")
    network = grow.to_fit(loaded, tokenizer, 402)
    own = {"ሊያ": voices.make(network, [voices.listen(reference)]).state()}
    facts = {"trained_languages": ["am"], "longest_text_tokens": 40}
    return export.write(Bundle(loaded, network, tokenizer, own, facts), tmp_path_factory.mktemp("out") / "voice")


def speak(capsys: pytest.CaptureFixture[str], *words: object) -> Done:
    done = run(capsys, "speak", *words, *QUICK, "--device", "cpu")
    assert done.err == ""
    return done


def test_a_base_speaks_in_the_voice_of_a_recording(
    base: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder" / "said.wav"
    done = speak(capsys, base, "Hello there.", "--reference", reference, "--language", "en", "--out", out, "--json")
    assert done.code == 0
    facts = json.loads(done.out)
    header = soundfile.info(out)
    assert (header.samplerate, header.channels, header.subtype) == (24_000, 1, "PCM_16")
    cut = ["hello there."]  # a random base does not stop by itself
    assert facts == {"out": str(out), "seconds": round(header.duration, 3), "rate_hz": 24_000, "not_ended": cut}
    assert abs(header.duration - 12 * 1024 / 22_050) < 0.02
    assert np.abs(soundfile.read(out)[0]).max() > 0


def test_the_same_seed_gives_the_same_file(
    base: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = ("--reference", reference, "--language", "en", "--seed", seed, "--out", tmp_path / f"{name}.flac")
        assert speak(capsys, base, "Hello there.", *words).code == 0
    first, again, other = ((tmp_path / f"{name}.flac").read_bytes() for name in "abc")
    assert first == again != other


def test_a_bundle_speaks_amharic_in_its_own_voice(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = speak(capsys, bundle, "ሰላም ለዓለም።", "--out", tmp_path / "said.wav")
    note = "  ran into --max-codes, its end may be missing: ሰላም ለአለም።"
    assert (done.code, done.out.splitlines()) == (0, [f"{tmp_path / 'said.wav'}: 0.6 s", note])
    assert speak(capsys, bundle, "ሰላም ለዓለም።", "--voice", "ሊያ", "--out", tmp_path / "named.wav").code == 0
    assert (tmp_path / "said.wav").read_bytes() == (tmp_path / "named.wav").read_bytes()


def test_long_text_is_spoken_in_pieces(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "ሰላም ለዓለም። " * 20
    done = speak(capsys, bundle, text, "--out", tmp_path / "said.wav", "--json")
    assert done.code == 0
    pieces = json.loads(done.out)["seconds"] / (12 * 1024 / 22_050 + 0.12)
    assert pieces > 2.5


def test_takes_differ_by_their_seeds(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (bundle, "ሰላም ለዓለም።", "--seed", 4)
    done = speak(capsys, *words, "--takes", 2, "--out", tmp_path / "a.wav", "--json")
    takes = json.loads(done.out)["takes"]
    assert [(Path(each["out"]).name, each["seed"]) for each in takes] == [("a.wav", 4), ("a-2.wav", 5)]
    assert speak(capsys, *words, "--out", tmp_path / "alone.wav").code == 0
    alone = (tmp_path / "alone.wav").read_bytes()
    assert alone == (tmp_path / "a.wav").read_bytes() != (tmp_path / "a-2.wav").read_bytes()


def test_a_streamed_file_grows_and_is_the_same_in_the_end(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths, real = [], Speaker.stream

    def spied(self: Speaker, *given: object) -> Iterator[object]:
        for piece in real(self, *given):  # type: ignore[arg-type]
            lengths.append(soundfile.info(tmp_path / "b.wav").frames if (tmp_path / "b.wav").exists() else 0)
            yield piece

    monkeypatch.setattr(Speaker, "stream", spied)
    words = (bundle, "ሰላም። ሰላም ለዓለም። ሰላም።", "--split", "sentences")
    assert speak(capsys, *words, "--stream", "--out", tmp_path / "b.wav").code == 0
    assert len(lengths) == 3 and lengths[0] == 0 < lengths[1] < lengths[2] < soundfile.info(tmp_path / "b.wav").frames
    assert speak(capsys, *words, "--out", tmp_path / "c.wav").code == 0
    assert np.array_equal(soundfile.read(tmp_path / "b.wav")[0], soundfile.read(tmp_path / "c.wav")[0])
    done = run(capsys, "speak", *words, "--stream", "--out", tmp_path / "b.flac")
    assert done.code == 1 and "WAV only" in done.err
    done = run(capsys, "speak", bundle, "።", "--stream", "--out", tmp_path / "nothing.wav")
    assert done.code == 1 and not (tmp_path / "nothing.wav").exists()


def test_speed_changes_the_length_and_nothing_is_split_unasked(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = {}
    for speed in (0.5, 1, 2):
        done = speak(capsys, bundle, "ሰላም። ለዓለም።", "--speed", speed, "--out", tmp_path / "a.wav", "--json")
        seconds[speed] = json.loads(done.out)["seconds"]
    assert abs(seconds[0.5] - 2 * seconds[1]) < 0.06 and abs(seconds[2] - seconds[1] / 2) < 0.06
    assert abs(seconds[1] - 12 * 1024 / 22_050) < 0.02  # one piece
    for words in (("--speed", 3), ("--split", "words")):
        assert run(capsys, "speak", bundle, "ሰላም።", *words).code == 1


def test_a_process_of_its_own_speaks_the_same(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert speak(capsys, bundle, "ሰላም።", "--out", tmp_path / "here.wav").code == 0
    words = ["speak", str(bundle), "ሰላም።", "--out", "there.wav", "--device", "cpu", *map(str, QUICK)]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(
        [sys.executable, "-m", "dimts.app.cli", *words],
        cwd=tmp_path, env={**os.environ, **threads}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (0, "there.wav: 0.6 s", "")
    assert (tmp_path / "here.wav").read_bytes() == (tmp_path / "there.wav").read_bytes()
