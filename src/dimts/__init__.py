"""Dimts fine-tunes XTTS v2 into a voice for any language, Amharic first.

```python
speaker = dimts.load("voice")                        # any official-layout folder or bundle
voice = speaker.voice(["reference.wav"])
audio = speaker.speak("ሰላም ለዓለም።", voice, language="am", seed=0)
```
Nothing heavy is imported until one of these names is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dimts.audio.io import Audio
    from dimts.errors import DimtsError
    from dimts.infer.decode import Sampling
    from dimts.infer.speak import Speaker, load
    from dimts.infer.voice import Voice

__all__ = ["Audio", "DimtsError", "Sampling", "Speaker", "Voice", "load"]

_HOMES = {
    "Audio": "dimts.audio.io",
    "DimtsError": "dimts.errors",
    "Sampling": "dimts.infer.decode",
    "Speaker": "dimts.infer.speak",
    "Voice": "dimts.infer.voice",
    "load": "dimts.infer.speak",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dimts' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
