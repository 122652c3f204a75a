"""Query parameters: those of an address are one frozen model, which parses, checks and documents them.

Unknown, repeated and malformed parameters are all a 400. FastAPI's own way, an argument for each, costs some 8 µs a
parameter and request, used or not (measured: 110 µs for the timeline's thirteen, where a whole bare request takes
300), and lets unknown and repeated ones pass; a model read from the query string costs 5 to 15 in all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.http.errors import MalformedQuery, malformed
from api.http.exchange import AnswerClocks, request_context
from api.http.memento import memento_position
from application.clocks import parse_clocks
from application.service import Service
from domain.errors import Invalid, Problem
from domain.refusals import plain_message
from projections import paging
from projections.snapshot import AskedClocks, Snapshot, recorded_at


class QueryModel(BaseModel):
    """The parameters of an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoParameters(QueryModel):
    """Of an address that takes no parameters."""


QueryT = TypeVar("QueryT", bound=QueryModel)
KeyT = TypeVar("KeyT")


def parse_query(model: type[QueryT], request: Request) -> QueryT:
    """The query of a request; MalformedQuery with every parameter at fault where it is not valid."""
    written: bytes = request.scope["query_string"]
    if not written and (defaults := _defaults_of(model)) is not None:
        return cast("QueryT", defaults)  # functools.cache erases the type
    try:
        pairs = parse_qsl(written.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise _malformed([Problem("(the whole)", repr(written), "the query is not UTF-8")]) from error
    values = dict(pairs)
    if len(values) == len(pairs) and b"%00" not in written:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            raise _malformed(list(_problems_of(model, error))) from error
    counts = Counter(name for name, _ in pairs)
    problems = [
        Problem(name, value, "is given more than once" if counts[name] > 1 else "holds a NUL character")
        for name, value in values.items()
        if counts[name] > 1 or "\0" in name + value
    ]
    raise _malformed(problems)


def query_parameters(model: type[QueryModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(by_alias=True)
    documented = []
    for name, field in schema["properties"].items():
        any_of = [option for option in field.pop("anyOf", ()) if option != {"type": "null"}]
        shape = {**(any_of[0] if any_of else {}), **field}
        shape.pop("title", None)
        if shape.get("default", 0) is None:
            del shape["default"]
        description = shape.pop("description", "")
        required = name in schema.get("required", ())
        parameter = {"name": name, "in": "query", "required": required, "description": description, "schema": shape}
        documented.append(parameter)
    return documented


@cache
def _names_of(model: type[QueryModel]) -> str:
    return ", ".join(field.alias or name for name, field in model.model_fields.items()) or "none"


@cache
def _defaults_of(model: type[QueryModel]) -> QueryModel | None:
    return None if any(field.is_required() for field in model.model_fields.values()) else model()


def _problems_of(model: type[QueryModel], error: ValidationError) -> Iterator[Problem]:
    for fault in error.errors(include_url=False):
        message = plain_message(fault)
        if fault["type"] == "extra_forbidden":
            message = f"is no parameter of this address, whose parameters are: {_names_of(model)}"
        missing = fault["type"] == "missing"
        yield Problem(".".join(map(str, fault["loc"])), None if missing else fault["input"], message)


def _malformed(problems: list[Problem]) -> MalformedQuery:
    return MalformedQuery("; ".join(f"{problem.field}: {problem.message}" for problem in problems), problems=problems)


DayAsked = Annotated[str | None, Field(max_length=64, json_schema_extra={"format": "date"})]
Clock = Annotated[
    str | None,
    Field(
        max_length=64,
        json_schema_extra={"pattern": r"^([0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))$"},
    ),
]


class ClockQuery(QueryModel):
    """The three clocks of every read."""

    as_of: DayAsked = Field(
        None,
        description="What was true on this day. Left out, the earliest of today, `public_by` and the day of "
        "`recorded_by`; today is the day in the jurisdiction's time zone.",
        examples=["2017-10-12"],
    )
    public_by: DayAsked = Field(None, description="What the public could know on this day.", examples=["2017-10-12"])
    recorded_by: Clock = Field(
        None,
        description="What this service said then: an RFC 3339 instant or a log position, itself included.",
        examples=["2026-11-24T17:00:00Z", "1373"],
    )


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def clocks_asked(request: Request, query: ClockQuery, stream: str | None = None) -> AskedClocks:
    """The clocks of a request: those of its query, and `Accept-Datetime` for the recorded one.

    `stream`: the log's name of the one thing that the address is about.
    """
    service = service_of(request)
    recorded_by = query.recorded_by
    if recorded_by is None:
        recorded_by = memento_position(request_context(request), service, stream)
    try:
        return parse_clocks(service, as_of=query.as_of, public_by=query.public_by, recorded_by=recorded_by)
    except Invalid as error:
        raise MalformedQuery(error.detail, problems=error.problems) from error


def answer_clocks(query: ClockQuery, snapshot: Snapshot, *, timemap: bool = False) -> AnswerClocks:
    """Which memento the answer from a snapshot is, and whether it can ever change."""
    asked = snapshot.asked
    if asked.position is None:
        return AnswerClocks(timemap=timemap)
    stamp = recorded_at(snapshot, snapshot.position)
    memento = None if stamp is None else (snapshot.position, stamp)
    # Without `as_of` the day is that of the position, once that day has come here: it may be of a clock that runs
    # ahead. An instant pins nothing: what is being recorded now may get the same stamp.
    by_position = query.recorded_by is not None and query.recorded_by.isdigit()
    day_has_come = asked.recorded_day is not None and asked.recorded_day <= snapshot.now
    return AnswerClocks(memento, by_position and (asked.as_of is not None or day_has_come), timemap)


@dataclass(frozen=True, slots=True)
class StreamId:
    """Marks the type of an id in the path: the log keeps the versions of that thing in the stream `kind:id`."""

    kind: str


PlaceId = Annotated[
    str,
    Field(
        pattern=r"^(?:geoid:[0-9]{2,10}|[a-z0-9]+(?:-[a-z0-9]+)*)$",
        max_length=160,
        description="The slug of a jurisdiction, or `geoid:` and its Census GEOID.",
        examples=["new-orleans-la", "geoid:2255000"],
    ),
    StreamId("jurisdiction"),
]
EntryId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=160,
        description="The id of an entry.",
        examples=["2017-04-21-doj-letters-nine"],
    ),
    StreamId("entry"),
]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["LA"])]


class PageParameters(QueryModel):
    """The parameters of a page of a list."""

    limit: int = Field(50, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(
        None, max_length=2000, description="`next` of the page before.", examples=["WyIyMDE3LTA0LTIxIl0"]
    )


class ListParameters(PageParameters):
    """The parameters of a page of a list that is had in every format."""

    bom: bool = Field(
        default=False, description="CSV alone: begin with a byte order mark, by which spreadsheets know UTF-8."
    )


def read_cursor(cursor: str | None, shape: msgspec.json.Decoder[KeyT]) -> KeyT | None:
    """The key in a cursor; MalformedQuery where it is not one of this list."""
    try:
        return paging.decode_cursor(cursor, shape)
    except paging.NotACursor as error:
        message = "is no cursor of this list: take `next` as the page before gave it"
        raise malformed("cursor", cursor, message) from error
