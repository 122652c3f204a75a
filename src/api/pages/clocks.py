"""The time machine: what its three fields hold, and the one sentence that says which question a page answers."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.pages.dates import in_words, washington_day
from api.pages.urls import PageRequest
from projections.snapshot import WASHINGTON, Snapshot


@dataclass(frozen=True, slots=True)
class TimeMachine:
    """The control as a page shows it."""

    sentence: str
    as_of: str
    public_by: str
    recorded_on: str
    recorded_by: str
    moved: bool
    today: str
    hidden: tuple[tuple[str, str], ...]


def time_machine(visit: PageRequest, snapshot: Snapshot, time_zone: str = WASHINGTON) -> TimeMachine:
    """The control for a visit, as the record answers it."""
    clocks, asked = visit.clocks, snapshot.asked
    recorded = "" if asked.recorded_day is None else washington_day(asked.recorded_day)
    as_of = snapshot.clocks(time_zone).as_of
    return TimeMachine(
        sentence=clocks_sentence(
            as_of,
            asked.public_by,
            None if asked.position is None else (recorded, asked.position),
            moved="as_of" in clocks or bool(asked.public_by) or bool(recorded),
            today=snapshot.now.astimezone(ZoneInfo(time_zone)).date().isoformat(),
        ),
        as_of=as_of,
        public_by=asked.public_by or "",
        recorded_on=recorded,
        recorded_by=clocks.get("recorded_by", ""),
        moved=bool(clocks),
        today=washington_day(snapshot.now),
        hidden=tuple((name, value) for name, value in visit.filters.items() if name != "cursor"),
    )


def clocks_sentence(
    as_of: str, public_by: str | None, recorded: tuple[str, int] | None, *, moved: bool, today: str
) -> str:
    """Which question is answered, in one sentence."""
    if as_of > today:
        stand = f"Where things would stand on {in_words(as_of)} if nothing more happened"
    elif moved:
        stand = f"Where things stood on {in_words(as_of)}"
    else:
        stand = f"Where things stand today, {in_words(as_of)}"
    known = (
        "by everything that the record has"
        if public_by is None
        else f"by what the public could know on {in_words(public_by)}"
    )
    if recorded is None:
        return f"{stand}, {known}{' today' if moved and public_by is None else ''}."
    day, position = recorded
    on = f" on {in_words(day)}" if day else ""
    had = "" if public_by is None else f"{known} and "
    return f"{stand}, {had}as this service had it on record{on} (log position {position})."
