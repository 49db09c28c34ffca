"""The names of a base's voices are read without torch, as with it."""

from pathlib import Path

import pytest
import torch

from dimts.checkpoint import speakers
from dimts.infer import voice

ENTRY = {"gpt_cond_latent": torch.zeros(1, 32, 8), "speaker_embedding": torch.zeros(1, 8, 1)}


@pytest.mark.parametrize("names", [[], ["Claribel Dervla"], ["Ana Florence", "ሄለን"]])
def test_names_are_those_that_speaking_reads(tmp_path: Path, names: list[str]) -> None:
    torch.save({name: {**ENTRY} for name in names}, tmp_path / speakers.OFFICIAL)
    assert speakers.names(tmp_path) == list(voice.read_official(tmp_path)) == names


def test_what_does_not_read_has_no_names(tmp_path: Path) -> None:
    assert speakers.names(tmp_path) == []
    (tmp_path / speakers.OFFICIAL).write_bytes(b"PK\x03\x04 and no more")
    assert speakers.names(tmp_path) == []
