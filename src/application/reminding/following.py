"""Following a signed link: what it would do, told to whoever looks, and done only when asked to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from application.reminding import links
from application.reminding.acknowledging import acknowledge
from application.reminding.subscribing import confirm, end
from application.reminding.subscriptions import Subscription, subscription_of
from application.reminding.tables import subscriptions
from application.service import Service
from domain.errors import NotFound
from eventlog.engine import reading

BY_LINK = "ended by a link in a mail"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page says before (`asks`, with the button's words) and after (`says`)."""

    title: str
    asks: str
    button: str
    says: str


_OFFERS = {
    "confirm": Offer(
        "Reminders by mail",
        "Do you want reminders to be sent to this address?",
        "Yes, send them",
        "Reminders are sent to this address from now on. Each has a link that ends them.",
    ),
    "acknowledge": Offer(
        "Acknowledge a reminder",
        "Did you see the reminder, and is somebody at it?",
        "Yes, it was seen",
        "It is on record that the reminder was seen. Nobody else is asked.",
    ),
    "unsubscribe": Offer(
        "No more mail",
        "Should nothing more be sent to this address for this subscription?",
        "Yes, send nothing more",
        "Nothing more is sent to this address for this subscription.",
    ),
}


def offer(service: Service, token: str) -> Offer:
    """What a link would do; NotFound where it is not ours, has ended, or its address was changed. Changes nothing."""
    link, _ = _genuine(service, token)
    return _OFFERS[link.purpose]


def follow(service: Service, token: str) -> Offer:
    """Does what a link is for: once, however often it is followed."""
    link, its = _genuine(service, token)
    match link.purpose:
        case "confirm" if its is not None:
            confirm(service, its.id, its.target or "")
        case "unsubscribe" if its is not None:
            end(service, its.id, BY_LINK)
        case _:
            acknowledge(service, link.id, "link")
    return _OFFERS[link.purpose]


def _genuine(service: Service, token: str) -> tuple[links.Link, Subscription | None]:
    link = links.read(service, token)
    its = None
    if link.purpose != "acknowledge":
        with reading(service.engine) as connection:
            query = select(subscriptions).where(subscriptions.c.id == link.id)
            row = connection.execute(query).one_or_none()
        its = None if row is None else subscription_of(row._asdict())
    sent_to = "" if its is None else its.target or ""
    if not links.holds(service, link, sent_to):
        raise NotFound("this link is not ours, or was sent to an address that is no longer asked for")
    if its is not None and its.ended_at is not None and link.purpose == "confirm":
        raise NotFound("what this link would confirm has ended")
    return link, its
