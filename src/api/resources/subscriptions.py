"""Subscriptions: who wants to hear of what. A key sees and changes its own, and reads none without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from api.http.bodies import JsonBody, bearer_key, json_body, recorder_of
from api.http.parameters import NoParameters, PageParameters, encode_cursor, parse_query, service_of
from api.http.parameters import decode_cursor as key_in
from api.openapi.document import SUBSCRIPTIONS, body_schema, documented
from api.openapi.schemas import Instant, Next, Shape
from application.reminders import subscriptions as registry
from application.reminders.subscription import Subscription
from application.settings import Settings
from domain.dates import Day
from domain.reminders import OpaqueId
from domain.values import Slug


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
SubscriptionBody = Annotated[JsonBody, Depends(json_body)]
BearerKey = Annotated[str, Depends(bearer_key)]
_ID = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)])
_WRITES = (400, 401, 413, 415, 422)


@router.post(
    "/subscriptions",
    status_code=201,
    **documented(NoParameters, SubscriptionMade, *_WRITES, asked=body_schema("Subscription", **SUBSCRIPTIONS)),
)
def subscribe(request: Request, its: SubscriptionBody) -> Response:
    """Asks for reminders, or for news of entries. A webhook's secret is in this answer and in no other."""
    parse_query(NoParameters, request)
    service, settings = service_of(request), _settings(request)
    owner = recorder_of(service, its.key)
    made, secret = registry.create_subscription(service, its.fields(), owner=owner, allowed=settings.webhook_networks)
    shown = _subscription_fields(made) | ({} if secret is None else {"secret": secret.shown_once})
    return private_response(shown, 201, {"Location": f"/api/v1/subscriptions/{made.id}"})


@router.get("/subscriptions", **documented(PageParameters, Subscriptions, 400, 401))
def subscriptions(request: Request, key: BearerKey) -> Response:
    """The key's own subscriptions, by id; those too that a receiver ended."""
    paging = parse_query(PageParameters, request)
    service = service_of(request)
    after = key_in(paging.cursor, _ID) or ""
    owner = recorder_of(service, key)
    found = registry.list_subscriptions(service, owner=owner, after=after, limit=paging.limit + 1)
    page = found[: paging.limit]
    more = encode_cursor(page[-1].id) if len(found) > len(page) else None
    return private_response({"subscriptions": [_subscription_fields(one) for one in page], "next": more})


@router.get("/subscriptions/{id}", **documented(NoParameters, SubscriptionShown, 400, 401, 404))
def a_subscription(request: Request, id: SubscriptionId, key: BearerKey) -> Response:
    """What was asked for, without what signs for it."""
    parse_query(NoParameters, request)
    service = service_of(request)
    return private_response(
        _subscription_fields(registry.read_subscription(service, id, owner=recorder_of(service, key)))
    )


@router.patch(
    "/subscriptions/{id}",
    **documented(
        NoParameters,
        SubscriptionShown,
        *_WRITES,
        404,
        asked=body_schema("SubscriptionChange", {"plan": [-7, -1], "hour": "08:30"}),
        success=200,
    ),
)
def change_a_subscription(request: Request, id: SubscriptionId, its: SubscriptionBody) -> Response:
    """Gives fields new values; null gives a field its default back. What is planned follows at once."""
    parse_query(NoParameters, request)
    service, settings = service_of(request), _settings(request)
    owner = recorder_of(service, its.key)
    fields = its.fields()
    changed = registry.change_subscription(service, id, fields, owner=owner, allowed=settings.webhook_networks)
    return private_response(_subscription_fields(changed))


@router.delete("/subscriptions/{id}", status_code=204, **documented(NoParameters, None, 400, 401, 404, success=204))
def end_a_subscription(request: Request, id: SubscriptionId, key: BearerKey) -> Response:
    """Ends a subscription and cancels what is planned for it. Its past reminders stay to be read."""
    parse_query(NoParameters, request)
    service = service_of(request)
    registry.end_subscription(service, id, registry.BY_ITS_OWNER, owner=recorder_of(service, key))
    return Response(status_code=204)


@router.post(
    "/subscriptions/{id}/secret",
    status_code=201,
    **documented(NoParameters, SecretMade, 400, 401, 404, 422, success=201),
)
def rotate_the_secret(request: Request, id: SubscriptionId, key: BearerKey) -> Response:
    """Makes a new secret, shown this once. For a day messages are signed by both."""
    parse_query(NoParameters, request)
    service = service_of(request)
    secret = registry.rotate_secret(service, id, owner=recorder_of(service, key))
    return private_response({"id": id, "secret": secret.shown_once}, 201)


def private_response(
    content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer for one key alone, which nobody in between may keep."""
    its = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(content), status, its, "application/json")


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _subscription_fields(its: Subscription) -> dict[str, Any]:
    stamps = {name: getattr(its, name) for name in ("created_at", "confirmed_at", "ended_at", "why_ended")}
    return {"id": its.id, **registry.requested(its), **stamps}
