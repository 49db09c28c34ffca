"""Commands as a user runs them: through `main`, with what they print and their exit code."""

import sys
from typing import NamedTuple

import pytest

from dimts.app import cli


class Done(NamedTuple):
    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *words: object) -> Done:
    """Run `dimts` with these words in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        patch.setattr(sys, "argv", ["dimts", *map(str, words)])
        cli.main()
    code = left.value.code
    printed = capsys.readouterr()
    return Done(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)
