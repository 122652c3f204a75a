"""A subscription, and the request that makes one: its fields, their limits, and errors that name the field at fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, ValidationError, model_validator
from sqlalchemy import Connection, Row, select

from application.reminders.tables import subscriptions_table as _table
from domain import dates
from domain.errors import Invalid, Problem
from domain.jurisdictions import Place
from domain.refusals import problems_of
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN, OpaqueId
from domain.values import Slug, State, Value

DEFAULT_ESCALATE_AFTER = "PT24H"
_SHORTEST_S, _LONGEST_S = 60, 30 * 86_400
# Far fewer characters than RFC 5322 allows: quoting and comments are how headers are smuggled into a mail.
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_ADDRESS = 254


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    repeated = next((value for value in values if values.count(value) > 1), None)
    if repeated is not None:
        raise ValueError(f"{repeated!r} is given twice")
    return values


def _escalation_delay(written: str) -> str:
    if not _SHORTEST_S <= dates.duration_seconds(written) <= _LONGEST_S:
        raise ValueError("is between a minute and 30 days long")
    return written


def _mailbox(written: str) -> str:
    mailbox, _, domain = written.partition("@")
    plain = all(map(_MAILBOX.fullmatch, mailbox.split("."))) and all(map(_LABEL.fullmatch, domain.split(".")))
    if not plain or len(written) > _LONGEST_ADDRESS:
        raise ValueError("is no plain e-mail address such as attorney@example.org")
    return written


T = TypeVar("T")
Distinct = Annotated[tuple[T, ...], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})]


class SubscriptionRequest(Value):
    """What somebody wants to hear of, and how."""

    jurisdictions: Annotated[
        Distinct[Slug],
        Field(max_length=1000, description="Places, each with its agencies.", examples=[["new-orleans-la"]]),
    ] = ()
    states: Annotated[Distinct[State], Field(max_length=100, description="All places of these states.")] = ()
    all: Annotated[StrictBool, Field(description="Every place.")] = False
    kinds: Annotated[
        Distinct[Literal["reminder", "entry", "correction"]],
        Field(min_length=1, description="Reminders of deadlines; new entries; what befalls entries on record."),
    ] = ("reminder",)
    channel: Literal["webhook", "email", "log"]
    url: Annotated[
        str | None,
        StringConstraints(max_length=2000),
        Field(
            description="Of a webhook: https, at a public address.", examples=["https://example.org/hooks/reminders"]
        ),
    ] = None
    address: Annotated[Annotated[str, AfterValidator(_mailbox)] | None, Field(description="Of e-mail.")] = None
    plan: Annotated[
        Distinct[Annotated[StrictInt, Field(ge=-365, le=30)]],
        Field(min_length=1, description="Days from the day due on which to be reminded; below zero: before it."),
    ] = DEFAULT_PLAN
    hour: Annotated[
        str,
        StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"),
        Field(description="When, in the time zone of the jurisdiction."),
    ] = DEFAULT_HOUR
    escalate_to: Annotated[
        OpaqueId | None, Field(description="The subscription that gets what nobody acknowledged in time.")
    ] = None
    escalate_after: Annotated[
        Annotated[str, AfterValidator(_escalation_delay)] | None,
        Field(description="After how long: an ISO 8601 duration. Left out: PT24H.", examples=["PT24H"]),
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> SubscriptionRequest:
        if not (self.jurisdictions or self.states or self.all):
            raise ValueError("says no place: `jurisdictions`, `states` or `all` is needed")
        if (self.url is not None) != (self.channel == "webhook"):
            raise ValueError("a webhook, and nothing else, has a `url`")
        if (self.address is not None) != (self.channel == "email"):
            raise ValueError("e-mail, and nothing else, has an `address`")
        if self.escalate_after is not None and self.escalate_to is None:
            raise ValueError("`escalate_after` is given without `escalate_to`")
        return self

    @property
    def target(self) -> str | None:
        return self.url if self.channel == "webhook" else self.address

    @property
    def escalate_after_s(self) -> int | None:
        """How long to wait for an acknowledgement; None without an escalation."""
        if self.escalate_to is None:
            return None
        return dates.duration_seconds(self.escalate_after or DEFAULT_ESCALATE_AFTER)


def parse_subscription(fields: Mapping[str, Any]) -> SubscriptionRequest:
    """Validate the fields of a request. Raises Invalid, naming each field at fault."""
    try:
        return SubscriptionRequest.model_validate(dict(fields))
    except ValidationError as error:
        problems = [_with_field(problem) for problem in problems_of(error, SubscriptionRequest)]
        raise Invalid(problems=problems) from error


def _with_field(problem: Problem) -> Problem:
    """A problem of the request as a whole, ascribed to the first field that its message names."""
    field = re.search("`([a-z_]+)`", problem.message)
    if problem.field != "(the whole)" or field is None:
        return problem
    value = problem.value.get(field[1]) if isinstance(problem.value, dict) else None
    return Problem(field[1], value, problem.message)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A row of the subscriptions table. `target` is a URL or an e-mail address; None for the log."""

    id: str
    owner: str
    channel: str
    target: str | None
    jurisdictions: frozenset[str]
    states: frozenset[str]
    everywhere: bool
    kinds: frozenset[str]
    plan: tuple[int, ...]
    hour: str
    escalate_to: str | None
    escalate_after_s: int | None
    created_at: str
    confirmed_at: str | None
    ended_at: str | None
    why_ended: str | None = None

    def covers(self, place: Place) -> bool:
        """Whether it includes a place: by name, by state, through the state that the place speaks for, or as all."""
        return (
            self.everywhere
            or place.state in self.states
            or place.id in self.jurisdictions
            or place.speaks_for in self.jurisdictions
        )


def active_subscriptions(connection: Connection) -> list[Subscription]:
    rows = connection.execute(select(_table).where(_table.c.ended_at.is_(None)).order_by(_table.c.id))
    return list(map(subscription_from_row, rows))


def find_subscription(connection: Connection, id_: str | None) -> Subscription | None:
    """A subscription, also one that has ended; None where there is none of that id."""
    row = connection.execute(select(_table).where(_table.c.id == id_)).one_or_none()
    return None if row is None else subscription_from_row(row)


def subscription_from_row(row: Row[Any]) -> Subscription:
    sets = {name: frozenset(msgspec.json.decode(getattr(row, name))) for name in ("jurisdictions", "states", "kinds")}
    return Subscription(**row._asdict() | sets | {"plan": tuple(msgspec.json.decode(row.plan))})
