"""The server: what it gives, to whom, and what it refuses."""

import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio", reason="the extra ui is not installed")

from starlette.testclient import TestClient

from dimts.app import projects
from dimts.app.ui import clips, following, serving
from dimts.app.ui.safety import Roots
from dimts.app.ui.shell import Place
from dimts.data import manifest
from dimts.data.manifest import Clip, Dataset
from dimts.errors import ConfigError
from dimts.log import METRICS, Metrics
from tests.unit.app.command import run

URL = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("projects")
    (folder / "secret.wav").write_bytes(b"RIFF")
    project = projects.create(folder, "ድምፅ")
    project.recordings.mkdir()
    (project.recordings / "a.wav").write_bytes(b"RIFF 0123456789")
    (project.folder / "run.yaml").write_text("base: x")
    (project.recordings / "link.wav").symlink_to(folder / "secret.wav")
    yield serving.build(Place(folder, Roots.of([folder]), most_bytes=1000))


@pytest.fixture(scope="module")
def client(app: Any) -> TestClient:
    return TestClient(app, base_url=URL)


def test_each_language_has_its_page(client: TestClient) -> None:
    for language in ("en", "am"):
        page = client.get(f"/{language}/")
        assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
        assert "fonts.googleapis" not in page.text and 'analytics_enabled":true' not in page.text
    assert client.get("/", headers={"accept-language": "am-ET"}, follow_redirects=False).headers["location"] == "/am/"


def test_sounds_of_projects_are_served_in_parts(client: TestClient) -> None:
    sound = client.get("/files/ድምፅ/recordings/a.wav", headers={"range": "bytes=5-8"})
    assert (sound.status_code, sound.content) == (206, b"0123")


@pytest.mark.parametrize(
    "path",
    ["ድምፅ/../secret.wav", "ድምፅ/%2e%2e/secret.wav", "ድምፅ/recordings/..%2f..%2fsecret.wav", "ድምፅ/recordings/link.wav",
     "ድምፅ/run.yaml", "ድምፅ/settings.json",
     "ድምፅ/recordings", "..%2f..%2fetc/passwd", "nobody/recordings/a.wav", "ድምፅ//etc/passwd"],
)  # fmt: skip
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/files/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "settings.json", "{}/settings.json", "{}/secret.wav"])
def test_the_framework_serves_no_files_of_ours(client: TestClient, app: Any, path: str) -> None:
    place = next(iter(Path(route.path) for route in app.app.routes if route.path == "/en"))
    assert client.get(f"{place}/gradio_api/file={path}").status_code in (403, 404)


def test_an_upload_beyond_the_limit_is_refused(client: TestClient) -> None:
    for size, status in ((900, 200), (5000, 413)):
        files = {"files": ("a.wav", io.BytesIO(b"\1" * size))}
        assert client.post("/en/gradio_api/upload", files=files).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:7860"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": URL}, 200),
        ({"host": "localhost:9000"}, 200),
        ({"host": "[::1]:7860"}, 200),
    ],
)
def test_other_pages_may_not_use_this_one(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/en/", headers=headers).status_code == status


def test_a_password_guards_every_address(app: Any) -> None:
    guarded = serving.Guard(app.app, False, "me", "wörd")
    client = TestClient(guarded, base_url="http://machine.example")
    for path in ("/en/", "/en/config", "/files/ድምፅ/recordings/a.wav", "/en/gradio_api/upload"):
        answer = client.get(path)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == 'Basic realm="Dimts"'
        assert client.get(path, auth=("me", "word")).status_code == 401
    assert client.get("/en/", headers={"authorization": "Basic bWU6d8O2cmQ="}).status_code == 200


def test_the_last_project_is_read_ahead(tmp_path: Path) -> None:
    place = Place(tmp_path, Roots.of([tmp_path]))
    serving.read_ahead(place)  # there is none
    project = projects.create(tmp_path, "selam")
    serving.read_ahead(place)  # it has nothing
    project.run().mkdir()
    Metrics(project.run(), 0).write("update", 7, {"loss": 1.0})
    clip = Clip("a", "audio/a.flac", 10, 22_050, "0" * 64, "ሰላም", "ሰላም", "am", "s", "x:1", "train", "g")
    manifest.write(Dataset(project.dataset, "am", "dimts-1", (clip,)))
    serving.read_ahead(place)
    assert following._followed[project.run() / METRICS].update == 7 and project.dataset in clips._opened


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="is another page open"):
            serving.refuse_taken("127.0.0.1", other.getsockname()[1])


def test_the_command_refuses_an_open_door_and_a_missing_extra(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(capsys, "ui", tmp_path / "new", "--host", "0.0.0.0")
    assert done.code == 1 and "--user NAME" in done.err and not (tmp_path / "new").exists()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run(capsys, "ui", tmp_path / "new")
    assert (done.code, done.err) == (1, "dimts: The web page needs gradio: pip install 'dimts[ui]'\n")
