"""The shapes of what the folds return: plain dicts at run time, types for mypy, schemas for the OpenAPI document.

`api.openapi.schemas` makes its schemas from these classes, so the document follows from them. Every item begins with
`value`, `since` and `entry`: a TypedDict cannot narrow a field that it inherits, so each class states all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict, get_args

from pydantic import Field

from domain.dates import Day, Edtf
from domain.facts import ClaimedDay, Stage
from domain.jurisdictions import TimeZone
from domain.values import CourtValue, Direction, Slug

Track = Literal["stage", "response", "listing", "funding", "court", "policies"]
TRACKS: tuple[Track, ...] = get_args(Track)
"""In the order in which answers list them."""
ItemKey = tuple[Track, str]
"""A track, and the item's key in it: a review, list, grant, "case subject" or policy."""
Position = Annotated[int, Field(description="The last log position that the answer rests on.", examples=[1373])]


class Item(TypedDict):
    """What the items of all tracks have in common: what an account keeps of each."""

    value: str
    since: Edtf | None
    entry: Slug | None


class StageItem(TypedDict):
    """The stage of a review."""

    value: Stage
    since: Edtf | None
    entry: Slug | None


class ResponseItem(TypedDict):
    """What became of a review's current demand."""

    value: Literal["none_demanded", "responded", "no_response_known", "due"]
    since: Edtf | None
    entry: Slug | None
    demand: Slug | None
    due: Day | None


class ReviewItems(TypedDict):
    """Both items of a review, as the fold returns them."""

    stage: StageItem
    response: ResponseItem


class ReviewStatus(TypedDict):
    """A review in a status. `possibly` has the values of all that may count, where they differ."""

    review: Slug
    stage: StageItem
    response: ResponseItem
    possibly: dict[Literal["stage", "response"], str]


ListingValue = Literal["listed", "listed_disputed", "removed", "list_taken_down", "dormant", "not_listed"]


class ListingItem(TypedDict):
    """A list, and whether the place is on it. `possibly` as in a review, left out where it is the same."""

    value: ListingValue
    since: Edtf | None
    entry: Slug | None
    list: Slug
    possibly: NotRequired[str]


class FundingItem(TypedDict):
    """A grant, and what was last said or done about it."""

    value: Literal[
        "threatened", "condition_in_award", "condition_withdrawn", "threat_ended", "withheld", "released", "none_known"
    ]
    since: Edtf | None
    entry: Slug | None
    grant: Slug
    possibly: NotRequired[str]


CourtLineValue = CourtValue | Literal["moot", "none_known"]
CourtRole = Literal["plaintiff", "defendant", "covered_non_party"]


class CourtLine(TypedDict):
    """A subject in a case, and what it is for the place."""

    value: CourtLineValue
    since: Edtf | None
    entry: Slug | None
    case: Slug
    subject: Slug
    role: CourtRole | None
    possibly: NotRequired[str]


class PolicyItem(TypedDict):
    """A local policy."""

    value: Literal["in_force", "amended", "rescinded", "none_known"]
    since: Edtf | None
    entry: Slug | None
    policy: Slug
    direction: Direction | None
    possibly: NotRequired[str]


AnyItem = StageItem | ResponseItem | ListingItem | FundingItem | CourtLine | PolicyItem


class FoldedTracks(TypedDict):
    """Four tracks, each item by its key. The court track is folded by itself: its acts are looked up by case."""

    reviews: dict[str, ReviewItems]
    listing: dict[str, ListingItem]
    funding: dict[str, FundingItem]
    policies: dict[str, PolicyItem]


class Status(TypedDict):
    """Where a place stands on the clocks asked."""

    jurisdiction: Slug
    as_of: Day
    public_by: Day | None
    reviews: list[ReviewStatus]
    listing: list[ListingItem]
    funding: list[FundingItem]
    court: list[CourtLine]
    policies: list[PolicyItem]


class PlaceStatus(Status):
    """A status with the log position that it rests on."""

    position: Position


# A class cannot have a field called `for` or `from`, so the dicts that have one are written as calls. Annotations that
# name another class are text there, as they are in a class.


class PeriodHolidays(TypedDict):
    """The lists of legal holidays by which a period was computed, each with its version."""

    federal: str
    state: Annotated[str | None, Field(description="Where a state's own holidays were asked for.")]
    not_counted: Annotated[str, Field(description="Which days are in no list, and why.")]


PeriodSteps = TypedDict(
    "PeriodSteps", {"from": Day, "days": int, "steps": tuple[str, ...], "holidays": "PeriodHolidays"}
)
"""How a period came to a day."""


DeadlineState = Literal["open", "answered", "lapsed", "moot", "withdrawn"]
Deadline = TypedDict(
    "Deadline",
    {
        "demand": Slug,
        "addressee": Slug,
        "due": Annotated[Day, Field(description="Due means the end of that day in `time_zone`.")],
        "original_due": Day,
        "words": str | None,
        "source": Mapping[str, Any] | None,
        "computed": Annotated[
            "PeriodSteps | None", Field(description="How `original_due` was computed, where it was a period.")
        ],
        "claims": Annotated[
            "tuple[ClaimedDay, ...]",
            Field(description="Sources that differ about the day. Reminders run on the earliest."),
        ],
        "state": DeadlineState,
        "late": bool,
        "answer": Slug | None,
        "for": Literal["answer", "compliance"],
        "time_zone": TimeZone,
        "review": Slug | None,
        "extended_by": Slug | None,
        "withdrawn_by": Slug | None,
    },
)
"""One dated demand of one addressee. `source` is the document that has the words."""

StatusTransition = TypedDict(
    "StatusTransition",
    {
        "jurisdiction": Slug,
        "track": Track,
        "key": str,
        "from": str | None,
        "to": str | None,
        "on": Day,
        "since": Edtf | None,
        "entry": Slug | None,
        "sources": list[Mapping[str, Any]],
    },
)
"""A change of an item's value or entry, with the sources of the entry."""

Days = TypedDict("Days", {"from": Day, "to": Day | None})
"""The first and the last day; None: to this day."""


class Cause(TypedDict):
    """An event that made a difference."""

    position: int
    event: str
    entry: Slug | None
    reason: str | None


class AccountChange(TypedDict):
    """Days on which an account of a place says something else than another account, and the events behind that."""

    jurisdiction: Slug
    track: Track
    key: str
    days: Days
    before: Item | None
    after: Item | None
    first_recorded: bool
    because: list[Cause]


class EntryChange(TypedDict):
    """An entry that says something else: each field that differs, with `before` and `after`."""

    entry: Slug
    fields: dict[str, Any]
    because: list[Cause]
