"""Bodies: who sends one, how large it may be, and the JSON object in it, read strictly and once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.errors import KeyNeeded, TooLarge, WrongMediaType
from application.keys import key_holder
from application.service import Service
from application.strict_json import NotJson, StrictDecoder
from domain.errors import Invalid, Problem

MAX_BODY_BYTES = 1_000_000
"""Bytes: the largest entry of the real record has some 20,000."""
BEARER = HTTPBearer(auto_error=False, description="A key, as `dispute-timeline keys add NAME` shows it once.")


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body and the key that came with it, neither of them looked into yet."""

    key: str
    body: bytes

    def fields(self) -> dict[str, Any]:
        """The JSON object that the body is; NotJson or Invalid where it is none."""
        return fields_in(self.body)


async def json_body(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
) -> JsonBody:
    """What a writer sends, read no further than it may go."""
    if credentials is None:
        raise KeyNeeded
    refuse_but(request, media_type_of(request) or "nothing", "application/json")
    return JsonBody(credentials.credentials, await body_of(request, MAX_BODY_BYTES))


def media_type_of(request: Request) -> str:
    """What the body is said to be: JSON where nothing is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def refuse_but(request: Request, media_type: str, *read_here: str) -> None:
    """WrongMediaType for a body that is none of these, or is packed."""
    if media_type not in read_here:
        raise WrongMediaType(f"content-type: {', '.join(read_here)} is read here, not {media_type}")
    if (coding := request.headers.get("content-encoding", "identity")) != "identity":
        raise WrongMediaType(f"content-encoding: bodies are read as they are, not as {coding}")


async def body_of(request: Request, largest: int) -> bytes:
    """The body; TooLarge as soon as it is known to have more bytes than that."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > largest:
        raise _too_large(largest)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        parts.append(part)
    return b"".join(parts)


async def bearer_key(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> str:
    """The key that came with a request without a body of ours."""
    if credentials is None:
        raise KeyNeeded
    return credentials.credentials


def recorder_of(service: Service, key: str) -> str:
    """The name of the key's holder; KeyNeeded where the key is none, or no longer."""
    name = key_holder(service, key)
    if name is None:
        raise KeyNeeded("the key is not known here, or was revoked")
    return name


def fields_in(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object: each once, in UTF-8, with numbers that JSON can hold."""
    try:
        read, problems = StrictDecoder().whole(body.decode("utf-8", "surrogateescape"))
    except NotJson as error:
        raise NotJson(f"the body {error.detail}") from error
    if problems:
        raise NotJson(f"{problems[0].field}: {problems[0].message}", problems=problems)
    if not isinstance(read, dict):
        message = f"expected an object with the fields, found {type(read).__name__}"
        raise Invalid(message, problems=[Problem("(the whole)", read, message)])
    return read


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"the body has more than {largest:,} bytes")
