"""What became of an attempt: noted, and where it is the last, recorded as an event with what it changes.

An attempt is noted after it was made. A process that dies in between has noted nothing, so the message goes out once
more when its lease has run out, under the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from application.reminding.attempts import Attempt
from application.reminding.tables import deliveries, outbox, reminders
from application.service import Service
from domain.reminders import ReminderDelivered, ReminderFailed, instant
from eventlog.engine import writing
from projections.mapping import MAPPER

RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long to wait after each attempt that failed: ten attempts in a little over three days, as Standard Webhooks
advises."""
ESCALATED = "esc_"
"""How the id of a message begins that goes to a second subscription."""


def note(service: Service, row: Mapping[str, Any], attempt: Attempt) -> None:
    """Notes an attempt to send a message, and when the next is due; or how it ended, if that was the last."""
    number = row["attempts"] + 1
    if attempt.ok or attempt.ends is not None or number > len(RETRIES_S):
        _end(service, row, number, attempt)
        return
    wait_s = max(RETRIES_S[number - 1], attempt.retry_after_s or 0)
    next_at = instant(service.now() + timedelta(seconds=wait_s))
    with writing(service.engine) as connection:
        if _keep(service, connection, row, number, attempt):
            query = update(outbox).where(outbox.c.id == row["id"])
            connection.execute(query.values(attempts=number, next_at=next_at, leased_until=None))


def _end(service: Service, row: Mapping[str, Any], number: int, attempt: Attempt) -> None:
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        if not _keep(service, append.connection, row, number, attempt):
            return
        state = "delivered" if attempt.ok else "failed"
        query = update(outbox).where(outbox.c.id == row["id"])
        append.connection.execute(query.values(state=state, attempts=number, leased_until=None))
        if row["reminder"] is None:
            return
        its = append.connection.execute(select(reminders).where(reminders.c.id == row["reminder"])).one()
        event = (
            ReminderDelivered(reminder=its.id, attempts=number)
            if attempt.ok
            else ReminderFailed(reminder=its.id, attempts=number, reason=attempt.ends or f"{number} attempts failed")
        )
        append.append([MAPPER.new(f"reminder:{its.id}", its.version + 1, event)])
        values: dict[str, Any] = {"version": its.version + 1}
        # What somebody acknowledged stays so; what one receiver took is delivered, though another did not.
        if its.state == "due" or (its.state == "failed" and attempt.ok):
            values["state"] = state
            values["why"] = None if attempt.ok else event.model_dump()["reason"]
        append.connection.execute(update(reminders).where(reminders.c.id == its.id).values(**values))


def _keep(service: Service, connection: Connection, row: Mapping[str, Any], number: int, attempt: Attempt) -> bool:
    """Keeps the attempt; False where the message is no longer waiting: its lease had run out, and somebody sent it."""
    connection.execute(
        insert(deliveries).values(
            message=row["id"],
            attempt=number,
            at=instant(service.now()),
            outcome="delivered" if attempt.ok else "failed",
            detail=attempt.detail,
        )
    )
    query = select(outbox.c.state).where(outbox.c.id == row["id"]).with_for_update()
    return connection.execute(query).scalar() == "pending"
