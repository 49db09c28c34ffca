"""Every setting of a run: one YAML file, one place for defaults, all problems reported together with their paths.

Nothing rewrites a value afterwards. `auto` is a visible value that `dimts plan` resolves in words. Relative paths start
at the folder where the command runs. The text under a field is its help in the terminal and on the web page.
"""

from dimts.config.file import build, load, override, read, sound, write
from dimts.config.hearing import Batch, Data, Limits, Prompt
from dimts.config.learning import Lora, Optimizer, Schedule, Train
from dimts.config.parts import Decoder, Dvae, Part
from dimts.config.run import RunConfig
from dimts.config.watching import Evaluate, Samples, Save, Track

__all__ = ["Batch", "Data", "Decoder", "Dvae", "Evaluate", "Limits", "Lora", "Optimizer", "Part", "Prompt",
           "RunConfig", "Samples", "Save", "Schedule", "Track", "Train", "build", "load", "override", "read", "sound",
           "write"]  # fmt: skip
