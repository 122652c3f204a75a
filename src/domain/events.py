"""The closed union of domain events: the kinds of act, and what may happen to an entry or a place later."""

from functools import cache
from typing import ClassVar, get_args

from pydantic import JsonValue, TypeAdapter

from domain.acts import Act, AnyAct, Entry
from domain.jurisdictions import Jurisdiction
from domain.reminders import ReminderEvent
from domain.values import CorrectionSource, OneLine, Slug, Text, Value


class OnEntry(Value):
    """What happens to an entry after it was recorded."""

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    entry: Slug


class EntryCorrected(OnEntry):
    """Fields of an entry got new values (null: the field was removed)."""

    TOPIC = "entry-corrected"
    fields: dict[str, JsonValue]
    reason: Text
    source: CorrectionSource | None = None


class EntryDisputed(OnEntry):
    """Somebody disputes what an entry says."""

    TOPIC = "entry-disputed"
    by: OneLine
    what: Text
    source: CorrectionSource | None = None


class EntryRetracted(OnEntry):
    """An entry no longer counts."""

    TOPIC = "entry-retracted"
    reason: Text


class EntryReinstated(OnEntry):
    """A retracted entry counts again."""

    TOPIC = "entry-reinstated"
    reason: Text


class JurisdictionAdded(Jurisdiction):
    """A place or agency came into the record."""

    TOPIC: ClassVar[str] = "jurisdiction-added"
    VERSION: ClassVar[int] = 1


class JurisdictionUpdated(Value):
    """Name, ids, time zone or `speaks_for` of a place changed (null: the field was removed)."""

    TOPIC: ClassVar[str] = "jurisdiction-updated"
    VERSION: ClassVar[int] = 1
    jurisdiction: Slug
    fields: dict[str, JsonValue]


class SigningKeyReplaced(Value):
    """The log signs with another key from here on. Both are verifier keys, as `GET /log/key` has them."""

    TOPIC: ClassVar[str] = "signing-key-replaced"
    VERSION: ClassVar[int] = 1
    before: OneLine
    after: OneLine
    reason: Text


LaterEvent = EntryCorrected | EntryDisputed | EntryRetracted | EntryReinstated
PlaceEvent = JurisdictionAdded | JurisdictionUpdated
Event = AnyAct | LaterEvent | PlaceEvent | ReminderEvent | SigningKeyReplaced

ACT_CLASSES: dict[str, type[Act]] = {get_args(cls.model_fields["kind"].annotation)[0]: cls for cls in get_args(AnyAct)}
EVENT_CLASSES: dict[str, type[Event]] = {cls.TOPIC: cls for cls in get_args(Event)}


@cache
def entry_adapter() -> TypeAdapter[AnyAct]:
    """The validator of the union of acts, made once: pydantic takes some 50 ms to build it."""
    return TypeAdapter(Entry)
