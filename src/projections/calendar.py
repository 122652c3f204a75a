"""The calendar: whose deadlines it holds, and what is said of each in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from domain.deadlines import Deadline
from eventlog.statements import Statement
from projections.deadline_history import Occasion, occasions
from projections.deadlines import Wanted
from projections.jurisdictions import place_by
from projections.snapshot import Snapshot
from projections.tables import live

_due_days, _versions = live().due_days, live().versions
_DEMANDS = Statement(
    select(_due_days.c.demand)
    .distinct()
    .where(
        _due_days.c.due >= bindparam("first"),
        _due_days.c.due <= bindparam("to"),
        _due_days.c.position <= bindparam("head"),
    )
    .limit(bindparam("most"))
)
_POSITIONS = Statement(
    select(_versions.c.position).where(
        _versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head")
    )
)
_BODY = Statement(
    select(_versions.c.body)
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)
_THE_LAST = "9999-12-31"
_PARTIES = {
    "federal": "the federal government",
    "jurisdiction": "another jurisdiction",
    "court": "the court",
    "press": "the press",
    "other": "whoever asked",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A deadline, its addressee's name and state, and the entry that set it."""

    occasion: Occasion
    name: str
    state: str
    entry: dict[str, Any]

    @property
    def cancelled(self) -> bool:
        """Whether nothing is due any more because it was taken back: by a withdrawal, or out of the record."""
        return self.occasion.gone or self.occasion.deadline["state"] == "withdrawn"

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return not self.occasion.gone and self.occasion.deadline["state"] == "open"

    @property
    def summary(self) -> str:
        """Who owes what to whom, in one line."""
        deadline = self.occasion.deadline
        actor = self.entry["actor"]
        whom = actor.get("office") or actor.get("name") or _PARTIES[actor["party"]]
        owed = "an answer" if deadline["for"] == "answer" else "compliance"
        if self.open:
            return f"{self.name} owes {whom} {owed}"
        return f"{self.name} owed {whom} {owed}: {_what_became_of(self.occasion)}"

    @property
    def description(self) -> list[str]:
        """The words that set it, what was asked, and how it stands, a line each."""
        deadline = self.occasion.deadline
        return [
            *([f"“{deadline['words']}”"] if deadline["words"] else []),
            self.entry["summary"],
            f"Due by the end of {deadline['due']}, {deadline['time_zone']}: {_what_became_of(self.occasion)}.",
            *([f"First due on {deadline['original_due']}."] if deadline["original_due"] != deadline["due"] else []),
        ]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """The entries that it rests on, each with what it is to it."""
        deadline = self.occasion.deadline
        roles = {"demand": "Demand", "extended_by": "Extended by", "withdrawn_by": "Withdrawn by", "answer": "Answer"}
        return [(word, deadline[role]) for role, word in roles.items() if deadline[role] is not None]


def _what_became_of(occasion: Occasion) -> str:
    if occasion.gone:
        return "taken out of the record"
    deadline = occasion.deadline
    state: str = deadline["state"]
    if state == "answered" and deadline["late"]:
        return "answered late"
    return {"lapsed": "no response known", "moot": "nothing is asked any more"}.get(state, state)


def place_calendar(snapshot: Snapshot, id_: str, wanted: Wanted) -> list[Shown]:
    """The deadlines of a place and of its agencies, those withdrawn and those taken away among them, in order."""
    place = snapshot.place(id_)
    return _shown(snapshot, {place.id, *place.agencies}, wanted)


def whole_calendar(snapshot: Snapshot, wanted: Wanted, most: int) -> list[Shown] | None:
    """Everyone's, in order; None where they come from more than `most` demands."""
    rows = _DEMANDS.run(
        snapshot.connection,
        first=wanted.first or "",
        to=wanted.last or _THE_LAST,
        head=snapshot.position,
        most=most + 1,
    ).fetchall()
    if len(rows) > most:
        return None
    return _shown(snapshot, {name for (demand,) in rows for name in _ever_addressed(snapshot, demand)}, wanted)


def _ever_addressed(snapshot: Snapshot, demand: str) -> Iterator[str]:
    """Whom any version of a demand was addressed to."""
    for (position,) in _POSITIONS.run(snapshot.connection, entry=demand, head=snapshot.position).fetchall():
        yield from snapshot.memory.fact(snapshot.connection, position).jurisdictions


def _shown(snapshot: Snapshot, addressees: set[str], wanted: Wanted) -> list[Shown]:
    found = []
    for addressee in addressees:
        its = [one for one in occasions(snapshot, addressee) if _takes(wanted, one)]
        if its:
            place = msgspec.json.decode(place_by(snapshot, "id", addressee)[0])
            found += [Shown(one, place["name"], place["state"], _entry(snapshot, one)) for one in its]
    return sorted(found, key=lambda one: _order(one.occasion.deadline))


def _takes(wanted: Wanted, occasion: Occasion) -> bool:
    """What was taken away is wanted where all are, or the withdrawn."""
    as_withdrawn = {**occasion.deadline, "state": "withdrawn"} if occasion.gone else occasion.deadline
    return wanted.takes(as_withdrawn)


def _order(deadline: Deadline) -> tuple[str, str, str]:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _entry(snapshot: Snapshot, occasion: Occasion) -> dict[str, Any]:
    row = _BODY.run(snapshot.connection, entry=occasion.deadline["demand"], head=occasion.read_at).fetchone()
    entry: dict[str, Any] = msgspec.json.decode(row[0] + "}")
    return entry
