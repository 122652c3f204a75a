"""A service whose clock the test turns, with subscriptions and demands that fall due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import JsonValue
from sqlalchemy import insert, select

from api_world import DATABASES, act, place
from application.recording import handle, record
from application.reminders.due import tick
from application.reminders.planner import catch_up
from application.reminders.tables import outbox_table, reminders_table, subscriptions_table
from application.service import Service
from domain.decisions import command_for
from domain.events import EntryCorrected, EntryReinstated, EntryRetracted, JurisdictionUpdated
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN, ReminderDue, ReminderEvent, instant
from domain.values import CorrectionSource
from projections.projector import MAPPER

START = datetime(2026, 3, 1, 17, tzinfo=UTC)
A_PAPER = CorrectionSource(title="A paper", rank="primary")


@dataclass(slots=True)
class Clock:
    """Stands still until it is turned."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def turn(self, to: str) -> None:
        """To a day (noon in New York, more or less) or an instant."""
        self.at = datetime.fromisoformat(f"{to}T17:00:00+00:00" if len(to) == 10 else to)


@dataclass(slots=True)
class RemindersWorld:
    """What a test does to the record, and what it reads back of reminders."""

    service: Service
    clock: Clock
    subscriptions: list[str] = field(default_factory=list)

    def places(self, *places: dict[str, Any]) -> None:
        record(self.service, [], list(places), recorder="tests")

    def act(self, kind: str, occurred: str, jurisdictions: list[str], id_: str, **more: object) -> str:
        fields = act(kind, occurred, jurisdictions, id=id_, **more)
        record(self.service, [fields], recorder="tests")
        return id_

    def demand(self, id_: str, due: str, *addressees: str, occurred: str = "2026-02-20", **more: object) -> str:
        asks = {"date": due, "words": f"by {due}", "source": "s1"}
        return self.act("inquiry", occurred, list(addressees or ("alameda",)), id_, respond_by=asks, **more)

    def answer(self, id_: str, demand: str, occurred: str, *by: str) -> str:
        actor = {"party": "jurisdiction"}
        return self.act(
            "response", occurred, list(by or ("alameda",)), id_, answers=[demand], actor=actor, form="letter"
        )

    def withdraw(self, id_: str, demand: str, occurred: str) -> str:
        return self.act("deadline_withdrawn", occurred, ["alameda"], id_, demand=demand)

    def extend(self, id_: str, demand: str, to: str, occurred: str) -> str:
        return self.act("deadline_extended", occurred, ["alameda"], id_, demand=demand, extended_to=to)

    def correct(self, entry: str, **fields: JsonValue) -> None:
        event = EntryCorrected(entry=entry, fields=fields, reason="it says so", source=A_PAPER)
        handle(self.service, [command_for(event)], recorder="tests")

    def move(self, demand: str, due: str) -> None:
        self.correct(demand, respond_by={"date": due, "words": f"by {due}", "source": "s1"})

    def retract(self, entry: str) -> None:
        handle(self.service, [command_for(EntryRetracted(entry=entry, reason="it is none"))], recorder="tests")

    def reinstate(self, entry: str) -> None:
        handle(self.service, [command_for(EntryReinstated(entry=entry, reason="it is one"))], recorder="tests")

    def update(self, place: str, **fields: JsonValue) -> None:
        event = JurisdictionUpdated(jurisdiction=place, fields=fields)
        handle(self.service, [command_for(event)], recorder="tests")

    def subscribe(
        self,
        *,
        jurisdictions: Sequence[str] = (),
        states: Sequence[str] = (),
        kinds: Sequence[str] = ("reminder",),
        plan: Sequence[int] = DEFAULT_PLAN,
        **more: object,
    ) -> str:
        """A subscription to every place, unless places or states are given."""
        id_ = f"sub_{len(self.subscriptions) + 1:08}"
        lists = {"jurisdictions": jurisdictions, "states": states, "kinds": kinds, "plan": plan}
        row = {
            "id": id_,
            "owner": "tests",
            "channel": "log",
            "hour": DEFAULT_HOUR,
            "created_at": instant(self.clock.at),
            "everywhere": not (jurisdictions or states),
            **more,
            **{name: msgspec.json.encode(value).decode() for name, value in lists.items()},
        }
        with self.service.engine.begin() as connection:
            connection.execute(insert(subscriptions_table).values(**row))
        catch_up(self.service, everywhere=True)
        self.subscriptions.append(id_)
        return id_

    def change(self, subscription: str, **values: object) -> None:
        """Columns of a subscription; lists become JSON."""
        for name, value in values.items():
            values[name] = msgspec.json.encode(value).decode() if isinstance(value, list) else value
        with self.service.engine.begin() as connection:
            connection.execute(
                subscriptions_table.update().where(subscriptions_table.c.id == subscription).values(**values)
            )
        catch_up(self.service, everywhere=True)

    def tick(self, at: str | None = None) -> int:
        if at is not None:
            self.clock.turn(at)
        return tick(self.service)

    def rows(self, state: str | None = None) -> list[Any]:
        query = select(reminders_table).order_by(reminders_table.c.planned_for, reminders_table.c.id)
        with self.service.engine.connect() as connection:
            return [row for row in connection.execute(query) if state in (None, row.state)]

    def planned(self) -> list[tuple[str, int]]:
        """The days due and offsets of what is planned, in order."""
        return [(row.due, row.offset) for row in self.rows("planned")]

    def offsets(self, state: str = "planned") -> list[int]:
        return [row.offset for row in self.rows(state)]

    def reasons(self) -> set[str]:
        return {row.why for row in self.rows("cancelled")}

    def messages(self) -> list[Any]:
        with self.service.engine.connect() as connection:
            rows = connection.execute(select(outbox_table).order_by(outbox_table.c.created_at, outbox_table.c.id))
            return [msgspec.json.decode(row.body)["data"] for row in rows]

    def events(self) -> list[ReminderEvent]:
        """The events of reminders in the log, in order."""
        with self.service.reading() as connection:
            recorded = [event for event in self.service.log.read(connection) if event.stream.startswith("reminder:")]
        return [MAPPER.event(event) for event in recorded]  # type: ignore[misc]  # the streams of reminders hold no others

    def fired(self) -> list[ReminderDue]:
        return [event for event in self.events() if isinstance(event, ReminderDue)]

    def nothing_twice(self) -> None:
        """Every reminder came due once at most, and has one message for it."""
        fired = Counter(event.reminder for event in self.fired())
        assert set(fired.values()) <= {1}
        assert Counter(message["id"] for message in self.messages()) == fired


# For a test that takes `world`: on both databases, because its SQL differs or processes compete. Without it, on SQLite.
ON_BOTH_DATABASES = pytest.mark.parametrize("world", DATABASES, indirect=True)


def url_for(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database for a fixture `world`, of the kind that the test asks for."""
    fixtures = {"sqlite": "sqlite_url", "postgresql": "fresh_postgres"}
    url: str = request.getfixturevalue(fixtures[getattr(request, "param", "sqlite")])
    return url


@contextmanager
def reminders_world(url: str) -> Iterator[RemindersWorld]:
    """Two cities and a state with an agency, to which no demand is addressed yet."""
    clock = Clock()
    service = Service(url, now=clock)
    world = RemindersWorld(service, clock)
    try:
        world.places(
            place("alameda"),
            place("boston", state="MA", time_zone="America/New_York"),
            place("california", kind="state"),
            place("board-of-corrections", kind="agency", speaks_for="california"),
        )
        clock.at += timedelta(seconds=1)
        yield world
    finally:
        service.close()
