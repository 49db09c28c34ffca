"""Players and waveforms as HTML: sounds are fetched from the project's folder when somebody listens."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from dimts.app.projects import Project
from dimts.data.report.markup import Markup, tag

COLUMNS, HEIGHT = 160, 40  # of a waveform
MOST_FRAMES = 60 * 48_000  # a longer sound has no waveform: it would take too long to read


def player(project: Project, path: Path, label: str, span: tuple[float | None, float | None] = (None, None)) -> Markup:
    """Play a file of the project, or a stretch of it; nothing where the file lies elsewhere."""
    if not path.is_relative_to(project.folder) or not path.is_file():
        return Markup("")
    start, end = span
    part = "" if start is None else f"#t={start:.2f}" + ("" if end is None else f",{end:.2f}")
    return tag("audio", controls="", preload="none", src=address(project, path) + part, aria_label=label)


def address(project: Project, path: Path) -> str:
    """Return where the browser finds a file of the project; its age is in it, so that a new one is not the old one."""
    place = f"/files/{quote(project.name)}/{quote(str(path.relative_to(project.folder)))}"
    return f"{place}?{int(path.stat().st_mtime)}"


def wave(path: Path) -> Markup:
    """Draw how loud a sound is over time; nothing for what does not read."""
    try:
        return _wave(path, path.stat().st_mtime_ns)
    except OSError:
        return Markup("")


@lru_cache(maxsize=256)
def _wave(path: Path, changed_ns: int) -> Markup:
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if not 0 < file.frames <= MOST_FRAMES:
                return Markup("")
            samples = np.abs(file.read(dtype="float32", always_2d=True)).max(axis=1)
    except (soundfile.SoundFileError, RuntimeError):
        return Markup("")
    peaks = [float(part.max(initial=0)) for part in np.array_split(samples, COLUMNS)]
    highest = max(*peaks, 1e-4)
    up = [f"{x},{HEIGHT / 2 * (1 - peak / highest):.1f}" for x, peak in enumerate(peaks)]
    down = [f"{x},{HEIGHT / 2 * (1 + peak / highest):.1f}" for x, peak in reversed(list(enumerate(peaks)))]
    return tag("svg", tag("path", d=f"M{'L'.join([*up, *down])}Z"), viewBox=f"0 0 {COLUMNS - 1} {HEIGHT}",
               preserveAspectRatio="none", aria_hidden="true")  # fmt: skip
