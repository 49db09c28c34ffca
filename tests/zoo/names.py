"""Names of files, and folders that lead astray."""

import os
from pathlib import Path

from tests.zoo.sounds import recorded
from tests.zoo.specimens import ACCEPTED, Maker, Specimen


def named(name: str) -> Specimen:
    """A recording of this name, with its words."""
    return Specimen(f"called {name!r}"[:60].replace("/", "").replace("\\", ""), called(name), ACCEPTED)


def called(name: str) -> Maker:
    def make(folder: Path, seed: int) -> None:
        recorded("x.wav")(folder, seed)
        (folder / "x.wav").rename(f"{folder}/{name}.wav")
        (folder / "x.txt").rename(f"{folder}/{name}.txt")

    return make


def with_(*steps: Maker) -> Maker:
    """Do one after the other, in one folder."""

    def make(folder: Path, seed: int) -> None:
        for number, step in enumerate(steps):
            step(folder, seed + number)

    return make


def inside(name: str, *steps: Maker) -> Maker:
    """Do it in a folder within."""

    def make(folder: Path, seed: int) -> None:
        (folder / name).mkdir(parents=True)
        with_(*steps)(folder / name, seed)

    return make


def link(name: str, target: str) -> Maker:
    return lambda folder, seed: (folder / name).symlink_to(target)


def fifo(name: str) -> Maker:
    return lambda folder, seed: os.mkfifo(folder / name)


def locked(name: str) -> Maker:
    """Let nobody read it, not even its owner."""
    return lambda folder, seed: (folder / name).chmod(0)


def text(name: str, content: str = "ሰላም ለዓለም") -> Maker:
    return lambda folder, seed: (folder / name).write_text(content, encoding="utf-8")


def both(name: str) -> Maker:
    """A recording and words, in one call."""
    return recorded(name)


A, B = both("a.wav"), both("b.wav")

NAMES = (
    *map(named, (" two  spaces ", "line\nend", "tab\there", "-rf", "--out", "ሰላም ለዓለም", "😀", "x" * 250, "a:b.wav:3")),
    *map(named, ("$(touch ran)", "'\"`", "%s%n{}", "back\\slash", "CON", "a.b.c", "*?[x]", "ን" * 80, "e\u0301", "#")),
    *map(named, ("\u202egnp", "a|b", "a=b", "~", "\udcff\udcfe")),
)

LOCKED = (  # for those who are not above permissions
    Specimen("a locked recording", with_(A, B, locked("b.wav")), (ACCEPTED, "no permission")),
    Specimen("locked words", with_(A, B, locked("b.txt")), (ACCEPTED, "bad text")),
    Specimen("a locked folder", with_(A, inside("b", B), locked("b")), (ACCEPTED, "no permission")),
)

FOLDERS = (
    Specimen("hidden", with_(A, both(".b.wav")), ACCEPTED),
    Specimen("two that differ by case", with_(A, both("A.wav")), (ACCEPTED, ACCEPTED)),
    Specimen("one stem, two formats", with_(A, both("a.flac")), (ACCEPTED, ACCEPTED)),
    Specimen("link to nowhere", with_(A, link("b.wav", "nowhere")), (ACCEPTED, "missing")),
    Specimen("link to itself", with_(A, link("b.wav", "b.wav")), (ACCEPTED, "missing")),
    Specimen("words by a link to nowhere", with_(A, B, lambda folder, seed: (folder / "b.txt").unlink(),
             link("b.txt", "nowhere")), (ACCEPTED, "bad text"), 2.0),
    Specimen("links in a circle", inside("in", A, link("up", "..")), (ACCEPTED, "folder again")),
    Specimen("links to each other", with_(A, link("x", "y"), link("y", "x")), ACCEPTED),
    Specimen("a folder twice", with_(inside("in", A), link("out", "in")), (ACCEPTED, "folder again")),
    Specimen("a folder called clip.wav", with_(A, inside("clip.wav", B)), (ACCEPTED, ACCEPTED)),
    Specimen("an empty folder called clip.wav", with_(A, inside("clip.wav"), text("clip.txt")), (ACCEPTED, "missing")),
    Specimen("a pipe called b.wav", with_(A, fifo("b.wav")), (ACCEPTED, "not a file")),
    Specimen("a pipe of words", with_(A, fifo("c.txt")), (ACCEPTED, "missing")),
    Specimen("words by a pipe", with_(A, B, lambda folder, seed: (folder / "b.txt").unlink(), fifo("b.txt")),
             (ACCEPTED, "bad text"), 2.0),
    Specimen("forty folders deep", inside("/".join("d" * 40), A), ACCEPTED),
    Specimen("words without a recording", with_(A, text("b.txt")), (ACCEPTED, "missing")),
    Specimen("other files about", with_(A, text("notes.md"), text("cover.jpg"), text("Thumbs.db")), ACCEPTED),
)  # fmt: skip
