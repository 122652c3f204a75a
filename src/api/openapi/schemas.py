"""The shapes of answers, for the documentation: answers are made elsewhere, and the tests hold them to these.

Each may come to show more; nothing here is renamed or dropped.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.acts import Act
from domain.dates import Day, Edtf
from domain.entries import Standing
from domain.facts import Kind, Stage
from domain.jurisdictions import Jurisdiction, TimeZone
from domain.values import CourtValue, Direction, Slug, Source

Position = Annotated[int, Field(description="The last log position that the answer rests on.", examples=[1373])]
Next = Annotated[str | None, Field(description="The cursor of the next page, or null on the last.")]
Instant = Annotated[str, Field(examples=["2026-11-24T17:00:00.000000Z"])]


Track = Literal["stage", "response", "listing", "funding", "court", "policies"]


class Shape(BaseModel):
    """What an answer has at least."""

    model_config = ConfigDict(extra="allow")


class FieldError(Shape):
    """One field or parameter at fault, by its dotted path."""

    field: str
    value: Any
    message: str
    row: int | None = Field(None, description="Of a batch: the line, the item, or the row as a spreadsheet counts.")


class ProblemShown(Shape):
    """Why a request was not answered: RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    errors_total: int | None = Field(None, description="How many there are; at most a hundred are listed.")


class Revised(Shape):
    """The event that made the version shown."""

    position: int
    recorded_at: Instant
    recorder: str


class EntryLog(Shape):
    """Where an entry lies in the log: its first event, and the latest."""

    position: int
    recorded_at: Instant
    recorder: str
    version: int
    revised: Revised


class EntryShown(Act):
    """An entry: the record file's fields, those of its kind with them, absent ones left out."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: Kind
    certain: bool = Field(description="Whether it certainly counts on the clocks asked, or only may.")
    standing: Standing
    log: EntryLog


class Timeline(Shape):
    """A page of entries, in order of occurrence or of relevance."""

    entries: list[EntryShown]
    next: Next
    position: Position
    facets: dict[Literal["kind", "jurisdiction", "party", "year"], dict[str, int]] | None = Field(
        None, description="Where asked for: how many entries there are on all pages, by facet and value."
    )


class Item(Shape):
    """A value, since when (as the causing entry has its date), and the entry that caused it."""

    value: str
    since: Edtf | None
    entry: Slug | None


class Difference(Shape):
    """A field (or the standing) that a version changed; null where it is left out."""

    field: str
    before: Any
    after: Any


class VersionShown(Shape):
    """A version of an entry: the event that made it, and what it changed."""

    version: int
    event: str
    position: int
    recorded_at: Instant
    recorder: str
    reason: str | None
    source: dict[str, Any] | None
    standing: Standing
    changes: list[Difference]


class EntryHistory(Shape):
    """Every version of an entry, oldest first."""

    entry: Slug
    versions: list[VersionShown]
    position: Position


class TransitionShown(Shape):
    """A change of an item's value or entry; `on` is the first day on which the status says so."""

    jurisdiction: Slug
    track: Track
    key: str
    from_: str | None = Field(alias="from")
    to: str | None
    on: Day
    since: Edtf | None
    entry: Slug | None
    sources: list[Source]


class StatusHistory(Shape):
    """A page of transitions, in order of day."""

    transitions: list[TransitionShown]
    next: Next
    position: Position


class Cause(Shape):
    """An event that made a difference."""

    position: int
    event: str
    entry: Slug | None
    reason: str | None


class Days(Shape):
    """The first and the last day of a stretch; null: to this day."""

    from_: Day = Field(alias="from")
    to: Day | None


class AccountChange(Shape):
    """Days about which one account says something else than the other. Null: no such item."""

    jurisdiction: Slug
    track: Track
    key: str
    days: Days
    before: Item | None
    after: Item | None
    first_recorded: bool
    because: list[Cause]


class EntryChanged(Shape):
    """An entry that says something else, field by field."""

    entry: Slug
    fields: dict[str, Any]
    because: list[Cause]


class AccountChanges(Shape):
    """What changed in the account between two positions of the log."""

    entries: list[EntryChanged]
    changes: list[AccountChange]
    next: Next
    position: Position


class PlaceLog(Shape):
    """Where the version shown of a jurisdiction lies in the log."""

    position: int
    recorded_at: Instant
    recorder: str
    version: int


class JurisdictionShown(Jurisdiction):
    """A place or agency of the record."""

    model_config = ConfigDict(frozen=True, extra="allow")
    log: PlaceLog


class Jurisdictions(Shape):
    """A page of places and agencies, by slug."""

    jurisdictions: list[JurisdictionShown]
    next: Next
    position: Position


class StageShown(Item):
    """Where a review stands."""

    value: Stage


class ResponseShown(Item):
    """What became of a review's current demand."""

    value: Literal["none_demanded", "responded", "no_response_known", "due"]
    demand: Slug | None
    due: Day | None


class ReviewShown(Shape):
    """One federal inquiry into the place. `possibly`: stage and response of all that may count, where they differ."""

    review: Slug
    stage: StageShown
    response: ResponseShown
    possibly: dict[Literal["stage", "response"], str]


class Listed(Item):
    """A list of jurisdictions, and whether the place stands on it."""

    list: Slug
    value: Literal["listed", "listed_disputed", "removed", "list_taken_down", "dormant", "not_listed"]
    possibly: str | None = None


class Funded(Item):
    """A grant, and what was said or done about it."""

    grant: Slug
    value: Literal[
        "threatened", "condition_in_award", "condition_withdrawn", "threat_ended", "withheld", "released", "none_known"
    ]
    possibly: str | None = None


class CourtLine(Item):
    """Where a subject stands in a case, for the place."""

    case: Slug
    subject: Slug
    role: Literal["plaintiff", "defendant", "covered_non_party"] | None
    value: CourtValue | Literal["moot", "none_known"]
    possibly: str | None = None


class PolicyShown(Item):
    """A local policy, and which way it points."""

    policy: Slug
    value: Literal["in_force", "amended", "rescinded", "none_known"]
    direction: Direction | None
    possibly: str | None = None


class Status(Shape):
    """Where a place stands: five tracks, never one word."""

    jurisdiction: Slug
    as_of: Day
    public_by: Day | None
    reviews: list[ReviewShown]
    listing: list[Listed]
    funding: list[Funded]
    court: list[CourtLine]
    policies: list[PolicyShown]
    position: Position


class Computed(Shape):
    """How a period came to a day, by Fed. R. Civ. P. 6(a)."""

    from_: Day = Field(alias="from")
    days: int
    steps: list[str]


class ClaimedDay(Shape):
    """What another source says of the day, as the entry keeps it."""

    value: Any
    source: Source | None
    note: str | None


class DeadlineShown(Shape):
    """One dated demand of one addressee, and what became of it."""

    demand: Slug
    addressee: Slug
    due: Day = Field(description="Due means the end of that day in `time_zone`.")
    original_due: Day
    words: str | None
    source: Source | None = Field(description="The document that has the words.")
    computed: Computed | None = Field(description="How `original_due` was computed, where it was a period.")
    claims: list[ClaimedDay] = Field(description="Sources that differ about the day. Reminders run on the earliest.")
    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"]
    late: bool
    answer: Slug | None
    for_: Literal["answer", "compliance"] = Field(alias="for")
    time_zone: TimeZone
    review: Slug | None
    extended_by: Slug | None
    withdrawn_by: Slug | None


class Deadlines(Shape):
    """A page of deadlines, in order of day due, demand and addressee."""

    deadlines: list[DeadlineShown]
    next: Next
    position: Position
