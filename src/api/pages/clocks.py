"""The time machine: the form with the three clocks, and the sentence that says which question a page answers."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.pages.dates import in_words, washington_day
from api.pages.urls import PageRequest
from projections.snapshot import WASHINGTON, Snapshot


@dataclass(frozen=True, slots=True)
class TimeMachine:
    """The form's sentence and fields."""

    sentence: str
    as_of: str
    public_by: str
    recorded_on: str
    recorded_by: str
    moved: bool
    """Whether any clock is set."""
    hidden_fields: tuple[tuple[str, str], ...]


def time_machine(request: PageRequest, snapshot: Snapshot, time_zone: str = WASHINGTON) -> TimeMachine:
    clocks, asked = request.clocks, snapshot.asked
    recorded_on = "" if asked.recorded_day is None else washington_day(asked.recorded_day)
    as_of = snapshot.clocks(time_zone).as_of
    return TimeMachine(
        sentence=clocks_sentence(
            as_of,
            asked.public_by,
            None if asked.position is None else (recorded_on, asked.position),
            moved="as_of" in clocks or bool(asked.public_by) or bool(recorded_on),
            today=snapshot.now.astimezone(ZoneInfo(time_zone)).date().isoformat(),
        ),
        as_of=as_of,
        public_by=asked.public_by or "",
        recorded_on=recorded_on,
        recorded_by=clocks.get("recorded_by", ""),
        moved=bool(clocks),
        hidden_fields=tuple((name, value) for name, value in request.filters.items() if name != "cursor"),
    )


def clocks_sentence(
    as_of: str, public_by: str | None, recorded: tuple[str, int] | None, *, moved: bool, today: str
) -> str:
    """The question that the clocks ask, in one sentence; `recorded`: the day and log position of the recorded clock."""
    if as_of > today:
        state = f"Where things would stand on {in_words(as_of)} if nothing more happened"
    elif moved:
        state = f"Where things stood on {in_words(as_of)}"
    else:
        state = f"Where things stand today, {in_words(as_of)}"
    if recorded is None:
        if public_by is None:
            return f"{state}, by everything that the record has{' today' if moved else ''}."
        return f"{state}, by what the public could know on {in_words(public_by)}."
    day, position = recorded
    known = "" if public_by is None else f"by what the public could know on {in_words(public_by)} and "
    on = f" on {in_words(day)}" if day else ""
    return f"{state}, {known}as this service had it on record{on} (log position {position})."
