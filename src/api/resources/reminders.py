"""Reminders, planned and past, and their acknowledgement. A key reads those of its own subscriptions."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from api.http.bodies import bearer_key, recorder_of
from api.http.parameters import PageParameters, PlaceId, read_cursor
from api.http.routes import get, post
from api.resources.subscriptions import Reminders, ReminderShown, private_response
from application.reminders import queries
from application.reminders.lifecycle import acknowledge
from application.service import Service
from domain.reminders import OpaqueId
from projections.paging import encode_cursor
from projections.places import slug_of

router = APIRouter(prefix="/api/v1", tags=["reminders"])
ReminderId = Annotated[
    str,
    Path(
        pattern=r"^rem_[A-Za-z0-9]{8,64}$",
        max_length=80,
        description="The id of a reminder.",
        examples=["rem_7Qp2vXcR9tLmK4sZ"],
    ),
]
BearerKey = Annotated[str, Depends(bearer_key)]


class ReminderQuery(PageParameters):
    """Which reminders."""

    jurisdiction: PlaceId | None = Field(None, description="About deadlines of this place or of its agencies.")
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"] | None = Field(
        None, description="Reminders that are so now."
    )
    subscription: OpaqueId | None = Field(None, description="Reminders that this subscription asked for.")


@get(router, "/reminders", query=ReminderQuery, answer=Reminders)
def reminders(service: Service, query: ReminderQuery, key: BearerKey) -> Response:
    """Reminders of the key's own subscriptions, in order of the instant planned for."""
    owner = recorder_of(service, key)
    after = read_cursor(query.cursor, queries.REMINDER_KEY)
    with service.snapshot() as snapshot:
        place = None if query.jurisdiction is None else snapshot.place(slug_of(snapshot, query.jurisdiction))
        addressees = None if place is None else place.touched_by
        reminder_filter = queries.ReminderFilter(owner, addressees, query.state, query.subscription)
        rows = queries.list_reminders(snapshot.connection, reminder_filter, query.limit + 1, after)
    page = rows[: query.limit]
    cursor = encode_cursor(queries.reminder_key(page[-1])) if len(rows) > len(page) else None
    return private_response({"reminders": page, "next": cursor})


@post(router, "/reminders/{id}/acknowledgement", answer=ReminderShown)
def acknowledge_a_reminder(service: Service, id: ReminderId, key: BearerKey) -> Response:
    """Says that a reminder was seen, so that it does not go on to anybody else. Said again, it changes nothing."""
    owner = recorder_of(service, key)
    acknowledge(service, id, "api", owner=owner)
    with service.reading() as connection:
        (reminder,) = queries.list_reminders(connection, queries.ReminderFilter(owner, id=id), 1)
    return private_response(reminder)
