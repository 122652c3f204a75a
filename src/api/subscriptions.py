"""Subscriptions: who wants to hear of what. A key sees and changes its own, and reads none without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from api.bodies import Submission, key_of, recorder_of, submission
from api.clocks import service_of
from api.documents import body, documented
from api.examples import SUBSCRIPTIONS
from api.paging import Paging, cursor_of
from api.paging import key_of as key_in
from api.questions import Nothing, read
from api.reminding_shapes import SecretMade, SubscriptionMade, Subscriptions, SubscriptionShown
from application.reminding import subscribing
from application.reminding.subscriptions import Subscription
from application.settings import Settings

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
Body = Annotated[Submission, Depends(submission)]
Key = Annotated[str, Depends(key_of)]
_ID = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)])
_WRITES = (400, 401, 413, 415, 422)


@router.post(
    "/subscriptions",
    status_code=201,
    **documented(Nothing, SubscriptionMade, *_WRITES, asked=body("Subscription", **SUBSCRIPTIONS)),
)
def subscribe(request: Request, its: Body) -> Response:
    """Asks for reminders, or for news of entries. A webhook's secret is in this answer and in no other."""
    read(Nothing, request)
    service, settings = service_of(request), _settings(request)
    owner = recorder_of(service, its.key)
    made, secret = subscribing.subscribe(service, its.fields(), owner=owner, allowed=settings.webhook_networks)
    shown = _shown(made) | ({} if secret is None else {"secret": secret.shown_once})
    return said(shown, 201, {"Location": f"/api/v1/subscriptions/{made.id}"})


@router.get("/subscriptions", **documented(Paging, Subscriptions, 400, 401))
def subscriptions(request: Request, key: Key) -> Response:
    """The key's own subscriptions, by id; those too that a receiver ended."""
    paging = read(Paging, request)
    service = service_of(request)
    after = key_in(paging.cursor, _ID) or ""
    owner = recorder_of(service, key)
    found = subscribing.subscriptions(service, owner=owner, after=after, limit=paging.limit + 1)
    page = found[: paging.limit]
    more = cursor_of(page[-1].id) if len(found) > len(page) else None
    return said({"subscriptions": [_shown(one) for one in page], "next": more})


@router.get("/subscriptions/{id}", **documented(Nothing, SubscriptionShown, 400, 401, 404))
def a_subscription(request: Request, id: SubscriptionId, key: Key) -> Response:
    """What was asked for, without what signs for it."""
    read(Nothing, request)
    service = service_of(request)
    return said(_shown(subscribing.subscription(service, id, owner=recorder_of(service, key))))


@router.patch(
    "/subscriptions/{id}",
    **documented(
        Nothing,
        SubscriptionShown,
        *_WRITES,
        404,
        asked=body("SubscriptionChange", {"plan": [-7, -1], "hour": "08:30"}),
        success=200,
    ),
)
def change_a_subscription(request: Request, id: SubscriptionId, its: Body) -> Response:
    """Gives fields new values; null gives a field its default back. What is planned follows at once."""
    read(Nothing, request)
    service, settings = service_of(request), _settings(request)
    owner = recorder_of(service, its.key)
    fields = its.fields()
    changed = subscribing.change(service, id, fields, owner=owner, allowed=settings.webhook_networks)
    return said(_shown(changed))


@router.delete("/subscriptions/{id}", status_code=204, **documented(Nothing, None, 400, 401, 404, success=204))
def end_a_subscription(request: Request, id: SubscriptionId, key: Key) -> Response:
    """Ends a subscription and cancels what is planned for it. Its past reminders stay to be read."""
    read(Nothing, request)
    service = service_of(request)
    subscribing.end(service, id, subscribing.BY_ITS_OWNER, owner=recorder_of(service, key))
    return Response(status_code=204)


@router.post(
    "/subscriptions/{id}/secret", status_code=201, **documented(Nothing, SecretMade, 400, 401, 404, 422, success=201)
)
def rotate_the_secret(request: Request, id: SubscriptionId, key: Key) -> Response:
    """Makes a new secret, shown this once. For a day messages are signed by both."""
    read(Nothing, request)
    service = service_of(request)
    secret = subscribing.rotate(service, id, owner=recorder_of(service, key))
    return said({"id": id, "secret": secret.shown_once}, 201)


def said(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer for one key alone, which nobody in between may keep."""
    its = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(content), status, its, "application/json")


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _shown(its: Subscription) -> dict[str, Any]:
    stamps = {name: getattr(its, name) for name in ("created_at", "confirmed_at", "ended_at", "why_ended")}
    return {"id": its.id, **subscribing.wished(its), **stamps}
