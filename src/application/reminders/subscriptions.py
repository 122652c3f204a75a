"""Subscribing: made, shown, changed and ended by the holder of the key that made it, and planned for at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from application.reminders import secrets
from application.reminders.planner import plan_everything
from application.reminders.secrets import Secret
from application.reminders.subscription import (
    Subscription,
    SubscriptionRequest,
    parse_subscription,
    refuse_field,
    subscription_from_row,
)
from application.reminders.tables import outbox_table, planner_table
from application.reminders.tables import subscriptions_table as _table
from application.reminders.webhooks import Unreachable, destination
from application.service import Service
from application.settings import Network
from domain import dates
from domain.errors import NotFound, Refused
from domain.jurisdictions import CIRCUITS
from domain.reminders import instant
from eventlog.engine import reading, writing

BY_ITS_OWNER = "ended by its owner"
CONFIRMATION = "subscription.confirmation"
_STATES = frozenset().union(*CIRCUITS.values())
_ALONE = select(planner_table.c.id).where(planner_table.c.id == 1).with_for_update()


def create_subscription(
    service: Service, fields: Mapping[str, Any], *, owner: str, allowed: Collection[Network] = ()
) -> tuple[Subscription, Secret | None]:
    """Makes a subscription; of a webhook, with the secret that signs for it, which nobody gets to see again.

    Raises Invalid, naming each field at fault.
    """
    wish = parse_subscription(fields)
    _check_url(wish, allowed)
    id_, secret = f"sub_{token_hex(16)}", None
    _check_places(service, wish)
    with writing(service.engine) as connection:
        _check_escalation(connection, wish, owner, id_)
        now = service.now()
        row = {"id": id_, "owner": owner, "channel": wish.channel, "created_at": instant(now), **_columns(wish)}
        connection.execute(insert(_table).values(**row))
        if wish.channel == "webhook":
            secret = secrets.make_secret(connection, id_, now)
        _ask_to_confirm(service, connection, wish, id_)
        made = _owned_by(connection, id_, owner)
    plan_everything(service)
    return made, secret


def read_subscription(service: Service, id_: str, *, owner: str) -> Subscription:
    """One subscription of an owner's; NotFound for any other."""
    with reading(service.engine) as connection:
        return _owned_by(connection, id_, owner)


def list_subscriptions(service: Service, *, owner: str, after: str, limit: int) -> list[Subscription]:
    """An owner's subscriptions beyond an id, by id; those too that ended other than by their owner."""
    with reading(service.engine) as connection:
        query = select(_table).where(_table.c.owner == owner, _table.c.id > after, _still_shown())
        rows = connection.execute(query.order_by(_table.c.id).limit(limit))
        return [subscription_from_row(row._asdict()) for row in rows]


def change_subscription(
    service: Service, id_: str, fields: Mapping[str, Any], *, owner: str, allowed: Collection[Network] = ()
) -> Subscription:
    """Gives fields new values; null gives back the default. Raises Invalid, NotFound, or Refused once it has ended."""
    before = read_subscription(service, id_, owner=owner)
    wish = parse_subscription(
        {name: value for name, value in {**requested(before), **fields}.items() if value is not None}
    )
    if wish.channel != before.channel:
        raise refuse_field("channel", wish.channel, f"is {before.channel} and stays so: make another subscription")
    moved = wish.target != before.target
    if moved:
        _check_url(wish, allowed)
    _check_places(service, wish)
    with writing(service.engine) as connection:
        _check_escalation(connection, wish, owner, id_)
        if _in_use(connection, id_, owner).target != before.target:
            raise Refused("it was changed by somebody else just now: look at it again")
        values = _columns(wish) | ({"confirmed_at": None} if moved else {})
        connection.execute(update(_table).where(_table.c.id == id_).values(**values))
        if moved or ("address" in fields and before.confirmed_at is None):  # given again: asked again
            _ask_to_confirm(service, connection, wish, id_)
        changed = _owned_by(connection, id_, owner)
    plan_everything(service)
    return changed


def rotate_secret(service: Service, id_: str, *, owner: str) -> Secret:
    """A new secret for a webhook; the one before signs too, for a day. NotFound, or Refused where none signs."""
    with writing(service.engine) as connection:
        its = _in_use(connection, id_, owner)
        if its.channel != "webhook":
            raise Refused(f"{id_} is no webhook: nothing signs for it")
        return secrets.make_secret(connection, id_, service.now())


def end_subscription(service: Service, id_: str, why: str, *, owner: str | None = None) -> None:
    """Ends a subscription and cancels what is planned for it. Ended once more, it stays as it is, or is hidden."""
    with writing(service.engine) as connection:
        if owner is not None:
            _owned_by(connection, id_, owner)
        query = update(_table).where(_table.c.id == id_)
        values = {"ended_at": instant(service.now()), "why_ended": why}
        ended = connection.execute(query.where(_table.c.ended_at.is_(None)).values(**values)).rowcount
        if not ended and owner is not None:
            connection.execute(query.values(why_ended=why))
        secrets.forget_secrets(connection, id_)
    plan_everything(service)


def confirm_address(service: Service, id_: str, address: str) -> None:
    """Notes that whoever reads an address wants to be written to; what waited for that is sent now."""
    now = instant(service.now())
    with writing(service.engine) as connection:
        query = update(_table).where(_table.c.id == id_, _table.c.target == address, _table.c.confirmed_at.is_(None))
        if connection.execute(query.values(confirmed_at=now)).rowcount:
            waiting = update(outbox_table).where(
                outbox_table.c.subscription == id_,
                outbox_table.c.state == "pending",
                outbox_table.c.leased_until.is_(None),
            )
            connection.execute(waiting.values(next_at=now))


def requested(its: Subscription) -> dict[str, Any]:
    """What was asked for, in the words in which it is asked."""
    return {
        "jurisdictions": sorted(its.jurisdictions),
        "states": sorted(its.states),
        "all": its.everywhere,
        "kinds": [kind for kind in ("reminder", "entry", "correction") if kind in its.kinds],
        "channel": its.channel,
        **({"url": its.target} if its.channel == "webhook" else {}),
        **({"address": its.target} if its.channel == "email" else {}),
        "plan": list(its.plan),
        "hour": its.hour,
        "escalate_to": its.escalate_to,
        "escalate_after": None if its.escalate_after_s is None else dates.duration_text(its.escalate_after_s),
    }


def _columns(wish: SubscriptionRequest) -> dict[str, Any]:
    lists = {name: sorted(getattr(wish, name)) for name in ("jurisdictions", "states", "kinds", "plan")}
    return {
        "target": wish.target,
        **{name: msgspec.json.encode(values).decode() for name, values in lists.items()},
        "everywhere": wish.all,
        "hour": wish.hour,
        "escalate_to": wish.escalate_to,
        "escalate_after_s": wish.escalate_after_s,
    }


def _still_shown() -> ColumnElement[bool]:
    return or_(_table.c.ended_at.is_(None), _table.c.why_ended != BY_ITS_OWNER)


def _owned_by(connection: Connection, id_: str, owner: str) -> Subscription:
    query = select(_table).where(_table.c.id == id_, _table.c.owner == owner, _still_shown())
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no subscription {id_!r} of yours is in use")
    return subscription_from_row(row._asdict())


def _in_use(connection: Connection, id_: str, owner: str) -> Subscription:
    its = _owned_by(connection, id_, owner)
    if its.ended_at is not None:
        raise Refused(f"{id_} has ended: {its.why_ended}")
    return its


def _check_url(wish: SubscriptionRequest, allowed: Collection[Network]) -> None:
    if wish.url is not None:
        try:
            destination(wish.url, allowed)
        except Unreachable as error:
            raise refuse_field("url", wish.url, str(error)) from error


def _check_places(service: Service, wish: SubscriptionRequest) -> None:
    with service.snapshot() as snapshot:
        directory = snapshot.cache.directory
        for number, name in enumerate(wish.jurisdictions):
            if directory.place(name, snapshot.position) is None:
                raise refuse_field(f"jurisdictions.{number}", name, "is not on record")
        for number, state in enumerate(wish.states):
            if state not in _STATES and state not in directory.states():
                raise refuse_field(
                    f"states.{number}", state, "is no state of the United States, nor of any place on record"
                )


def _check_escalation(connection: Connection, wish: SubscriptionRequest, owner: str, id_: str) -> None:
    """Raises Invalid unless a message goes on to another subscription in use of the same owner, and never back."""
    connection.execute(_ALONE)  # two that change at once must not make a circle of what is straight alone
    following, passed = wish.escalate_to, {id_}
    while following is not None:
        if following in passed:
            raise refuse_field("escalate_to", wish.escalate_to, "leads back to the subscription itself")
        passed.add(following)
        query = select(_table.c.escalate_to).where(
            _table.c.id == following, _table.c.owner == owner, _table.c.ended_at.is_(None)
        )
        row = connection.execute(query).one_or_none()
        if row is None and following == wish.escalate_to:
            raise refuse_field("escalate_to", wish.escalate_to, "is no subscription of yours that is in use")
        following = None if row is None else row[0]


def _ask_to_confirm(service: Service, connection: Connection, wish: SubscriptionRequest, id_: str) -> None:
    """Puts the mail into the outbox that asks whether an address wants mail at all."""
    if wish.channel != "email":
        return
    now = instant(service.now())
    body = {"type": CONFIRMATION, "timestamp": now, "data": {"subscription": id_, "address": wish.address}}
    connection.execute(
        insert(outbox_table).values(
            id=f"msg_{token_hex(16)}",
            subscription=id_,
            body=msgspec.json.encode(body).decode(),
            state="pending",
            attempts=0,
            next_at=now,
            created_at=now,
        )
    )
