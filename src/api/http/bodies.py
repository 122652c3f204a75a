"""Bodies: the key that comes with one, its largest size, and the JSON object in it, parsed strictly."""

from dataclasses import dataclass
from email.message import Message
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.errors import KeyNeeded, TooLarge, WrongMediaType
from api.http.exchange import request_context
from api.http.limits import who_asks
from application.keys import key_holder
from application.strict_json import fields_in

MAX_BODY_BYTES = 1_000_000
"""Bytes: the largest entry of the real record has some 20,000."""
BEARER = HTTPBearer(auto_error=False, description="A key, as `dispute-timeline keys add NAME` shows it once.")


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body, not parsed yet, and the name of the key's holder: nothing is read before the key is known."""

    recorder: str
    body: bytes

    def fields(self) -> dict[str, Any]:
        """The JSON object in the body; NotJson or Invalid where it is none."""
        return fields_in(self.body)


async def bearer_key(credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> str:
    if credentials is None:
        raise KeyNeeded
    return credentials.credentials


BearerKey = Annotated[str, Depends(bearer_key)]


def key_owner(request: Request, key: BearerKey) -> str:
    """The name of the key's holder; KeyNeeded for an unknown or revoked key, which the server's log notes."""
    name = key_holder(request.app.state.service, key)
    if name is None:
        request.app.state.refused_keys.note(who_asks(request.scope), request.method, request.url.path)
        raise KeyNeeded("the key is not known here, or was revoked")
    request_context(request).key_known = True
    return name


Recorder = Annotated[str, Depends(key_owner)]
"""The name of the holder of the key that came with a request."""


async def json_body(request: Request, recorder: Recorder) -> JsonBody:
    """The JSON body of a write; KeyNeeded, WrongMediaType or TooLarge before it is read."""
    require_media_type(request, media_type_of(request) or "nothing", "application/json")
    return JsonBody(recorder, await body_of(request, MAX_BODY_BYTES))


Body = Annotated[JsonBody, Depends(json_body)]


def media_type_of(request: Request) -> str:
    """The media type of the body; JSON where there is no `Content-Type`."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def charset_of(request: Request) -> str | None:
    """The character set that the `Content-Type` says the body is in; None where it says none."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "application/json")
    charset = message.get_param("charset")
    return charset if isinstance(charset, str) else None


def require_media_type(request: Request, media_type: str, *accepted: str) -> None:
    """WrongMediaType for a body of another type, or a compressed one."""
    if media_type not in accepted:
        raise WrongMediaType(f"content-type: {', '.join(accepted)} is read here, not {media_type}")
    if (coding := request.headers.get("content-encoding", "identity")) != "identity":
        raise WrongMediaType(f"content-encoding: bodies are read as they are, not as {coding}")


async def body_of(request: Request, largest: int) -> bytes:
    """The body; TooLarge as soon as it is known to be larger."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > largest:
        raise TooLarge(f"the body has more than {largest:,} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise TooLarge(f"the body has more than {largest:,} bytes")
        parts.append(part)
    return b"".join(parts)
