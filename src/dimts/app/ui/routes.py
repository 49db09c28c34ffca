"""Addresses beside the pages: sounds, reports and archives of projects, and speech while it is spoken."""

import re

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from dimts.app import projects
from dimts.app.ui import takes
from dimts.app.ui.safety import Roots
from dimts.app.ui.shell import Place
from dimts.data.importers.places import MEDIA_SUFFIXES
from dimts.errors import DimtsError

SERVED = (*MEDIA_SUFFIXES, ".html", ".zip")  # what a project's folder gives to the browser
TAKE = re.compile(r"\d{8}-\d{6}(-\d)?\.wav")
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self' data:"  # no script
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2d7d46"'
    ' d="M1 6h2v4H1zm4-3h2v10H5zm4-2h2v14H9zm4 4h2v6h-2z"/></svg>'
)


def add(app: FastAPI, place: Place) -> None:
    """Add them all."""

    @app.get("/")
    def begin(request: Request) -> Response:
        language = "am" if request.headers.get("accept-language", "").startswith("am") else "en"
        return RedirectResponse(f"/{language}/")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(ICON, media_type="image/svg+xml")

    @app.get("/files/{name}/{path:path}")
    def file(name: str, path: str) -> Response:
        return _file(place, name, path)

    @app.get("/stream/{name}/{take}")
    def stream(name: str, take: str) -> Response:
        return _stream(place, name, take)


def _file(place: Place, name: str, path: str) -> Response:
    """Give a file of a project, in parts where the browser asks for them."""
    try:
        folder = projects.find(place.folder, name).folder
        real = Roots.of([folder]).inside(folder / path)
    except DimtsError:
        return _missing()
    if not real.is_file() or real.suffix.lower() not in SERVED:
        return _missing()
    policy = {"Content-Security-Policy": PAGE_POLICY} if real.suffix.lower() == ".html" else {}
    return FileResponse(real, headers=policy, content_disposition_type="inline", filename=real.name)


def _stream(place: Place, name: str, take: str) -> Response:
    """Give a take from its beginning and on as it is spoken."""
    try:
        project = projects.find(place.folder, name)
    except DimtsError:
        return _missing()
    if not TAKE.fullmatch(take):
        return _missing()
    return StreamingResponse(takes.stream(project, take), media_type="audio/wav", headers={"Cache-Control": "no-store"})


def _missing() -> Response:
    return PlainTextResponse("there is no such file", 404)
