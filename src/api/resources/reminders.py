"""Reminders: what was planned, sent, delivered, acknowledged, cancelled, and why. A key sees those it asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from api.http.bodies import bearer_key, recorder_of
from api.http.parameters import NoParameters, PageParameters, PlaceId, encode_cursor, parse_query, service_of, slug_of
from api.http.parameters import decode_cursor as key_in
from api.openapi.document import documented
from api.resources.subscriptions import Reminders, ReminderShown, private_response
from application.reminders import queries
from application.reminders.lifecycle import acknowledge
from domain.reminders import OpaqueId

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
_KEY = msgspec.json.Decoder(
    tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:.-]*$", max_length=40)],
        Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)],
    ]
)


class ReminderQuery(PageParameters):
    """Which reminders."""

    jurisdiction: PlaceId | None = Field(None, description="About deadlines of this place or of its agencies.")
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"] | None = Field(
        None, description="Reminders that are so now."
    )
    subscription: OpaqueId | None = Field(None, description="Reminders that this subscription asked for.")


@router.get("/reminders", **documented(ReminderQuery, Reminders, 400, 401, 404))
def reminders(request: Request, key: BearerKey) -> Response:
    """Reminders of the key's own subscriptions, in order of the instant planned for."""
    filters = parse_query(ReminderQuery, request)
    service = service_of(request)
    owner = recorder_of(service, key)
    after = key_in(filters.cursor, _KEY)
    with service.snapshot() as snapshot:
        place = None if filters.jurisdiction is None else snapshot.place(slug_of(snapshot, filters.jurisdiction))
        addressees = None if place is None else place.touched_by
        wanted = queries.ReminderFilter(owner, addressees, filters.state, filters.subscription)
        found = queries.list_reminders(snapshot.connection, wanted, filters.limit + 1, after)
    page = found[: filters.limit]
    more = encode_cursor(queries.reminder_key(page[-1])) if len(found) > len(page) else None
    return private_response({"reminders": page, "next": more})


@router.post("/reminders/{id}/acknowledgement", **documented(NoParameters, ReminderShown, 400, 401, 404, 422))
def acknowledge_a_reminder(request: Request, id: ReminderId, key: BearerKey) -> Response:
    """Says that a reminder was seen, so that it does not go on to anybody else. Said again, it changes nothing."""
    parse_query(NoParameters, request)
    service = service_of(request)
    owner = recorder_of(service, key)
    acknowledge(service, id, "api", owner=owner)
    with service.reading() as connection:
        (its,) = queries.list_reminders(connection, queries.ReminderFilter(owner, id=id), 1)
    return private_response(its)
