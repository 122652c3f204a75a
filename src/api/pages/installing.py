"""The pages put into an app."""

from __future__ import annotations

from fastapi import FastAPI

from api.pages import (
    about,
    audit,
    changes,
    deadlines,
    developers,
    embed,
    entries,
    files,
    home,
    mistakes,
    pictures,
    places,
)


def install(app: FastAPI) -> None:
    """Adds the pages, their files, and their way to tell of errors, to an app that has the API's."""
    app.state.shelves = {}
    for room in (places, entries, home, deadlines, changes, audit, about, developers, embed, pictures, files):
        app.router.routes.extend(room.ROUTES)
    mistakes.install(app)
