"""Make a base of a voice that is small enough to ship: its weights in half precision, its voices beside them.

    python benchmarks/small_base/ship.py VOICE OUT

OUT is a folder that `dimts` reads as any other base. The model card is that of the shipped base: mend it by hand.
"""

import argparse
import json
from pathlib import Path

from torch import Tensor

from dimts.checkpoint import export, initial, official, weights
from dimts.files import whole_folder, write_text

LIMIT_BYTES = 20_000_000


def main() -> None:
    """Write the folder and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    base = official.load(options.voice)
    config = {name: value for name, value in base.config.items() if name != "random_base"}
    with whole_folder(options.out) as beside:
        weights.write(half(base.network.state_dict()), beside / "model.safetensors")
        weights.write(half(base.need_dvae().state_dict()), beside / "dvae.safetensors")
        write_text(beside / "vocab.json", base.tokenizer.to_json())
        write_text(beside / "config.json", json.dumps(config, indent=2) + "\n")
        write_text(beside / "README.md", (initial.SHIPPED / "README.md").read_text(encoding="utf-8"))
        (beside / export.VOICES).mkdir()
        for name in export.voice_names(options.voice):
            weights.write(weights.read(export.voice_file(options.voice, name)), export.voice_file(beside, name))
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {size / 1e6:.2f} MB")
    assert size < LIMIT_BYTES, "larger than what is shipped may be"


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state in half precision."""
    return {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


if __name__ == "__main__":
    main()
