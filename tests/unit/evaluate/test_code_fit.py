"""`dimts base check --dataset`: how a DVAE fits a dataset's clips."""

import json
from pathlib import Path

import pytest
import torch

from dimts.checkpoint import official
from dimts.data import manifest
from dimts.data.codes import encode
from dimts.data.listening import hear_all
from dimts.evaluate import code_fit
from dimts.model.shapes import SAMPLE_RATE_HZ
from tests.flow.conftest import material
from tests.flow.material import Material
from tests.unit.app.command import run

__all__ = ["material"]


def test_all_that_is_measured_is_of_the_clips(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    base, dataset = official.load(material.base), manifest.read(material.dataset)
    found = code_fit.check(base, dataset)
    heard = hear_all([(material.dataset, clip) for clip in dataset.clips], SAMPLE_RATE_HZ)
    used = {int(code) for samples_N in heard for code in encode(samples_N, base.need_dvae(), base.network.mel_stats)[0]}
    assert found.verdict == "ok" and found.facts["clips"] == 10 and found.facts["codes"] == 1024
    assert abs(found.facts["codes_used"] - len(used)) <= len(dataset.clips)  # a clip may give one code more
    assert 1 < found.facts["perplexity"] <= found.facts["codes_used"]
    assert found.facts["mel_db"] == pytest.approx(found.facts["mel_l1"] * 4 * 4.342945, rel=1e-4)  # mel_stats are 4
    monkeypatch.setattr(code_fit, "LOOKED_AT", 4)
    assert code_fit.check(base, dataset).facts["clips"] == 4  # every third of ten


def test_one_code_for_all_is_a_problem(material: Material) -> None:
    base = official.load(material.base)
    base.need_dvae().codebook.embed[:, 1:] += 1e4
    found = code_fit.check(base, manifest.read(material.dataset))
    assert found.verdict == "PROBLEM" and "collapsed" in found.text and found.facts["codes_used"] == 1


def test_what_comes_back_whole_has_no_error() -> None:
    class Same(torch.nn.Module):
        shape = type("Shape", (), {"codes": 8})

        def encode(self, mel_BMF: torch.Tensor) -> torch.Tensor:
            self.mel_BMF = mel_BMF
            return torch.arange(4)[None]

        def decode(self, codes_BA: torch.Tensor) -> torch.Tensor:
            return self.mel_BMF

    found = code_fit.fit(Same(), torch.ones(80), [torch.randn(80, 16)])  # type: ignore[arg-type]
    assert found == {"mel_l1": 0.0, "mel_db": 0.0, "codes_used": 4, "perplexity": pytest.approx(4.0)}


def test_the_command_says_it(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("base", "check", material.base, "--text", "Short.", "--device", "cpu", "--dataset")
    done = run(capsys, *words, material.dataset, "--json")
    (fit,) = [finding for finding in json.loads(done.out)["findings"] if finding["step"] == "fit"]
    assert done.code == 0 and fit["verdict"] == "ok" and fit["dataset"] == str(material.dataset) and fit["mel_l1"] > 0
    refused = run(capsys, *words, tmp_path / "nowhere")
    assert refused.code == 1 and not refused.out and "nowhere" in refused.err
