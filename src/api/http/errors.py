"""Errors over HTTP: one table from the errors of the record to RFC 9457 problem details. Any other is a bug, a 500."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from application.bulk.batch import BadRows, TooManyRows
from application.strict_json import NotJson
from domain.errors import Conflict, Invalid, NotFound, Problem, RecordError, Refused, Stale
from domain.refusals import plain_message
from eventlog.guards import Unguarded
from eventlog.log import ClockLeapt
from eventlog.trouble import DatabaseTrouble

_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def allowed_methods(routes: Iterable[BaseRoute], scope: Any) -> str:  # noqa: ANN401 - ASGI's own type is a mapping of anything
    """The methods of an address as `Allow` lists them; empty for an unknown address."""
    methods: set[str] = set()
    for route in routes:
        match, _ = route.matches({**scope, "type": "http"})
        if match is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or {"GET"})
    if not methods:
        return ""
    methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(method for method in _ORDER if method in methods)


PROBLEM_JSON = "application/problem+json"
# A value is echoed so that it can be recognised; nobody needs it back whole.
_LONGEST_VALUE = 500
_LONGEST_TEXT = 2_000
_MOST_PROBLEMS = 100
# A key or a secret sent in the wrong place is not echoed: answers are kept in logs and caches.
_SECRET = re.compile(rb"(?:dt_|whsec_)[\w+/=-]{8,}|(?i:bearer|basic) +[\w.~+/=-]{8,}")
_SECRETIVE = re.compile(r"(?:^|[._-])(?:authorization|cookie|key|password|secret|token)s?$", re.IGNORECASE)
_HIDDEN = "(not shown)"


class MalformedQuery(Invalid):
    """The question is not well formed."""


def malformed(name: str, value: object, message: str) -> MalformedQuery:
    """The error of one parameter or header."""
    return MalformedQuery(problems=[Problem(name, value, message)])


@contextmanager
def malformed_where_invalid() -> Iterator[None]:
    """What the record finds invalid in a question is a malformed question, and no invalid field of a body."""
    try:
        yield
    except Invalid as error:
        raise MalformedQuery(error.detail, problems=error.problems) from error


class KeyNeeded(RecordError):
    """A key is needed, as in `Authorization: Bearer dt_...`: to write, and for subscriptions and reminders."""


class Unconditional(RecordError):
    """An `If-Match` with the ETag of the entry is needed: a revision is decided on a version that was seen."""


class NotAcceptable(RecordError):
    """None of the formats that there are is taken."""


class TooLarge(RecordError):
    """The body is too large."""


class HeadTooLarge(RecordError):
    """The header fields are too many or too large."""


class AddressTooLong(RecordError):
    """The address is too long."""


class TooSlow(RecordError):
    """The request did not come in time."""


class TooManyStreams(RecordError):
    """As many streams are open as there may be, in all or of one address: come back soon, or ask `GET /events`."""


class Overloaded(RecordError):
    """As many requests as this process can work on are waiting for the database: come back soon."""


class WrongMediaType(RecordError):
    """The body is of a kind that is not read here."""


class AtWork(RecordError):
    """The request whose `Idempotency-Key` this is, is still being carried out."""


class KeyUsedBefore(RecordError):
    """The `Idempotency-Key` stands for another request."""


class TooManyRequests(RecordError):
    """The client has used up its limit."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """How an error is answered: status, the last part of the problem's type, title, and further headers."""

    status: int
    name: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


ERROR_TABLE: dict[type[RecordError], ErrorRow] = {
    MalformedQuery: ErrorRow(400, "malformed-question", "The question is not well formed"),
    NotJson: ErrorRow(400, "not-json", "The body is not JSON"),
    KeyNeeded: ErrorRow(401, "key-needed", "A key is needed", {"WWW-Authenticate": 'Bearer realm="dispute-timeline"'}),
    NotFound: ErrorRow(404, "not-on-record", "Not on record"),
    NotAcceptable: ErrorRow(406, "not-acceptable", "Not in a format that is taken"),
    TooSlow: ErrorRow(408, "too-slow", "The request did not come in time"),
    Conflict: ErrorRow(409, "conflict", "On record with other content"),
    Stale: ErrorRow(412, "stale", "The entry has another version"),
    TooManyRows: ErrorRow(413, "too-many-rows", "There are too many rows"),
    TooLarge: ErrorRow(413, "too-large", "The body is too large"),
    AddressTooLong: ErrorRow(414, "address-too-long", "The address is too long"),
    WrongMediaType: ErrorRow(415, "wrong-media-type", "The body is of a kind that is not read here"),
    BadRows: ErrorRow(422, "bad-rows", "Rows cannot be recorded"),
    Invalid: ErrorRow(422, "invalid", "The fields are not well formed"),
    Unconditional: ErrorRow(428, "if-match-needed", "Which version was this decided on?"),
    Refused: ErrorRow(422, "refused", "The record cannot carry this"),
    HeadTooLarge: ErrorRow(431, "head-too-large", "The header fields are too large"),
    Unguarded: ErrorRow(503, "log-unguarded", "The log has lost its guards", {"Retry-After": "60"}),
    TooManyStreams: ErrorRow(503, "too-many-streams", "Too many streams", {"Retry-After": "5"}),
    ClockLeapt: ErrorRow(503, "clock-leapt", "The clock cannot be right", {"Retry-After": "60"}),
    Overloaded: ErrorRow(503, "overloaded", "Too much at once", {"Retry-After": "2"}),
    DatabaseTrouble: ErrorRow(503, "database-trouble", "The database is in trouble", {"Retry-After": "5"}),
    AtWork: ErrorRow(409, "at-work", "At work on it"),
    KeyUsedBefore: ErrorRow(422, "key-reused", "The key was used before"),
    TooManyRequests: ErrorRow(429, "too-many-requests", "Too many requests"),
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(RecordError, _of_record)
    app.add_exception_handler(RequestValidationError, _of_path)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_bug)


def error_response(error: RecordError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to an error of the table; `headers` in place of those that its row has."""
    if isinstance(error, DatabaseTrouble):
        headers = {"Retry-After": str(error.trouble.retry_after_s)}
    row = next(ERROR_TABLE[cls] for cls in type(error).__mro__ if cls in ERROR_TABLE)
    return problem_response(
        row.status,
        row.name,
        row.title,
        _detail(error),
        problems=error.problems,
        extra=error.extra,
        headers=headers or row.headers,
    )


def _detail(error: RecordError) -> str:
    if isinstance(error, DatabaseTrouble):
        return f"{error.detail}; your request was not at fault: send it again in {error.trouble.retry_after_s} s"
    return error.detail


def problem_response(
    status: int,
    name: str | None,
    title: str,
    detail: str,
    *,
    problems: Sequence[Problem] = (),
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as RFC 9457 writes it, with `errors` where fields are at fault."""
    body: dict[str, Any] = {
        "type": "about:blank" if name is None else f"urn:problem-type:{name}",
        "title": title,
        "status": status,
        "detail": shortened_value(detail, _LONGEST_TEXT),
    }
    if problems:
        body["errors"] = [_error(problem) for problem in problems[:_MOST_PROBLEMS]]
    written = msgspec.json.encode(body | dict(extra or {}), enc_hook=str)
    return Response(
        _SECRET.sub(_HIDDEN.encode(), written),
        status,
        {"X-Content-Type-Options": "nosniff", **(headers or {})},
        PROBLEM_JSON,
    )


def shortened_value(text: str, longest: int) -> str:
    """A text that is safe to send: cut at that length, with lone surrogates replaced."""
    safe = text.encode("utf-8", "replace").decode()
    return safe if len(safe) <= longest else f"{safe[:longest]}…"


def _error(problem: Problem) -> dict[str, Any]:
    error: dict[str, Any] = {
        "field": shortened_value(problem.field, _LONGEST_VALUE),
        "value": _echoed(problem),
        "message": shortened_value(problem.message, _LONGEST_TEXT),
    }
    if problem.row is not None:
        error["row"] = problem.row
    return error | ({"where": problem.where} if problem.where else {})


def _echoed(problem: Problem) -> Any:  # noqa: ANN401 - whatever was sent
    """The value itself where it is short and no secret, else the beginning of its JSON."""
    value = problem.value
    if _SECRETIVE.search(problem.field) and problem.field != "Idempotency-Key":
        return _HIDDEN
    try:
        written = msgspec.json.encode(value, enc_hook=str).decode()
    except (UnicodeEncodeError, TypeError, RecursionError):
        return shortened_value(repr(value), _LONGEST_VALUE)
    return value if len(written) <= _LONGEST_VALUE else shortened_value(written, _LONGEST_VALUE)


async def _of_record(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RecordError)  # noqa: S101 - Starlette's type of a handler is wider than what it calls
    return error_response(error)


async def _of_path(_request: Request, error: Exception) -> Response:
    """FastAPI validates only path parameters here. A malformed id cannot exist, so it is a 404."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above: the type is wider than the call
    problems = [
        Problem(".".join(map(str, fault["loc"][1:])), fault.get("input"), plain_message(fault))
        for fault in error.errors()
    ]
    detail = "; ".join(f"nothing of the {problem.field} {problem.value!r} is on record" for problem in problems)
    return error_response(NotFound(detail, problems=problems))


async def _of_http(request: Request, error: Exception) -> Response:
    """Errors of the framework: no such address, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above: the type is wider than the call
    title = HTTPStatus(error.status_code).phrase
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette names the methods of the first route of the address; it may have several routes.
        error.headers = {"Allow": allowed_methods(request.app.router.routes, request.scope)}
    detail = f"{request.method} {request.url.path}: {HTTPStatus(error.status_code).description or error.detail}"
    return problem_response(error.status_code, None, title, detail, headers=error.headers)


async def _of_bug(_request: Request, _error: Exception) -> Response:
    """A bug: the traceback is in the server's log, and not in the answer."""
    return problem_response(
        500, None, "Internal Server Error", "Something went wrong here; it was not your request's fault."
    )
