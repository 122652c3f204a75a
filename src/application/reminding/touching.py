"""Whom an event of the record touches: the places whose deadlines it may have made, moved, closed or opened again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from domain.jurisdictions import Place
from eventlog.log import EventLog, Recorded
from projections.change import EntryChange, changes, place_fields, states

_OF_THE_RECORD = ("entry", "jurisdiction")


@dataclass(frozen=True, slots=True)
class Touched:
    """The places that an event touches, and when it was recorded; None for everyone."""

    at: str
    places: frozenset[str] | None


def touched(
    log: EventLog, connection: Connection, place: Callable[[str], Place | None], events: Iterable[Recorded]
) -> Iterator[Touched]:
    """Whom each event touches: whoever it names, or named before it was corrected, and their relatives."""

    def stream(name: str) -> list[Recorded]:
        return log.stream(connection, name)

    of_the_record = (event for event in events if event.stream.partition(":")[0] in _OF_THE_RECORD)
    for change in changes(of_the_record, stream):
        if isinstance(change, EntryChange):
            versions = [dict(state.fields) for state in states(_until(stream(f"entry:{change.header.id}"), change))]
            if any(version.get("ends_reviews") for version in versions):
                yield Touched(change.recorded_at, None)
                continue
            names = {name for version in versions for name in version["jurisdictions"]}
        else:
            history = _until(stream(f"jurisdiction:{change.fields['id']}"), change)
            spoken_for = (place_fields(history[:count]).get("speaks_for") for count in range(1, len(history) + 1))
            names = {change.fields["id"], *spoken_for} - {None}
        found = (place(name) for name in names)
        yield Touched(change.recorded_at, frozenset(one for its in found if its is not None for one in its.relatives))


def _until(history: Sequence[Recorded], change: Any) -> list[Recorded]:  # noqa: ANN401 - a change of either kind
    return [event for event in history if event.position <= change.position]
