"""What happens during a campaign: demands that fall due all through it, and people who answer, correct and withdraw."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from application.recording import handle, record
from application.service import Service
from domain.decisions import command_for
from domain.errors import Refused
from domain.events import EntryCorrected, EntryReinstated, EntryRetracted
from domain.values import CorrectionSource

ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
DEADLINES_A_PLACE = 4
_PAPER = {"id": "s1", "title": "A paper", "rank": "primary"}
_BETTER = CorrectionSource(title="A better paper", rank="primary")
_TOUCHED = 0.4
"""Of the places, those with whose deadlines somebody meddles."""


class Acts:
    """A generated few weeks: the same from the same seed, up to when each act falls."""

    def __init__(self, chance: random.Random, deadlines: int, start: datetime, weeks: int) -> None:
        self._chance = chance
        self._start = start.date()
        count = max(deadlines // DEADLINES_A_PLACE, 1)
        self.names = [f"city-{number}" for number in range(count)]
        self.zones = {name: ZONES[number % len(ZONES)] for number, name in enumerate(self.names)}
        self.places = [
            {"id": name, "name": name.title(), "kind": "city", "state": "CA", "time_zone": zone}
            for name, zone in self.zones.items()
        ]
        self._days = weeks * 7 - 2
        self._due = {
            f"asks-{number}": (self.names[number % count], self._day(2 + chance.randrange(self._days)))
            for number in range(deadlines)
        }
        touched = set(chance.sample(self.names, int(count * _TOUCHED)))
        self._open = [demand for demand, (place, _) in self._due.items() if place in touched]
        self._touched = touched
        self._retracted: list[str] = []
        self._number = 0

    def demands(self) -> Iterator[dict[str, Any]]:
        """An entry for each deadline, as a record file has it."""
        for demand, (place, due) in self._due.items():
            asks = {"date": due, "words": f"by {due}"}
            yield self._entry(demand, "inquiry", self._day(-10), place, respond_by=asks)

    def undisturbed(self) -> list[tuple[str, str]]:
        """The places and days of deadlines that nothing befalls, each once."""
        return sorted({(place, due) for place, due in self._due.values() if place not in self._touched})

    def do_one(self, service: Service) -> int:
        """Records one thing that befalls a deadline; returns how many it recorded."""
        if not self._open:
            return 0
        demand = self._chance.choice(self._open)
        place, _ = self._due[demand]
        yesterday = (service.now().date() - timedelta(days=1)).isoformat()
        self._number += 1
        id_ = f"act-{self._number}"
        later = self._day(2 + self._chance.randrange(self._days))
        try:
            match self._chance.randrange(6):
                case 0:
                    self._open.remove(demand)
                    self._record(service, id_, "response", yesterday, place, answers=[demand], form="letter")
                case 1:
                    self._record(service, id_, "deadline_withdrawn", yesterday, place, demand=demand)
                case 2:
                    self._record(service, id_, "deadline_extended", yesterday, place, demand=demand, extended_to=later)
                case 3 if demand not in self._retracted:
                    self._retracted.append(demand)
                    handle(service, [command_for(EntryRetracted(entry=demand, reason="it is none"))], recorder="soak")
                case 4 if demand in self._retracted:
                    self._retracted.remove(demand)
                    handle(service, [command_for(EntryReinstated(entry=demand, reason="it is one"))], recorder="soak")
                case _:
                    fields: dict[str, Any] = {"respond_by": {"date": later, "words": "on another day"}}
                    event = EntryCorrected(entry=demand, fields=fields, reason="it says so", source=_BETTER)
                    handle(service, [command_for(event)], recorder="soak")
        except Refused:
            return 0
        return 1

    def _record(self, service: Service, id_: str, kind: str, occurred: str, place: str, **more: object) -> None:
        record(service, [self._entry(id_, kind, occurred, place, **more)], recorder="soak")

    def _entry(self, id_: str, kind: str, occurred: str, place: str, **more: object) -> dict[str, Any]:
        party = "jurisdiction" if kind == "response" else "federal"
        return {"id": id_, "kind": kind, "occurred": occurred, "actor": {"party": party}, "jurisdictions": [place],
                "summary": f"A {kind}.", "sources": [_PAPER], **more}  # fmt: skip

    def _day(self, days: int) -> str:
        day: date = self._start + timedelta(days=days)
        return day.isoformat()
