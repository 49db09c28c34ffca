"""A folder as a reader of a page has it: recordings, a tiny random base in the official's place, small run files."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from dimts import config
from dimts.train import recipe
from tests.flow import material
from tests.flow.guides import ROOT
from tests.flow.material import QUIET, SETTINGS, TEXTS, Material

WOLOF = ("Naka nga def?", "Maa ngi fi rekk.", "Jërëjëf.", "Ana waa kër ga?", "Nu ngi fa.", "Fan nga dëkk?")
FEW: dict[str, Any] = {  # updates, of 2 x 2 clips; the rest stays as the recipe says
    **{name: SETTINGS[name] for name in ("limits", "batch", "device")},
    "prompt": {"min_samples": 8000, "max_samples": 16_000},
    "train": {"max_updates": 4, "new_rows_first_updates": 0},
    "evaluate": {"at_start": False},
}
SMALL = tuple(
    f"{part}.{name}={value}" for part, of in FEW.items() if isinstance(of, dict) for name, value in of.items()
)
SUBTITLES = "1\n00:00:00,100 --> 00:00:01,600\nሰላም ለዓለም።\n"


class Bench:
    """The folder; each method lays something there that a page takes as given."""

    def __init__(self, folder: Path, made: Material) -> None:
        self.folder, self.made = folder, made

    def has(self, *names: str) -> None:
        for name in names:
            getattr(self, name)()

    def recordings(self) -> None:
        material.recordings(self.folder / "recordings")
        shutil.copy(self.folder / "recordings/wavs/clip9.wav", self.folder / "recordings/wavs/one.wav")

    def wolof(self) -> None:
        self.recordings()
        self._table("recordings/metadata.csv", [f"clip{at + 4}|{text}" for at, text in enumerate(WOLOF)])

    def base(self) -> None:
        shutil.copytree(self.made.base, self.folder / "base")

    def recipes(self) -> None:
        """Lay the recipes there, and one of them as run.yaml."""
        for path in (ROOT / "recipes").glob("amharic-*.yaml"):
            run = config.override(yaml.safe_load(path.read_text(encoding="utf-8")), SMALL)
            self._table(f"recipes/{path.name}", [yaml.safe_dump(run)])
        shutil.copy(self.folder / "recipes/amharic-bpe.yaml", self.folder / "run.yaml")

    def dataset(self) -> None:
        shutil.copytree(self.made.dataset, self.folder / "dataset")

    def vocabulary(self) -> None:
        shutil.copy(self.made.vocab, self.folder / "vocab.json")

    def run(self) -> None:
        self._run("amharic-bpe")

    def lora_run(self) -> None:
        self._run("amharic-lora", "out=run")

    def _run(self, name: str, *settings: str) -> None:
        self.has("base", "dataset", "vocabulary", "recipes")
        path = self.folder / f"recipes/{name}.yaml"
        recipe.finetune(config.read(path, settings), QUIET)

    def voice(self) -> None:
        shutil.copytree(self.folder / "run/voice", self.folder / "voice")

    def other_voice(self) -> None:
        shutil.copytree(self.folder / "run/voice", self.folder / "other/voice")

    def base_as_voice(self) -> None:
        shutil.copytree(self.made.base, self.folder / "out/voice")

    def other_trainer(self) -> None:
        """Lay a dataset and a voice there as the web interfaces leave them."""
        material.recordings(self.folder / "dataset")
        (self.folder / "dataset/metadata.csv").unlink()
        rows = [f"wavs/clip{at}.wav|{text}|abebe" for at, text in enumerate(TEXTS)]
        for name, part in (("train", rows[2:]), ("eval", rows[:2])):
            self._table(f"dataset/metadata_{name}.csv", ["audio_file|text|speaker_name", *part])
        shutil.copytree(self.made.base, self.folder / "old-voice")
        shutil.copy(self.folder / "dataset/wavs/clip9.wav", self.folder / "reference.wav")

    def subtitled(self) -> None:
        """Lay recordings with subtitles there, and a table."""
        for recording, subtitles in (("talk.wav", "talk.srt"), ("film.mp4", "other.srt")):
            shutil.copy(self.folder / "recordings/wavs/clip9.wav", self.folder / recording)
            self._table(subtitles, [SUBTITLES])
        self._table("clips.csv", ["recordings/wavs/clip8.wav|አመሰግናለሁ።"])

    def texts(self) -> None:
        self._table("texts.txt", ["ሰላም ለዓለም።"])
        shutil.copytree(self.made.dataset, self.folder / "more")

    def _table(self, name: str, lines: Sequence[str]) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
