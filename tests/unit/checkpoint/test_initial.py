"""Random bases: the same for the same seed, whole or not there, and speech spreads over many of their codes."""

import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
import torch
from torch import Tensor

from dimts.app.demo import corpus
from dimts.checkpoint import export, initial, official, weights
from dimts.checkpoint.official import Base
from dimts.errors import CheckpointError, TextError
from dimts.evaluate import teacher
from dimts.files import sha256
from dimts.infer import speak
from dimts.model import mel
from dimts.model.dvae import Dvae
from dimts.model.xtts import Xtts
from tests.parity.reference import read_keys

RECORDINGS = Path(__file__).parents[4] / "shared" / "oracle" / "wavs"
FILES = {"config.json", "dvae.pth", "mel_stats.pth", "model.safetensors", "speakers_xtts.pth", "vocab.json"}


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in folder.iterdir()}


def entropy_nats(dvae: Dvae, stats: Tensor, waves: list[Tensor]) -> float:
    """The entropy of all codes of 22,050 Hz waves."""
    with torch.no_grad():
        codes = torch.cat([dvae.encode(mel.code_mel(wave[None], stats))[0] for wave in waves])
    shares = codes.bincount().double() / len(codes)
    return float(torch.special.entr(shares).sum())


def built(size: str, seed: int) -> tuple[Dvae, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, dvae = initial.build(initial.SIZES[size], 600)
    return dvae, network.mel_stats


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a limit, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def quick(tiny: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the building: write the session's tiny base again."""
    monkeypatch.setattr(initial, "build", lambda size, rows: (tiny.network, tiny.need_dvae()))


def test_the_seed_decides_everything(tiny_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    initial.write(tmp_path / "again", "tiny", 7)
    initial.write(tmp_path / "other", "tiny", 8)
    assert hashes(tmp_path / "again") == hashes(tiny_folder)
    assert hashes(tmp_path / "other")["vocab.json"] == hashes(tiny_folder)["vocab.json"]
    ours, theirs = (weights.read(folder / "model.safetensors") for folder in (tiny_folder, tmp_path / "other"))
    assert not torch.equal(ours["gpt.mel_embedding.weight"], theirs["gpt.mel_embedding.weight"])
    assert not torch.equal(*(official.load(f).need_dvae().codebook.embed for f in (tiny_folder, tmp_path / "other")))


def test_it_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    initial.write(tmp_path / "base", "tiny", 7)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_layout_is_official(tiny_folder: Path, tiny: Base) -> None:
    assert {path.name for path in tiny_folder.iterdir()} == FILES
    arguments = tiny.config["model_args"]
    assert arguments["gpt_number_text_tokens"] == tiny.tokenizer.rows == tiny.network.shape.gpt.text_rows
    assert arguments["gpt_max_text_tokens"] == tiny.network.shape.gpt.text_positions - 2 == 402
    assert arguments["gpt_max_audio_tokens"] == 605
    assert (arguments["gpt_start_text_token"], arguments["gpt_stop_text_token"]) == (261, 0)
    assert tiny.config["languages"] == list(tiny.tokenizer.languages)


def test_the_full_size_is_the_official_one() -> None:
    network_shape, dvae_shape = initial.shapes(initial.SIZES["full"], 5413)
    with torch.device("meta"):
        network, dvae = Xtts(network_shape), Dvae(dvae_shape)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == read_keys("full")
    assert {name: tuple(tensor.shape) for name, tensor in dvae.state_dict().items()} == read_keys("full", dvae=True)


def test_no_such_size(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="--size huge: no such size; choose from .*, small-trained"):
        initial.write(tmp_path / "base", "huge", 0)


@pytest.mark.parametrize("seed", [0, 3, 2**64 + 5])
def test_speech_spreads_over_many_codes(seed: int) -> None:
    """Synthetic speech of another seed, as much of it as eight LJ Speech clips."""
    dvae, stats = built("tiny", seed % 2**64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1000 + seed % 1000)
        waves = list(initial.synthetic_speech(50))
    assert entropy_nats(dvae, stats, waves) > 5.8  # measured 5.97 to 6.04; a codebook of noise gives 5.4


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of ../shared/oracle are not here")
@pytest.mark.parametrize(("size", "least"), [("tiny", 5.3), ("small", 4.9)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_recorded_speech_spreads_over_many_codes(size: str, least: float, seed: int) -> None:
    """Measured 5.42 to 5.95 of tiny's 1024 codes (unscaled layers 5.1), 4.96 to 5.25 of small's 512."""
    waves = [torch.from_numpy(soundfile.read(path, dtype="float32")[0]) for path in sorted(RECORDINGS.glob("*.wav"))]
    assert len(waves) == 8
    assert entropy_nats(*built(size, seed), waves) > least


@pytest.mark.parametrize("there", ["file", "folder with a file"])
def test_what_is_there_stays(tmp_path: Path, there: str) -> None:
    folder = tmp_path / "base"
    if there == "file":
        folder.write_text("mine")
    else:
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
    with pytest.raises(CheckpointError, match=r"base: is there already; choose a folder that does not exist"):
        initial.write(folder, "tiny", 0)
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


@pytest.mark.usefixtures("quick")
def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    initial.write(tmp_path / "base", "tiny", 0)
    assert {path.name for path in (tmp_path / "base").iterdir()} == FILES


def test_the_folder_one_stands_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="is there already"):
        initial.write(Path("."), "tiny", 0)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("step", ["write", "write_pickle"])
@pytest.mark.usefixtures("quick")
def test_an_interruption_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException], step: str
) -> None:
    def interrupted(content: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise interruption

    monkeypatch.setattr(weights, step, interrupted)
    with pytest.raises(interruption):
        initial.write(tmp_path / "base", "tiny", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit_bytes", [0, 20_000, 2_000_000])
@pytest.mark.usefixtures("quick")
def test_a_full_disk_leaves_nothing(tmp_path: Path, limit_bytes: int) -> None:
    with full_disk(limit_bytes), pytest.raises(CheckpointError, match=r"cannot be written \(.*\); free space"):
        initial.write(tmp_path / "base", "tiny", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"base: cannot be written \(.*\); free space or choose another folder"):
        initial.write(tmp_path / "file" / "base", "tiny", 0)


def test_another_vocabulary(tiny_folder: Path, tmp_path: Path) -> None:
    document = json.loads((tiny_folder / "vocab.json").read_text())
    document["model"]["vocab"]["ሰ"] = 1 + max(document["model"]["vocab"].values())
    shutil.copytree(tiny_folder, tmp_path / "from")
    (tmp_path / "from" / "vocab.json").write_text(json.dumps(document))
    initial.write(tmp_path / "base", "tiny", 0, tmp_path / "from" / "vocab.json")
    base = official.load(tmp_path / "base")
    assert base.network.shape.gpt.text_rows == document["model"]["vocab"]["ሰ"] + 1
    with pytest.raises(TextError, match=r"none\.json: there is no such file"):
        initial.write(tmp_path / "third", "tiny", 0, tmp_path / "none.json")


def test_the_trained_base_is_small_and_whole(tmp_path: Path) -> None:
    initial.write(tmp_path / "base", "small-trained", 0)
    base = official.load(tmp_path / "base")
    random, dvae = initial.shapes(initial.SIZES["small"], base.tokenizer.rows)
    assert base.network.shape == random and base.need_dvae().shape == dvae
    assert {"en", "es", "it", "de", "pl"} <= set(base.tokenizer.languages) and "am" not in base.tokenizer.languages
    files = [path for path in initial.SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000_000 and export.voice_names(tmp_path / "base")
    assert all(parameter.isfinite().all() for parameter in base.network.parameters())


def test_the_trained_base_keeps_its_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="small-trained has its own vocabulary"):
        initial.write(tmp_path / "base", "small-trained", 0, tmp_path / "vocab.json")
    assert not (tmp_path / "base").exists()


def test_the_trained_base_foresees_speech(tmp_path: Path) -> None:
    """Random weights have a loss of ln 1026 = 6.9 on any code."""
    initial.write(tmp_path / "base", "small-trained", 0)
    speaker, base = speak.load(tmp_path / "base"), official.load(tmp_path / "base")
    text = "The old clock in the kitchen was slow again."
    said = corpus.clip(text, "en-us+f2")
    (ids,) = speaker.pieces(text, "en")
    found = teacher.score(speaker, base.need_dvae(), torch.from_numpy(said.samples), ids)
    assert found.code_loss < 4
