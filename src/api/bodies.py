"""Bodies: who sends one, how large it may be, and the JSON object in it, read strictly and once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import KeyNeeded, NotJson, TooLarge, WrongMediaType
from application.keys import holder
from application.service import Service
from domain.errors import Invalid
from domain.refusals import Problem

LARGEST = 1_000_000
"""Bytes: the largest entry of the real record has some 20,000."""
_bearer = HTTPBearer(auto_error=False, description="A key, as `dispute-timeline keys add NAME` shows it once.")


@dataclass(frozen=True, slots=True)
class Submission:
    """A body and the key that came with it, neither of them looked into yet."""

    key: str
    body: bytes

    def fields(self) -> dict[str, Any]:
        """The JSON object that the body is; NotJson or Invalid where it is none."""
        return fields_in(self.body)


async def submission(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Submission:
    """What a writer sends, read no further than it may go."""
    if credentials is None:
        raise KeyNeeded
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise WrongMediaType(f"content-type: application/json is read here, not {media_type or 'nothing'}")
    if (coding := request.headers.get("content-encoding", "identity")) != "identity":
        raise WrongMediaType(f"content-encoding: bodies are read as they are, not as {coding}")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LARGEST:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise _too_large()
        parts.append(part)
    return Submission(credentials.credentials, b"".join(parts))


async def key_of(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The key that came with a request without a body of ours."""
    if credentials is None:
        raise KeyNeeded
    return credentials.credentials


def recorder_of(service: Service, key: str) -> str:
    """The name of the key's holder; KeyNeeded where the key is none, or no longer."""
    name = holder(service, key)
    if name is None:
        raise KeyNeeded("the key is not known here, or was revoked")
    return name


def fields_in(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object: each once, in UTF-8, with numbers that JSON can hold."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        read = json.loads(text, object_pairs_hook=_each_once, parse_constant=_number, parse_float=_number)
    except RecursionError as error:
        raise NotJson("the body is nested too deeply") from error
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from error
    if not text.isascii() or "\\u" in text:
        _refuse_what_is_no_text(read)
    if not isinstance(read, dict):
        message = f"expected an object with the fields, found {type(read).__name__}"
        raise Invalid(message, problems=[Problem("(the whole)", read, message)])
    return read


def _too_large() -> TooLarge:
    return TooLarge(f"the body has more than {LARGEST:,} bytes")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = "is given twice"
        raise NotJson(f"{twice}: {message}", problems=[Problem(twice, fields[twice], message)])
    return fields


def _number(written: str) -> float:
    number = float(written)
    if not isfinite(number):
        raise ValueError(f"{written} is no number of JSON's")
    return number


def _refuse_what_is_no_text(read: object) -> None:
    """Bytes that are not UTF-8 were read as lone surrogates, and so were such escapes: neither can be kept as text."""
    for path, text in _texts(read, ""):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"is not UTF-8 text, from character {error.start} on"
            field = path or "(the whole)"
            raise NotJson(f"{field}: {message}", problems=[Problem(field, text, message)]) from error


def _texts(read: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(read, str):
        yield path, read
    elif isinstance(read, dict):
        for name, value in read.items():
            its = f"{path}.{name}" if path else name
            yield its, name
            yield from _texts(value, its)
    elif isinstance(read, list):
        for number, value in enumerate(read):
            yield from _texts(value, f"{path}.{number}" if path else str(number))
