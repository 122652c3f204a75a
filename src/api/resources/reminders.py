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
    filters = queries.ReminderFilter(owner, query.jurisdiction, query.state, query.subscription)
    with service.snapshot() as snapshot:
        page = queries.find_reminders(snapshot, filters, query.limit, after)
    return private_response({"reminders": page.items, "next": encode_cursor(page.next_key)})


@post(router, "/reminders/{id}/acknowledgement", answer=ReminderShown)
def acknowledge_a_reminder(service: Service, id: ReminderId, key: BearerKey) -> Response:
    """Says that a reminder was seen, so that it does not go on to anybody else. Said again, it changes nothing."""
    owner = recorder_of(service, key)
    acknowledge(service, id, "api", owner=owner)
    with service.snapshot() as snapshot:
        page = queries.find_reminders(snapshot, queries.ReminderFilter(owner, id=id), 1)
    return private_response(page.items[0])
