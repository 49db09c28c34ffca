"""Recognisers of sounds, each selected by a visible name: `hama`, or `hf:MODEL`.

`hama` is a small offline recogniser of phones, for any language whose text can be pronounced; `hf:MODEL` is any CTC
model of Hugging Face, a folder or a name on the hub, for the languages it was trained on.
"""

from dimts.data.recognisers.base import Recogniser, posteriors
from dimts.errors import ConfigError

__all__ = ["Recogniser", "load", "posteriors"]


def load(name: str, language: str) -> Recogniser:
    """Make a recogniser by name, for a language; it is read when it is first needed. ConfigError for another name."""
    if name == "hama":
        from dimts.data.recognisers.hama import Hama

        return Hama()
    if name.startswith("hf:"):
        from dimts.data.recognisers.hub import HubModel

        return HubModel(name.removeprefix("hf:"), language)
    raise ConfigError(f"recogniser {name!r}: give `hama`, or `hf:` and the folder or hub name of a CTC model")
