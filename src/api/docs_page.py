"""The page on which the documentation is read and tried: Swagger UI, whose files come with the service."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

ADDRESS = "/docs"
_FILES = f"{ADDRESS}/files"


def install(app: FastAPI) -> None:
    """Adds the page and its files to an app that was made without FastAPI's own, which asks another server for them."""

    async def page(_request: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url=str(app.openapi_url),
            title=app.title,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_FILES}/favicon.png",
        )

    app.router.routes += [
        Route(ADDRESS, page, include_in_schema=False),
        Mount(_FILES, StaticFiles(packages=[("fastapi_offline", "static")])),
    ]
