"""What all tabs share: the open project, the words of the interface, one notice, and how events reach handlers.

A handler is a plain function: it takes the open project and the values of components, and returns new values. What it
raises for users becomes a sentence in the notice. What a tab shows, it shows again when a project is opened and every
two seconds while the page is open; only what has changed is sent.
"""

import errno
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from dimts.app import projects, troubles
from dimts.app.ui.safety import MOST_BYTES, Roots
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag
from dimts.errors import DimtsError

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Place:
    """Where projects lie, what else may be used, and how large an upload may be."""

    folder: Path
    roots: Roots
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Told:
    """What a handler says of its success, beside the new values of its outputs."""

    words: str
    values: Sequence[Any] = ()


@dataclass(frozen=True)
class Shown:
    """Something that is shown of a project: a function of it and of some inputs, and where its values go."""

    number: int
    of: Handler
    inputs: tuple[gr.components.Component, ...]
    outputs: tuple[Any, ...]
    live: bool  # looked at again while the page is open, else only when a project is opened


@dataclass
class Shell:
    """The frame around the tabs."""

    place: Place
    say: Say
    project: gr.Dropdown
    notice: gr.HTML
    shown: list[Shown] = field(default_factory=list)

    def act(self, listener: Any, handler: Handler, inputs: Sequence[Any] = (), outputs: Sequence[Any] = ()) -> None:
        """Call a handler with the project and the inputs when a person does something."""
        call = self.guarded(lambda name, *values: handler(projects.find(self.place.folder, name), *values), outputs)
        listener(call, [self.project, *inputs], [self.notice, *outputs], api_visibility="private")

    def follow(self, listener: Any, handler: Handler, inputs: Sequence[Any] = (), outputs: Sequence[Any] = ()) -> None:
        """Call a handler as `act` does when something changes by itself: what was said before stays."""

        def call(name: str, *values: Any) -> list[Any]:
            if not name:
                return [gr.skip()] * (1 + len(outputs))
            said, *given = guarded(name, *values)
            return [said or gr.skip(), *given]

        guarded = self.guarded(lambda name, *values: handler(projects.find(self.place.folder, name), *values), outputs)
        listener(
            call, [self.project, *inputs], [self.notice, *outputs], api_visibility="private", show_progress="hidden"
        )

    def act_anywhere(self, listener: Any, handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Call a handler that needs no project."""
        return listener(self.guarded(handler, outputs), inputs, [self.notice, *outputs], api_visibility="private")

    def show(self, of: Handler, outputs: Sequence[Any], inputs: Sequence[Any] = (), live: bool = False) -> None:
        """Show what a function gives of the open project."""
        self.shown.append(Shown(len(self.shown), of, tuple(inputs), tuple(outputs), live))

    def guarded(self, handler: Handler, outputs: Sequence[Any]) -> Handler:
        def call(*values: Any) -> list[Any]:
            try:
                found = handler(*values)
            except Exception as error:  # noqa: BLE001  (a page stays open, whatever happens)
                return [self.sorry(error), *[gr.skip()] * len(outputs)]
            said, found = (found.words, list(found.values)) if isinstance(found, Told) else ("", found)
            given = found if isinstance(found, list) else [found][: len(outputs)]
            return [self.good(said), *given, *[gr.skip()] * (len(outputs) - len(given))]

        return call

    def sorry(self, error: Exception) -> Markup:
        """Say what is wrong and what to do; a defect goes to the terminal too."""
        if not isinstance(error, DimtsError | OSError):
            traceback.print_exception(error)
        lines = troubles.told(error.problems) if isinstance(error, DimtsError) else [self._system(error)]
        return tag("div", *(tag("p", line) for line in lines), class_="notice bad", role="alert")

    def good(self, words: str) -> Markup:
        """Say that something was done, or nothing."""
        return tag("div", tag("p", words), class_="notice good", role="status") if words else Markup("")

    def _system(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return self.say("The disk is full: free some space, for instance in the tab Export, and try again.")
        if isinstance(error, OSError):
            return f"{error.filename or ''}: {error.strerror or error}".removeprefix(": ")
        said = self.say("Something happened that nobody foresaw; the terminal where the page was started says more:")
        return f"{said} {type(error).__name__}: {error}"
