"""Links in messages, signed: each does one thing, for one subscription or reminder, until a day.

Who has the message has the link, and needs no key for it. A link says its purpose, what it is for and when it ends;
the signature covers those, and the address that it was sent to, which is not in it: a link outlives no change of it.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Literal, cast, get_args

from sqlalchemy import Connection, select, update

from application.reminders.subscription import Subscription, subscription_from_row
from application.reminders.subscriptions import confirm_address, end_subscription
from application.reminders.tables import planner_table, reminders_table, signing_keys_table, subscriptions_table
from application.service import Service
from domain.errors import NotFound, Refused
from domain.reminders import ReminderAcknowledged
from eventlog.engine import reading, writing
from eventlog.sql import BulkInsert, CompiledQuery
from projections.projector import MAPPER

Purpose = Literal["confirm", "acknowledge", "unsubscribe"]
LASTS = {"confirm": timedelta(days=7), "acknowledge": timedelta(days=60), "unsubscribe": timedelta(days=2 * 365)}
_KEY_BYTES = 32
_TOKEN = re.compile(r"(confirm|acknowledge|unsubscribe)\.((?:sub|rem)_[A-Za-z0-9]{8,64})\.([0-9]{1,12})\.([\w-]{43})")
_KEY = CompiledQuery(select(signing_keys_table.c.key).order_by(signing_keys_table.c.id).limit(1))
_KEY_ALONE = CompiledQuery(select(planner_table.c.id).where(planner_table.c.id == 1).with_for_update())
_INSERT_KEY = BulkInsert(signing_keys_table)


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a signed link is for. Whether it was sent to the address of now, only `holds` can tell."""

    purpose: Purpose
    id: str
    expires: int
    signature: str


def sign_link(service: Service, purpose: Purpose, id_: str, sent_to: str, since: datetime) -> str:
    """The text of a link, the same whenever it is asked for: it lasts from `since`, when its message was made."""
    expires = int((since + LASTS[purpose]).timestamp())
    return f"{purpose}.{id_}.{expires}.{_signature(_signing_key(service), purpose, id_, expires, sent_to)}"


def read_link(service: Service, token: str) -> SignedLink:
    """The link of a text; NotFound where it has the shape of none, or has ended."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise NotFound("this link is not whole")
    link = SignedLink(cast("Purpose", found[1]), found[2], int(found[3]), found[4])
    assert link.purpose in get_args(Purpose)  # noqa: S101 - the pattern names the same three
    if service.now().timestamp() > link.expires:
        raise NotFound("this link has ended")
    return link


def link_holds(service: Service, link: SignedLink, sent_to: str) -> bool:
    """Whether we signed a link, in a message to this address."""
    expected = _signature(_signing_key(service), link.purpose, link.id, link.expires, sent_to)
    return hmac.compare_digest(expected, link.signature)


def _signature(key: str, purpose: str, id_: str, expires: int, sent_to: str) -> str:
    said = "\n".join((purpose, id_, str(expires), sent_to)).encode()
    return urlsafe_b64encode(hmac.digest(key.encode(), said, sha256)).decode().rstrip("=")


def _signing_key(service: Service) -> str:
    """The key of this database, made at the first need, by whoever comes first."""
    with service.reading() as connection:
        if key := _stored_key(connection):
            return key
    with writing(service.engine) as connection:
        _KEY_ALONE.run(connection).fetchone()
        if key := _stored_key(connection):
            return key
        made = b64encode(token_bytes(_KEY_BYTES)).decode()
        _INSERT_KEY.rows(connection, [(1, made)])
        return made


def _stored_key(connection: Connection) -> str | None:
    row = _KEY.run(connection).fetchone()
    return None if row is None else str(row[0])


def acknowledge(service: Service, reminder: str, by: Literal["api", "link"], *, owner: str | None = None) -> bool:
    """Records that a reminder was seen; False where that is on record already.

    Raises NotFound (where an owner is given: for anybody else's reminder too), or Refused for one that was not sent.
    """
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        query = (
            select(reminders_table)
            .join_from(reminders_table, subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
            .where(reminders_table.c.id == reminder)
        )
        if owner is not None:
            query = query.where(subscriptions_table.c.owner == owner)
        its = append.connection.execute(query).one_or_none()
        if its is None:
            raise NotFound(f"no reminder {reminder!r} of yours is known")
        if its.state == "acknowledged":
            return False
        if its.state in ("planned", "cancelled"):
            raise Refused(f"{reminder} is {its.state}: only what was sent can be acknowledged")
        event = ReminderAcknowledged(reminder=reminder, by=by)
        append.append([MAPPER.new(f"reminder:{reminder}", its.version + 1, event)])
        values = {"version": its.version + 1, "acknowledged_at": append.recorded_at, "escalate_at": None}
        append.connection.execute(
            update(reminders_table).where(reminders_table.c.id == reminder).values(state="acknowledged", **values)
        )
    return True


BY_LINK = "ended by a link in a mail"


@dataclass(frozen=True, slots=True)
class LinkAction:
    """What a page says before (`asks`, with the button's words) and after (`says`)."""

    title: str
    asks: str
    button: str
    says: str


_OFFERS = {
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
    """What a link would do; NotFound where it is not ours, has ended, or its address was changed. Changes nothing."""
    link, _ = _genuine_link(service, token)
    return _OFFERS[link.purpose]


def carry_out_link(service: Service, token: str) -> LinkAction:
    """Does what a link is for: once, however often it is followed."""
    link, its = _genuine_link(service, token)
    match link.purpose:
        case "confirm" if its is not None:
            confirm_address(service, its.id, its.target or "")
        case "unsubscribe" if its is not None:
            end_subscription(service, its.id, BY_LINK)
        case _:
            acknowledge(service, link.id, "link")
    return _OFFERS[link.purpose]


def _genuine_link(service: Service, token: str) -> tuple[SignedLink, Subscription | None]:
    link = read_link(service, token)
    its = None
    if link.purpose != "acknowledge":
        with reading(service.engine) as connection:
            query = select(subscriptions_table).where(subscriptions_table.c.id == link.id)
            row = connection.execute(query).one_or_none()
        its = None if row is None else subscription_from_row(row._asdict())
    sent_to = "" if its is None else its.target or ""
    if not link_holds(service, link, sent_to):
        raise NotFound("this link is not ours, or was sent to an address that is no longer asked for")
    if its is not None and its.ended_at is not None and link.purpose == "confirm":
        raise NotFound("what this link would confirm has ended")
    return link, its
