"""What recording and revising share: read models written with the append, and problems said in one way."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from application.idempotency import mark
from application.service import Service
from domain.refusals import Problem
from eventlog.log import Append, Recorded
from projections.change import changes
from projections.rows import rows_of
from projections.tables import live

_NO_FIELDS = ("[key]", "constrained-int", "literal['dc']")


def write(service: Service, append: Append, recorded: Sequence[Recorded]) -> None:
    """Brings the read models up to what was appended, in the same transaction."""

    def stream(name: str) -> list[Recorded]:
        return service.log.stream(append.connection, name)

    live().write(append.connection, rows_of(changes(recorded, stream), service.memory.due))
    if recorded:
        mark(append.connection, recorded[-1].position)


def problems_in(error: ValidationError, kind: object, where: str = "") -> list[Problem]:
    """What pydantic found, with paths as the record's files write them: `respond_by.date`, `quotes.0.text`."""
    return [_problem_of(fault, kind, where) for fault in error.errors(include_url=False, include_context=False)]


def _problem_of(fault: ErrorDetails, kind: object, where: str) -> Problem:
    if fault["type"] in ("union_tag_not_found", "union_tag_invalid"):
        message = "Field required" if kind is None else fault["msg"]
        return Problem("kind", kind, message, where)
    # Neither the union's tag (the kind), nor a key as such, nor the members of a field's own union are in a path.
    loc = fault["loc"][1:] if fault["loc"][:1] == (kind,) else fault["loc"]
    path = ".".join(str(part) for part in loc if part not in _NO_FIELDS) or "(the whole)"
    # Of what is missing pydantic shows all that surrounds it.
    value = None if fault["type"] == "missing" else fault["input"]
    return Problem(path, value, fault["msg"].removeprefix("Value error, "), where)


def summary(problems: Sequence[Problem]) -> str:
    """The first of several problems in a line, and how many more there are."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.where}: " if first.where else ""
    return f"{where}{first.field}: {first.message}{more}"
