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

from sqlalchemy import Connection, select

from application.reminding.tables import planner, signing_keys
from application.service import Service
from domain.errors import NotFound
from eventlog.engine import writing
from eventlog.statements import Insert, Statement

Purpose = Literal["confirm", "acknowledge", "unsubscribe"]
LASTS = {"confirm": timedelta(days=7), "acknowledge": timedelta(days=60), "unsubscribe": timedelta(days=2 * 365)}
_KEY_BYTES = 32
_TOKEN = re.compile(r"(confirm|acknowledge|unsubscribe)\.((?:sub|rem)_[A-Za-z0-9]{8,64})\.([0-9]{1,12})\.([\w-]{43})")
_KEY = Statement(select(signing_keys.c.key).order_by(signing_keys.c.id).limit(1))
_ALONE = Statement(select(planner.c.id).where(planner.c.id == 1).with_for_update())
_INSERT = Insert(signing_keys)


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link is for. Whether it was sent to the address of now, only `holds` can tell."""

    purpose: Purpose
    id: str
    expires: int
    signature: str


def sign(service: Service, purpose: Purpose, id_: str, sent_to: str, since: datetime) -> str:
    """The text of a link, the same whenever it is asked for: it lasts from `since`, when its message was made."""
    expires = int((since + LASTS[purpose]).timestamp())
    return f"{purpose}.{id_}.{expires}.{_signature(_key(service), purpose, id_, expires, sent_to)}"


def read(service: Service, token: str) -> Link:
    """The link of a text; NotFound where it has the shape of none, or has ended."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise NotFound("this link is not whole")
    link = Link(cast("Purpose", found[1]), found[2], int(found[3]), found[4])
    assert link.purpose in get_args(Purpose)  # noqa: S101 - the pattern names the same three
    if service.now().timestamp() > link.expires:
        raise NotFound("this link has ended")
    return link


def holds(service: Service, link: Link, sent_to: str) -> bool:
    """Whether we signed a link, in a message to this address."""
    expected = _signature(_key(service), link.purpose, link.id, link.expires, sent_to)
    return hmac.compare_digest(expected, link.signature)


def _signature(key: str, purpose: str, id_: str, expires: int, sent_to: str) -> str:
    said = "\n".join((purpose, id_, str(expires), sent_to)).encode()
    return urlsafe_b64encode(hmac.digest(key.encode(), said, sha256)).decode().rstrip("=")


def _key(service: Service) -> str:
    """The key of this database, made at the first need, by whoever comes first."""
    with service.reading() as connection:
        if key := _kept(connection):
            return key
    with writing(service.engine) as connection:
        _ALONE.run(connection).fetchone()
        if key := _kept(connection):
            return key
        made = b64encode(token_bytes(_KEY_BYTES)).decode()
        _INSERT.rows(connection, [(1, made)])
        return made


def _kept(connection: Connection) -> str | None:
    row = _KEY.run(connection).fetchone()
    return None if row is None else str(row[0])
