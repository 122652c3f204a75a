"""Reminders: what was planned, sent, delivered, acknowledged, cancelled, and why. A key sees those it asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from api.addresses import PlaceId, slug_of
from api.bodies import key_of, recorder_of
from api.clocks import service_of
from api.documents import documented
from api.paging import Paging, cursor_of
from api.paging import key_of as key_in
from api.questions import Nothing, read
from api.reminding_shapes import Reminders, ReminderShown
from api.subscriptions import said
from application.reminding import listing
from application.reminding.acknowledging import acknowledge
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
Key = Annotated[str, Depends(key_of)]
_KEY = msgspec.json.Decoder(
    tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:.-]*$", max_length=40)],
        Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)],
    ]
)


class Filters(Paging):
    """Which reminders."""

    jurisdiction: PlaceId | None = Field(None, description="About deadlines of this place or of its agencies.")
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"] | None = Field(
        None, description="Reminders that are so now."
    )
    subscription: OpaqueId | None = Field(None, description="Reminders that this subscription asked for.")


@router.get("/reminders", **documented(Filters, Reminders, 400, 401, 404))
def reminders(request: Request, key: Key) -> Response:
    """Reminders of the key's own subscriptions, in order of the instant planned for."""
    filters = read(Filters, request)
    service = service_of(request)
    owner = recorder_of(service, key)
    after = key_in(filters.cursor, _KEY)
    with service.snapshot() as snapshot:
        place = None if filters.jurisdiction is None else snapshot.place(slug_of(snapshot, filters.jurisdiction))
        addressees = None if place is None else place.touched_by
        wanted = listing.Wanted(owner, addressees, filters.state, filters.subscription)
        found = listing.listed(snapshot.connection, wanted, filters.limit + 1, after)
    page = found[: filters.limit]
    more = cursor_of(listing.key_of(page[-1])) if len(found) > len(page) else None
    return said({"reminders": page, "next": more})


@router.post("/reminders/{id}/acknowledgement", **documented(Nothing, ReminderShown, 400, 401, 404, 422))
def acknowledge_a_reminder(request: Request, id: ReminderId, key: Key) -> Response:
    """Says that a reminder was seen, so that it does not go on to anybody else. Said again, it changes nothing."""
    read(Nothing, request)
    service = service_of(request)
    owner = recorder_of(service, key)
    acknowledge(service, id, "api", owner=owner)
    with service.reading() as connection:
        (its,) = listing.listed(connection, listing.Wanted(owner, id=id), 1)
    return said(its)
