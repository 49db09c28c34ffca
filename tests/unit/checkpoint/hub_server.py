"""A small hub on loopback: the API and the files of coqui/XTTS-v2, with the faults that a test asks for."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPO = "coqui/XTTS-v2"
COMMIT = "6c2b0d75eae4b7047358e3b6bd9325f857d43f77"
CONTENT = {
    "config.json": b'{"model": "xtts"}\n',
    "vocab.json": b'{"model": {}}\n' * 40,
    "mel_stats.pth": b"m" * 1_067,
    "speakers_xtts.pth": b"s" * 7_754,
    "dvae.pth": bytes(range(256)) * 400,
    "model.pth": bytes(range(255, -1, -1)) * 4_000,
    "LICENSE.txt": b"Coqui Public Model License 1.0.0\n",
    "README.md": b"# XTTS\n",
}


@dataclass
class Hub:
    """What the hub holds, what is wrong with it, and what it was asked."""

    content: dict[str, bytes] = field(default_factory=lambda: dict(CONTENT))
    wrong_hash: str = ""  # a file that is described with another hash
    cut_after: dict[str, int] = field(default_factory=dict)  # file -> bytes after which the connection drops, once
    stall_after: dict[str, int] = field(default_factory=dict)  # file -> bytes after which nothing more comes, once
    lost: str = ""  # listed, but answered with 404
    status: int = 200  # of every answer
    page: bytes = b""  # given instead of everything
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path, with the Range
    url: str = ""

    def bytes_sent_from(self, name: str) -> list[int]:
        """The first byte of every transfer of a file."""
        ranges = [path.split(" ")[1:] for method, path in self.asked if method == "GET" and f"/{name} " in f"{path} "]
        return [int(found[0].removeprefix("bytes=").rstrip("-")) if found else 0 for found in ranges]


def described(hub: Hub) -> dict[str, Any]:
    siblings: list[dict[str, Any]] = []
    for name, content in hub.content.items():
        told = content + b"!" if name == hub.wrong_hash else content
        entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_blob(told)}
        if name.endswith(".pth"):
            entry["lfs"] = {"sha256": hashlib.sha256(told).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append(entry)
    return {"id": REPO, "modelId": REPO, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings}


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Server(ThreadingHTTPServer):
    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        self.over = threading.Event()
        hub.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        asked = f"{self.path} {self.headers['Range']}" if self.headers["Range"] else self.path
        self.server.hub.asked.append(("GET", asked))
        path = self.path.partition("?")[0]
        if self.server.hub.status != 200 or self.server.hub.page:
            self.answer(self.server.hub.status, self.server.hub.page or b"{}")
        elif path.startswith(f"/api/models/{REPO}/revision/"):
            known = path.rpartition("/")[2] in ("main", COMMIT)
            self.answer(200, json.dumps(described(self.server.hub)).encode()) if known else self.refuse(
                "RevisionNotFound"
            )
        elif path.startswith(f"/{REPO}/resolve/{COMMIT}/"):
            self.redirect_or_give(path.rpartition("/")[2])
        elif path.startswith("/cdn/"):
            self.give(path.rpartition("/")[2])
        else:
            self.refuse("RepoNotFound")

    def redirect_or_give(self, name: str) -> None:
        """Large files lie elsewhere, as on the self.server.hub."""
        if name == self.server.hub.lost or name not in self.server.hub.content:
            self.refuse("EntryNotFound")
        elif name.endswith(".pth"):
            self.send_response(302)
            self.send_header("Location", f"{self.server.hub.url}/cdn/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.give(name)

    def give(self, name: str) -> None:
        content = self.server.hub.content[name]
        begin = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        cut, stall = self.server.hub.cut_after.pop(name, None), self.server.hub.stall_after.pop(name, None)
        self.wfile.write(content[begin : cut or stall])
        if stall:
            self.server.over.wait(30)
        self.close_connection = bool(cut or stall)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Serve until the block ends; `hub.url` is what HF_ENDPOINT should be."""
    server = Server(hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
