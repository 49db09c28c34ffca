"""A small hub on loopback that takes uploads: a repository is made, then one commit holds all files."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Taken:
    """What was pushed; `status` other than 200 refuses everything."""

    repositories: list[dict[str, Any]] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    taken: Taken

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.answer({"id": "me/voice", "sha": "0" * 40, "siblings": []})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.endswith("/api/repos/create"):
            self.taken.repositories.append(json.loads(body))
            self.answer({"url": f"{self.taken.url}/me/voice", "name": "me/voice"})
        elif "/preupload/" in self.path:
            paths = [each["path"] for each in json.loads(body)["files"]]
            self.answer({"files": [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]})
        elif "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.taken.content[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self.answer({"commitUrl": f"{self.taken.url}/me/voice/commit/{'0' * 40}", "commitOid": "0" * 40})
        else:
            self.answer({})

    def answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(self.taken.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve() -> Iterator[Taken]:
    """Serve until the block ends; `url` is what HF_ENDPOINT should be."""
    taken = Taken()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"taken": taken}))
    taken.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
