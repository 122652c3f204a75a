"""The pages' own style, script and icon: served under the hash of what they hold, and so to be kept for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _known() -> dict[str, tuple[str, bytes, str]]:
    """By the name in its address: a file's own name, bytes and media type."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        held = path.read_bytes()
        name = f"{path.stem}.{sha256(held).hexdigest()[:12]}{path.suffix}"
        found[name] = (path.name, held, _TYPES[path.suffix[1:]])
    return found


@cache
def static(name: str) -> str:
    """The address of a file."""
    return next(f"/static/{address}" for address, (its, _, _) in _known().items() if its == name)


async def _file(request: Request) -> Response:
    found = _known().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    _, held, media_type = found
    headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return Response(held, headers=headers, media_type=media_type)


ROUTES = [Route("/static/{name}", _file, include_in_schema=False)]
