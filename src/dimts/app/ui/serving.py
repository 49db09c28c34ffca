"""The server: one page for each language, and a guard before all of it.

Nothing leaves the machine: browsers are told to ask nobody else (Content-Security-Policy), Gradio's statistics are off.
"""

import base64
import logging
import os
import secrets
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from dimts.app.ui import words
from dimts.app.ui.safety import OWN_HOST
from dimts.app.ui.shell import Place
from dimts.errors import ConfigError, DimtsError

POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'; form-action 'self';"
    " base-uri 'self'; object-src 'none'"
)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Guard:
    """Lets in who knows the password, and only by the names that this machine answers to; says what browsers may do."""

    def __init__(self, app: Any, own_host: bool, user: str | None, password: str | None) -> None:
        self.app, self.own_host = app, own_host
        self.key = base64.b64encode(f"{user}:{password}".encode()) if password else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if self.own_host and _host(headers.get(b"host", b"")) not in OWN_HOST:  # DNS rebinding
            await _refuse(send, 403, b"this page answers to 127.0.0.1 and localhost only")
        elif not _same_origin(headers):
            await _refuse(send, 403, b"another page may not use this one")
        elif self.key and not secrets.compare_digest(headers.get(b"authorization", b""), b"Basic " + self.key):
            await _refuse(send, 401, b"name and password, please", (b"www-authenticate", b'Basic realm="Dimts"'))
        else:
            await self.app(scope, receive, _with_headers(send))


def build(place: Place, own_host: bool = True, user: str | None = None, password: str | None = None) -> Any:
    """Make the application."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir()) / f"dimts-ui-{os.getuid()}"))
    import gradio as gr
    from fastapi import FastAPI

    from dimts.app.ui import page, routes

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    routes.add(app, place)
    for language in words.LANGUAGES:
        gr.mount_gradio_app(
            app,
            page.build(place, language),
            f"/{language}",
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            enable_monitoring=False,
            show_error=False,
            max_file_size=place.most_bytes,
            theme=page.theme(),
            css_paths=Path(__file__).with_name("style.css"),
            js=page.START,
        )
    return Guard(app, own_host, user, password)


def run(place: Place, host: str, port: int, user: str | None, password: str | None) -> None:
    """Serve until Ctrl-C. ConfigError when the port is taken."""
    import uvicorn

    class Server(uvicorn.Server):
        """One that ends in silence: pages that are still open are no errors then."""

        def handle_exit(self, sig: int, frame: Any) -> None:
            logging.getLogger("uvicorn.error").disabled = True
            super().handle_exit(sig, frame)

    refuse_taken(host, port)
    app = build(place, host in OWN_HOST, user, password)
    threading.Thread(target=read_ahead, args=(place,), daemon=True).start()
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2)
    with suppress(KeyboardInterrupt):
        Server(config).run()


def read_ahead(place: Place) -> None:
    """Read the project that was used last before anybody opens it: a large one takes a second."""
    from dimts.app import projects
    from dimts.app.ui import clips, following, sounds, train

    with suppress(DimtsError, OSError):
        for name in projects.all_of(place.folder)[:1]:
            project = projects.find(place.folder, name)
            following.follow(project.run(train.run_of(project)))
            data = clips.opened(project.dataset)
            for clip in data.clips[:1]:
                sounds.wave(project.dataset / clip.audio)


def refuse_taken(host: str, port: int) -> None:
    """ConfigError when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot be used on {host} ({error.strerror}); is another page open? Choose another port"
            ) from error


def _host(header: bytes) -> str:
    """Return the name in a Host header, without its port."""
    name = header.decode("latin-1")
    return name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]


def _same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether a request comes from this page, as far as the browser tells."""
    origin = headers.get(b"origin")
    return origin is None or origin.rpartition(b"//")[2] == headers.get(b"host")


async def _refuse(send: Any, status: int, words: bytes, *headers: tuple[bytes, bytes]) -> None:
    plain = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [plain, *headers]})
    await send({"type": "http.response.body", "body": words})


def _with_headers(send: Any) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            ours = {"Content-Security-Policy": POLICY, **HEADERS}
            more = [(k.lower().encode(), v.encode()) for k, v in ours.items() if k.lower().encode() not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending
