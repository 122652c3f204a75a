"""Subscriptions: created, read, changed and ended by their owner, which is the key that created them.

Every change is planned for before the call returns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from application.reminders.deadline_states import find_place
from application.reminders.outbox import OutboxMessage, enqueue
from application.reminders.planner import catch_up
from application.reminders.subscription import (
    Subscription,
    SubscriptionRequest,
    find_subscription,
    parse_subscription,
    subscription_from_row,
)
from application.reminders.tables import outbox_table, planner_table
from application.reminders.tables import subscriptions_table as _table
from application.reminders.webhooks import Secret, Unreachable, destination, forget_secrets, make_secret
from application.service import Service
from application.settings import Network
from domain import dates
from domain.errors import Invalid, NotFound, Problem, Refused
from domain.jurisdictions import CIRCUITS
from domain.reminders import instant
from eventlog.engine import reading, writing

BY_ITS_OWNER = "ended by its owner"
BY_THE_KEEPER = "ended by the keeper"
KEY_REVOKED = "its key was revoked"
CONFIRMATION = "subscription.confirmation"
_STATES = frozenset().union(*CIRCUITS.values())
_LOCK = select(planner_table.c.id).where(planner_table.c.id == 1).with_for_update()


def create_subscription(
    service: Service,
    fields: Mapping[str, Any],
    *,
    owner: str,
    allowed: Collection[Network] = (),
    no_mail: str | None = None,
) -> tuple[Subscription, Secret | None]:
    """Create a subscription, and for a webhook the secret that signs, which is shown to nobody again.

    `allowed`: networks that webhooks may reach though they are not public. `no_mail`: why this server sends no
    mail, if so: no address could ever confirm. Raises Invalid, naming each field at fault.
    """
    request = parse_subscription(fields)
    _check_channel(request, no_mail)
    _check_url(request, allowed)
    id_, secret = f"sub_{token_hex(16)}", None
    _check_places(service, request)
    with writing(service.engine) as connection:
        _check_escalation(connection, request, owner, id_)
        now = service.now()
        row = {"id": id_, "owner": owner, "channel": request.channel, "created_at": instant(now), **_columns(request)}
        connection.execute(insert(_table).values(**row))
        if request.channel == "webhook":
            secret = make_secret(connection, id_, now)
        _enqueue_confirmation(service, connection, request, id_)
        subscription = _owned_by(connection, id_, owner)
    catch_up(service, everywhere=True)
    return subscription, secret


def read_subscription(service: Service, id_: str, *, owner: str) -> Subscription:
    """A subscription of the owner's; NotFound for any other."""
    with reading(service.engine) as connection:
        return _owned_by(connection, id_, owner)


def list_subscriptions(service: Service, *, owner: str, after: str, limit: int) -> list[Subscription]:
    """The owner's subscriptions beyond an id, by id, with those that ended other than by the owner."""
    with reading(service.engine) as connection:
        query = select(_table).where(_table.c.owner == owner, _table.c.id > after, _not_ended_by_owner())
        rows = connection.execute(query.order_by(_table.c.id).limit(limit))
        return list(map(subscription_from_row, rows))


def change_subscription(
    service: Service,
    id_: str,
    fields: Mapping[str, Any],
    *,
    owner: str,
    allowed: Collection[Network] = (),
    no_mail: str | None = None,
) -> Subscription:
    """Change fields; null restores a default. Raises Invalid, NotFound, or Refused once the subscription has ended."""
    before = read_subscription(service, id_, owner=owner)
    changed_fields = {**requested(before), **fields}
    request = parse_subscription({name: value for name, value in changed_fields.items() if value is not None})
    if request.channel != before.channel:
        raise Invalid(
            problems=[
                Problem("channel", request.channel, f"is {before.channel} and stays so: make another subscription")
            ]
        )
    target_changed = request.target != before.target
    if target_changed:
        _check_channel(request, no_mail)
        _check_url(request, allowed)
    _check_places(service, request)
    with writing(service.engine) as connection:
        _check_escalation(connection, request, owner, id_)
        if _in_use(connection, id_, owner).target != before.target:
            raise Refused("it was changed by somebody else just now: look at it again")
        values = _columns(request) | ({"confirmed_at": None} if target_changed else {})
        connection.execute(update(_table).where(_table.c.id == id_).values(**values))
        # The same address given again, while unconfirmed, asks for another mail.
        if target_changed or ("address" in fields and before.confirmed_at is None):
            _enqueue_confirmation(service, connection, request, id_)
        subscription = _owned_by(connection, id_, owner)
    catch_up(service, everywhere=True)
    return subscription


def rotate_secret(service: Service, id_: str, *, owner: str) -> Secret:
    """Create a new secret for a webhook; the one before signs too, for a day. Raises NotFound or Refused."""
    with writing(service.engine) as connection:
        if _in_use(connection, id_, owner).channel != "webhook":
            raise Refused(f"{id_} is no webhook: nothing signs for it")
        return make_secret(connection, id_, service.now())


def end_subscription(service: Service, id_: str, why: str, *, owner: str | None = None) -> None:
    """End a subscription and cancel what is planned for it. One that has ended already is hidden, if its owner asks."""
    with writing(service.engine) as connection:
        if owner is not None:
            _owned_by(connection, id_, owner)
        query = update(_table).where(_table.c.id == id_)
        values = {"ended_at": instant(service.now()), "why_ended": why}
        ended = connection.execute(query.where(_table.c.ended_at.is_(None)).values(**values)).rowcount
        if not ended and owner is not None:
            connection.execute(query.values(why_ended=why))
        forget_secrets(connection, id_)
    catch_up(service, everywhere=True)


def all_subscriptions(service: Service, *, owner: str | None = None) -> list[Subscription]:
    """Every key's subscriptions, by owner and id, ended ones included: for the keeper; those of one key, if asked."""
    query = select(_table).order_by(_table.c.owner, _table.c.id)
    with reading(service.engine) as connection:
        rows = connection.execute(query if owner is None else query.where(_table.c.owner == owner))
        return list(map(subscription_from_row, rows))


def end_as_keeper(service: Service, id_: str) -> Subscription:
    """End any key's subscription. Raises NotFound, or Refused where it has ended."""
    with reading(service.engine) as connection:
        subscription = find_subscription(connection, id_)
    if subscription is None:
        raise NotFound(f"no subscription {id_!r} is known")
    if subscription.ended_at is not None:
        raise Refused(f"{id_} has ended: {subscription.why_ended}")
    end_subscription(service, id_, BY_THE_KEEPER)
    return subscription


def end_with_key(connection: Connection, owner: str, now: datetime) -> list[str]:
    """End the subscriptions of a key that is revoked, in the same transaction; returns their ids.

    What is planned for them is cancelled by the planner, once that is committed.
    """
    is_active = (_table.c.owner == owner) & _table.c.ended_at.is_(None)
    ids = list(connection.execute(select(_table.c.id).where(is_active).order_by(_table.c.id)).scalars())
    connection.execute(update(_table).where(is_active).values(ended_at=instant(now), why_ended=KEY_REVOKED))
    for id_ in ids:
        forget_secrets(connection, id_)
    return ids


def confirm_address(service: Service, id_: str, address: str) -> None:
    """Record that the reader of an address agreed to get mail; the messages that waited for that are due now."""
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


def requested(subscription: Subscription) -> dict[str, Any]:
    """The fields of the request that would make a subscription what it is."""
    after_s = subscription.escalate_after_s
    return {
        "jurisdictions": sorted(subscription.jurisdictions),
        "states": sorted(subscription.states),
        "all": subscription.everywhere,
        "kinds": [kind for kind in ("reminder", "entry", "correction") if kind in subscription.kinds],
        "channel": subscription.channel,
        **({"url": subscription.target} if subscription.channel == "webhook" else {}),
        **({"address": subscription.target} if subscription.channel == "email" else {}),
        "plan": list(subscription.plan),
        "hour": subscription.hour,
        "escalate_to": subscription.escalate_to,
        "escalate_after": None if after_s is None else dates.duration_text(after_s),
    }


def _columns(request: SubscriptionRequest) -> dict[str, Any]:
    lists = {name: sorted(getattr(request, name)) for name in ("jurisdictions", "states", "kinds", "plan")}
    return {
        "target": request.target,
        **{name: msgspec.json.encode(values).decode() for name, values in lists.items()},
        "everywhere": request.all,
        "hour": request.hour,
        "escalate_to": request.escalate_to,
        "escalate_after_s": request.escalate_after_s,
    }


def _not_ended_by_owner() -> ColumnElement[bool]:
    return or_(_table.c.ended_at.is_(None), _table.c.why_ended != BY_ITS_OWNER)


def _owned_by(connection: Connection, id_: str, owner: str) -> Subscription:
    query = select(_table).where(_table.c.id == id_, _table.c.owner == owner, _not_ended_by_owner())
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no subscription {id_!r} of yours is in use")
    return subscription_from_row(row)


def _in_use(connection: Connection, id_: str, owner: str) -> Subscription:
    subscription = _owned_by(connection, id_, owner)
    if subscription.ended_at is not None:
        raise Refused(f"{id_} has ended: {subscription.why_ended}")
    return subscription


def _check_channel(request: SubscriptionRequest, no_mail: str | None) -> None:
    if request.channel == "email" and no_mail is not None:
        message = f"this server sends no mail ({no_mail}): choose webhook or log, or ask whoever keeps it"
        raise Invalid(problems=[Problem("channel", request.channel, message)])


def _check_url(request: SubscriptionRequest, allowed: Collection[Network]) -> None:
    if request.url is not None:
        try:
            destination(request.url, allowed)
        except Unreachable as error:
            raise Invalid(problems=[Problem("url", request.url, str(error))]) from error


def _check_places(service: Service, request: SubscriptionRequest) -> None:
    with service.snapshot() as snapshot:
        for number, name in enumerate(request.jurisdictions):
            if find_place(snapshot, name) is None:
                raise Invalid(problems=[Problem(f"jurisdictions.{number}", name, "is not on record")])
        for number, state in enumerate(request.states):
            if state not in _STATES and state not in snapshot.cache.directory.states():
                message = "is no state of the United States, nor of any place on record"
                raise Invalid(problems=[Problem(f"states.{number}", state, message)])


def _check_escalation(connection: Connection, request: SubscriptionRequest, owner: str, id_: str) -> None:
    """Raises Invalid unless the chain of escalations runs through active subscriptions of the owner, and ends."""
    connection.execute(_LOCK)  # two changes at once could close a circle that neither of them sees
    following, passed = request.escalate_to, {id_}
    while following is not None:
        if following in passed:
            raise Invalid(
                problems=[Problem("escalate_to", request.escalate_to, "leads back to the subscription itself")]
            )
        passed.add(following)
        subscription = find_subscription(connection, following)
        is_usable = subscription is not None and subscription.owner == owner and subscription.ended_at is None
        if not is_usable and following == request.escalate_to:
            raise Invalid(
                problems=[Problem("escalate_to", request.escalate_to, "is no subscription of yours that is in use")]
            )
        following = subscription.escalate_to if subscription is not None and is_usable else None


def _enqueue_confirmation(service: Service, connection: Connection, request: SubscriptionRequest, id_: str) -> None:
    """Enqueue the mail that asks the reader of an address to agree to get mail; nothing for other channels."""
    if request.channel == "email":
        now = service.now()
        data = {"subscription": id_, "address": request.address}
        message = OutboxMessage(f"msg_{token_hex(16)}", id_, CONFIRMATION, instant(now), data)
        enqueue(connection, now, [message])
