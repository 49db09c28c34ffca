"""The command that speaks: a text into a file, once or in several takes, whole or growing while it is spoken."""

import wave
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dimts.app.output import Json, show
from dimts.errors import AudioError, ConfigError

if TYPE_CHECKING:
    from dimts.infer.speak import Piece

SPLITS = ("long", "sentences")


def speak(
    voice: Annotated[Path, typer.Argument(help="Voice bundle or base folder.", show_default=False)],
    text: Annotated[str, typer.Argument(help="What to say.", show_default=False)],
    out: Annotated[Path, typer.Option(help="WAV or FLAC file to write.")] = Path("out.wav"),
    language: Annotated[str, typer.Option(help="Language of the text.")] = "am",
    reference: Annotated[list[Path], typer.Option(help="Recording of the voice to use; may be repeated.")] = [],
    stored: Annotated[str | None, typer.Option("--voice", help="One of the bundle's own voices.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same samples.", min=0)] = 0,
    takes: Annotated[int, typer.Option(min=1, help="Speak it so often, with other seeds: out.wav, out-2.wav...")] = 1,
    speed: Annotated[float, typer.Option(help="Times as fast, 0.5 to 2; the pitch stays.")] = 1.0,
    split: Annotated[str, typer.Option(help="long: in as few pieces as can be; sentences: one by one.")] = "long",
    temperature: Annotated[float, typer.Option(min=0.01)] = 0.75,
    top_k: Annotated[int, typer.Option(min=0)] = 50,
    top_p: Annotated[float, typer.Option(min=0.0, max=1.0)] = 0.85,
    repetition_penalty: Annotated[float, typer.Option(min=1.0)] = 5.0,
    greedy: Annotated[bool, typer.Option(help="Always take the likeliest code.")] = False,
    max_codes: Annotated[int, typer.Option(min=1, max=602, help="Longest piece, in codes of 46.4 ms.")] = 600,
    stream: Annotated[
        bool, typer.Option("--stream", help="Write piece after piece, so that a player can follow; WAV only.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    as_json: Json = False,
) -> None:
    """Speak a text into a file."""
    from dataclasses import replace

    from rich.console import Console

    from dimts.audio import io
    from dimts.infer.decode import Sampling
    from dimts.infer.delivery import Delivery
    from dimts.infer.device import choose
    from dimts.infer.speak import load

    io.refuse_other_formats(out)
    if split not in SPLITS:
        raise ConfigError(f"--split {split}: choose from {', '.join(SPLITS)}")
    if stream and out.suffix.lower() != ".wav":
        raise AudioError(f"{out}: --stream writes WAV only; choose such a name")
    delivery = Delivery(speed, "sentences" if split == "sentences" else "long")
    sampling = Sampling(temperature, top_k, top_p, repetition_penalty, greedy, max_codes)
    speaker = replace(load(voice, choose(device)), delivery=delivery)
    heard = speaker.voice(reference) if reference else speaker.stored_voice(stored)
    told = []
    with Console(stderr=True).status("speaking"):
        for take in range(takes):
            pieces = speaker.stream(text, heard, language, seed + take, sampling)
            told.append(_written(pieces, _name(out, take), stream))
    all_takes = [{**each, "seed": seed + take} for take, each in enumerate(told)]
    facts = {**told[0], "takes": all_takes} if takes > 1 else told[0]
    show(facts, as_json, *(line for each in told for line in _lines(each)))


def _name(out: Path, take: int) -> Path:
    """Return the file of a take."""
    return out.with_name(f"{out.stem}-{take + 1}{out.suffix}") if take else out


def _written(pieces: "Iterable[Piece]", out: Path, stream: bool) -> dict[str, Any]:
    """Write a take; return what is to be told of it."""
    import numpy as np

    from dimts.audio import io

    spoken = []
    with _growing(out) if stream else _unheard() as add:
        for piece in pieces:
            add(io.to_16_bit(piece.samples).astype("<i2").tobytes())
            spoken.append(piece)
    audio = io.Audio(np.concatenate([piece.samples for piece in spoken]), spoken[0].rate_hz)
    if not stream:
        io.write(out, audio)
    cut = [piece.text for piece in spoken if not piece.ended]
    return {"out": str(out), "seconds": round(audio.duration_s, 3), "rate_hz": audio.rate_hz, "not_ended": cut}


def _lines(told: dict[str, Any]) -> list[str]:
    notes = [f"  ran into --max-codes, its end may be missing: {piece[:60]}" for piece in told["not_ended"]]
    return [f"{told['out']}: {told['seconds']:.1f} s", *notes]


@contextmanager
def _growing(out: Path) -> Iterator[Any]:
    """Give what appends to a WAV file, which is whole after each piece. AudioError where it cannot be written."""
    from dimts.model.shapes import OUTPUT_RATE_HZ

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file, wave.open(file, "wb") as sound:
            sound.setparams((1, 2, OUTPUT_RATE_HZ, 0, "NONE", ""))

            def add(content: bytes) -> None:
                sound.writeframes(content)  # puts the header right, too
                file.flush()

            add(b"")
            try:
                yield add
            finally:
                if not sound.tell():
                    out.unlink()  # nothing was said
    except OSError as error:
        raise AudioError(f"{out}: cannot be written: {error.strerror}; free space or choose another folder") from error


@contextmanager
def _unheard() -> Iterator[Any]:
    yield lambda content: None
