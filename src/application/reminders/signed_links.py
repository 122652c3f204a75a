"""Signed links in mails: each confirms an address, acknowledges a reminder or unsubscribes, until it expires.

Whoever has the mail can follow its links: no key is needed. A link holds its purpose, an id and when it expires. The
signature covers these and the address that the mail was sent to, which is not in the link: when a subscription's
address changes, the links sent to the old one stop working.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Literal, cast

from sqlalchemy import select

from application.reminders.lifecycle import acknowledge
from application.reminders.subscription import Subscription, find_subscription
from application.reminders.subscriptions import confirm_address, end_subscription
from application.reminders.tables import planner_table, signing_keys_table
from application.service import Service
from domain.errors import NotFound
from eventlog.engine import reading, writing
from eventlog.sql import BulkInsert, CompiledQuery

Purpose = Literal["confirm", "acknowledge", "unsubscribe"]
LIFETIMES = {"confirm": timedelta(days=7), "acknowledge": timedelta(days=60), "unsubscribe": timedelta(days=2 * 365)}
_TOKEN = re.compile(r"(confirm|acknowledge|unsubscribe)\.((?:sub|rem)_[A-Za-z0-9]{8,64})\.([0-9]{1,12})\.([\w-]{43})")
_STORED_KEY = CompiledQuery(select(signing_keys_table.c.key).order_by(signing_keys_table.c.id).limit(1))
_LOCK = CompiledQuery(select(planner_table.c.id).where(planner_table.c.id == 1).with_for_update())
_INSERT_KEY = BulkInsert(signing_keys_table)


def sign_link(service: Service, purpose: Purpose, id_: str, sent_to: str, since: datetime) -> str:
    """The token of a link. Its life begins at `since`, when the message was made: the same at every attempt to send."""
    expires = int((since + LIFETIMES[purpose]).timestamp())
    return f"{purpose}.{id_}.{expires}.{_signature(_signing_key(service), purpose, id_, expires, sent_to)}"


def _signature(key: str, purpose: str, id_: str, expires: int, sent_to: str) -> str:
    signed = "\n".join((purpose, id_, str(expires), sent_to)).encode()
    return urlsafe_b64encode(hmac.digest(key.encode(), signed, sha256)).decode().rstrip("=")


def _signing_key(service: Service) -> str:
    """The key of this database, created by the first process that needs it."""
    with service.reading() as connection:
        row = _STORED_KEY.run(connection).fetchone()
    if row is None:
        with writing(service.engine) as connection:
            _LOCK.run(connection).fetchone()
            row = _STORED_KEY.run(connection).fetchone()  # another process may have been first
            if row is None:
                row = (b64encode(token_bytes(32)).decode(),)
                _INSERT_KEY.rows(connection, [(1, *row)])
    return str(row[0])


@dataclass(frozen=True, slots=True)
class LinkAction:
    """The words of a link's page: `asks` and the button before it is followed, `says` after."""

    title: str
    asks: str
    button: str
    says: str


_ACTIONS = {
    "confirm": LinkAction(
        "Reminders by mail",
        "Do you want reminders to be sent to this address?",
        "Yes, send them",
        "Reminders are sent to this address from now on. Each has a link that ends them.",
    ),
    "acknowledge": LinkAction(
        "Acknowledge a reminder",
        "Did you see the reminder, and is somebody at it?",
        "Yes, it was seen",
        "It is on record that the reminder was seen. Nobody else is asked.",
    ),
    "unsubscribe": LinkAction(
        "No more mail",
        "Should nothing more be sent to this address for this subscription?",
        "Yes, send nothing more",
        "Nothing more is sent to this address for this subscription.",
    ),
}


def link_action(service: Service, token: str) -> LinkAction:
    """What a link would do; changes nothing. NotFound where it is forged, has expired, or its address was changed."""
    return _ACTIONS[_verify(service, token)[0]]


def carry_out_link(service: Service, token: str) -> LinkAction:
    """Do what a link is for. Following it again changes nothing."""
    purpose, id_, subscription = _verify(service, token)
    match purpose:
        case "confirm" if subscription is not None:
            confirm_address(service, subscription.id, subscription.target or "")
        case "unsubscribe" if subscription is not None:
            end_subscription(service, subscription.id, "ended by a link in a mail")
        case _:
            acknowledge(service, id_, "link")
    return _ACTIONS[purpose]


def _verify(service: Service, token: str) -> tuple[Purpose, str, Subscription | None]:
    """The purpose and the id of a genuine token, and the subscription that it is for, if it is for one."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise NotFound("this link is not whole")
    purpose, id_, expires, signature = cast("Purpose", match[1]), match[2], int(match[3]), match[4]
    if service.now().timestamp() > expires:
        raise NotFound("this link has ended")
    subscription = None
    if purpose != "acknowledge":
        with reading(service.engine) as connection:
            subscription = find_subscription(connection, id_)
    sent_to = "" if subscription is None else subscription.target or ""
    expected = _signature(_signing_key(service), purpose, id_, expires, sent_to)
    if not hmac.compare_digest(expected, signature):
        raise NotFound("this link is not ours, or was sent to an address that is no longer asked for")
    if subscription is not None and subscription.ended_at is not None and purpose == "confirm":
        raise NotFound("what this link would confirm has ended")
    return purpose, id_, subscription
