"""The quality gate of the shipped base: fine-tuned to a language and a script that it never met, it can be told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
LEAST, LOST_AT_MOST = 0.6, 0.25  # shares of few sentences


def test_the_demo_teaches_amharic_and_forgets_little(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dimts.app.cli", "demo", "--out", str(tmp_path / "demo"), "--json"]
    facts = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert facts["scores"]["after"]["nearest"] >= LEAST
    before, after = (facts["others"][when]["nearest"] for when in ("before", "after"))
    assert before >= 0.8 and before - after <= LOST_AT_MOST
