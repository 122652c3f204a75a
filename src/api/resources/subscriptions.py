"""Subscriptions: who is told of what; and the reminders that come of them. A key reads and changes its own alone."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from api.http.bodies import Body, Recorder
from api.http.parameters import PageParameters, PlaceId, read_cursor
from api.http.routes import delete, get, patch, post
from api.openapi.document import SUBSCRIPTIONS, body_schema
from api.openapi.schemas import Instant, Next, Shape
from application.reminders import queries
from application.reminders import subscriptions as registry
from application.reminders.lifecycle import acknowledge
from application.reminders.mail import why_no_mail
from application.reminders.subscription import Subscription
from application.service import Service
from domain.dates import Day
from domain.reminders import OpaqueId
from domain.values import Slug
from projections.paging import encode_cursor


class SubscriptionShown(Shape):
    """What its owner asked for, and what became of it. `url` for a webhook, `address` for e-mail."""

    id: OpaqueId
    jurisdictions: list[Slug]
    states: list[str]
    all: bool
    kinds: list[Literal["reminder", "entry", "correction"]]
    channel: Literal["webhook", "email", "log"]
    plan: list[int]
    hour: str
    escalate_to: OpaqueId | None
    escalate_after: str | None
    created_at: Instant
    confirmed_at: Instant | None = Field(description="Of e-mail: when its reader agreed. Nothing is sent before.")
    ended_at: Instant | None
    why_ended: str | None


class SubscriptionMade(SubscriptionShown):
    """A new subscription; of a webhook, with the secret that signs for it, this once."""

    secret: str | None = Field(None, examples=["whsec_..."])


class SecretMade(Shape):
    """The new secret, this once; the one before signs beside it for a day."""

    id: OpaqueId
    secret: str = Field(examples=["whsec_..."])


class Subscriptions(Shape):
    """A page of subscriptions, by id."""

    subscriptions: list[SubscriptionShown]
    next: Next


class DeadlineNamed(Shape):
    """A deadline that a reminder names."""

    demand: Slug
    addressee: Slug
    due: Day
    words: str | None


class Delivery(Shape):
    """An attempt to deliver."""

    at: Instant
    outcome: Literal["delivered", "failed"]
    detail: str | None


class ReminderShown(Shape):
    """A reminder, planned or past, and every attempt to deliver it."""

    id: OpaqueId
    subscription: OpaqueId
    deadlines: list[DeadlineNamed]
    offset: int
    planned_for: Instant
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"]
    late: bool
    why: str | None
    deliveries: list[Delivery]
    acknowledged: Instant | None


class Reminders(Shape):
    """A page of reminders, in order of the instant planned for."""

    reminders: list[ReminderShown]
    next: Next


router = APIRouter(prefix="/api/v1", tags=["reminders"])
SubscriptionId = Annotated[
    str,
    Path(
        pattern=r"^sub_[A-Za-z0-9]{8,64}$",
        max_length=80,
        description="The id of a subscription.",
        examples=["sub_7Qp2vXcR9tLmK4sZ"],
    ),
]
ReminderId = Annotated[
    str,
    Path(
        pattern=r"^rem_[A-Za-z0-9]{8,64}$",
        max_length=80,
        description="The id of a reminder.",
        examples=["rem_7Qp2vXcR9tLmK4sZ"],
    ),
]
_ID = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)])


class ReminderQuery(PageParameters):
    jurisdiction: PlaceId | None = Field(None, description="About deadlines of this place or of its agencies.")
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"] | None = Field(
        None, description="Reminders that are so now."
    )
    subscription: OpaqueId | None = Field(None, description="Reminders that this subscription asked for.")


@get(router, "/reminders", query=ReminderQuery, answer=Reminders)
def reminders(service: Service, query: ReminderQuery, owner: Recorder) -> Response:
    """Reminders of the key's own subscriptions, in order of the instant planned for."""
    after = read_cursor(query.cursor, queries.REMINDER_KEY)
    filters = queries.ReminderFilter(owner, query.jurisdiction, query.state, query.subscription)
    with service.snapshot() as snapshot:
        page = queries.find_reminders(snapshot, filters, query.limit, after)
    return private_response({"reminders": page.items, "next": encode_cursor(page.next_key)})


@post(router, "/reminders/{id}/acknowledgement", answer=ReminderShown)
def acknowledge_a_reminder(service: Service, id: ReminderId, owner: Recorder) -> Response:
    """Says that a reminder was seen, so that it does not go on to anybody else. Said again, it changes nothing."""
    acknowledge(service, id, "api", owner=owner)
    with service.snapshot() as snapshot:
        page = queries.find_reminders(snapshot, queries.ReminderFilter(owner, id=id), 1)
    return private_response(page.items[0])


@post(router, "/subscriptions", body=body_schema("Subscription", **SUBSCRIPTIONS), answer=SubscriptionMade, status=201)
def subscribe(request: Request, service: Service, body: Body) -> Response:
    """Asks for reminders, or for news of entries. A webhook's secret is in this answer and in no other."""
    owner, settings = body.recorder, request.app.state.settings
    subscription, secret = registry.create_subscription(
        service, body.fields(), owner=owner, allowed=settings.webhook_networks, no_mail=why_no_mail(settings)
    )
    answer = _subscription_fields(subscription) | ({} if secret is None else {"secret": secret.shown_once})
    return private_response(answer, 201, {"Location": f"/api/v1/subscriptions/{subscription.id}"})


@get(router, "/subscriptions", query=PageParameters, answer=Subscriptions)
def subscriptions(service: Service, query: PageParameters, owner: Recorder) -> Response:
    """The key's own subscriptions, by id; those too that a receiver ended."""
    after = read_cursor(query.cursor, _ID) or ""
    rows = registry.list_subscriptions(service, owner=owner, after=after, limit=query.limit + 1)
    page = rows[: query.limit]
    cursor = encode_cursor(page[-1].id) if len(rows) > len(page) else None
    return private_response({"subscriptions": [_subscription_fields(row) for row in page], "next": cursor})


@get(router, "/subscriptions/{id}", answer=SubscriptionShown)
def a_subscription(service: Service, id: SubscriptionId, owner: Recorder) -> Response:
    """What was asked for, without what signs for it."""
    subscription = registry.read_subscription(service, id, owner=owner)
    return private_response(_subscription_fields(subscription))


@patch(
    router,
    "/subscriptions/{id}",
    body=body_schema("SubscriptionChange", {"plan": [-7, -1], "hour": "08:30"}),
    answer=SubscriptionShown,
)
def change_a_subscription(request: Request, service: Service, id: SubscriptionId, body: Body) -> Response:
    """Gives fields new values; null gives a field its default back. What is planned follows at once."""
    owner, settings = body.recorder, request.app.state.settings
    changed = registry.change_subscription(
        service, id, body.fields(), owner=owner, allowed=settings.webhook_networks, no_mail=why_no_mail(settings)
    )
    return private_response(_subscription_fields(changed))


@delete(router, "/subscriptions/{id}", answer=None, status=204)
def end_a_subscription(service: Service, id: SubscriptionId, owner: Recorder) -> Response:
    """Ends a subscription and cancels what is planned for it. Its past reminders stay to be read."""
    registry.end_subscription(service, id, registry.BY_ITS_OWNER, owner=owner)
    return Response(status_code=204)


@post(router, "/subscriptions/{id}/secret", answer=SecretMade, status=201)
def rotate_the_secret(service: Service, id: SubscriptionId, owner: Recorder) -> Response:
    """Makes a new secret, shown this once. For a day messages are signed by both."""
    secret = registry.rotate_secret(service, id, owner=owner)
    return private_response({"id": id, "secret": secret.shown_once}, 201)


def private_response(
    content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer for the holder of one key, which no cache in between may keep."""
    sent = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(content), status, sent, "application/json")


def _subscription_fields(subscription: Subscription) -> dict[str, Any]:
    stamps = {name: getattr(subscription, name) for name in ("created_at", "confirmed_at", "ended_at", "why_ended")}
    return {"id": subscription.id, **registry.requested(subscription), **stamps}
