"""What recording and revising share: read models written with the append, and problems said in one way."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from application.service import Service
from domain.refusals import Problem
from eventlog.log import Append, Recorded
from projections.change import changes
from projections.rows import rows_of
from projections.tables import live


def write(service: Service, append: Append, recorded: Sequence[Recorded]) -> None:
    """Brings the read models up to what was appended, in the same transaction."""

    def stream(name: str) -> list[Recorded]:
        return service.log.stream(append.connection, name)

    live().write(append.connection, rows_of(changes(recorded, stream), service.memory.due))


def problems_in(error: ValidationError, kind: object, where: str = "") -> list[Problem]:
    """What pydantic found, with paths as the record's files write them."""
    # The union's tag (the kind) and the types of a union's members are no part of a path.
    return [
        Problem(
            ".".join(str(part) for part in fault["loc"] if part != kind and str(part).islower()) or "(the whole)",
            fault["input"],
            fault["msg"].removeprefix("Value error, "),
            where,
        )
        for fault in error.errors(include_url=False, include_context=False)
    ]


def summary(problems: Sequence[Problem]) -> str:
    """The first of several problems in a line, and how many more there are."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.where}: " if first.where else ""
    return f"{where}{first.field}: {first.message}{more}"
