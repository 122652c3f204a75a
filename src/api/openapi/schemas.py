"""The shapes of answers, for the OpenAPI document; the tests hold the answers to them.

Those of the domain follow from `domain.answers`; the others are written here. A class's name and docstring are those
of its schema. Each may come to show more; nothing here is renamed or dropped.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NotRequired, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from domain import answers, facts
from domain.acts import Act
from domain.answers import Position
from domain.decisions import Standing
from domain.facts import Kind
from domain.jurisdictions import Jurisdiction
from domain.values import Slug, Source

Next = Annotated[str | None, Field(description="The cursor of the next page, or null on the last.")]
Instant = Annotated[str, Field(examples=["2026-11-24T17:00:00.000000Z"])]


class Shape(BaseModel):
    """What an answer has at least."""

    model_config = ConfigDict(extra="allow")


ShapeT = TypeVar("ShapeT", bound=Shape)
_SHAPES: dict[str, type[Shape]] = {}
"""By the name of the answer that each is the shape of."""


def shape_of(answer: type) -> Callable[[type[ShapeT]], type[ShapeT]]:
    """Gives a shape the fields of an answer of the domain, in the answer's order.

    A field that the shape declares itself keeps the shape's type. One that the answer may leave out is documented as
    nullable, too: clients generated from earlier documents expect that.
    """

    def with_fields(shape: type[ShapeT]) -> type[ShapeT]:
        fields: dict[str, Any] = {}
        # Annotations are text: an answer within an answer becomes its shape, because that is what its name means here.
        for name, hint in get_type_hints(answer, localns=_SHAPES, include_extras=True).items():
            if name in shape.model_fields:
                fields[name] = (shape.model_fields[name].annotation, shape.model_fields[name])
            elif get_origin(hint) is NotRequired:
                fields[name] = (get_args(hint)[0] | None, None)
            else:
                fields[name] = (hint, ...)
        model = create_model(
            shape.__name__, __base__=Shape, __module__=shape.__module__, __doc__=shape.__doc__, **fields
        )
        _SHAPES[answer.__name__] = model
        return cast("type[ShapeT]", model)

    return with_fields


for _answer, _name, _doc in (
    (answers.Item, "Item", "A value, since when (as the causing entry has its date), and the entry that caused it."),
    (answers.Cause, "Cause", "An event that made a difference."),
    (answers.Days, "Days", "The first and the last day of a stretch; null: to this day."),
    (answers.StageItem, "StageShown", "Where a review stands."),
    (answers.ResponseItem, "ResponseShown", "What became of a review's current demand."),
    (
        answers.ReviewStatus,
        "ReviewShown",
        "One federal inquiry into the place. `possibly`: stage and response of all that may count, where they differ.",
    ),
    (answers.ListingItem, "Listed", "A list of jurisdictions, and whether the place stands on it."),
    (answers.FundingItem, "Funded", "A grant, and what was said or done about it."),
    (answers.CourtLine, "CourtLine", "Where a subject stands in a case, for the place."),
    (answers.PolicyItem, "PolicyShown", "A local policy, and which way it points."),
    (answers.PeriodHolidays, "PeriodHolidays", "The lists of legal holidays that were asked, each with its version."),
    (answers.PeriodSteps, "Computed", "How a period came to a day, by Fed. R. Civ. P. 6(a)."),
):
    shape_of(_answer)(create_model(_name, __base__=Shape, __module__=__name__, __doc__=_doc))


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
    errors_total: int | None = Field(None, description="How many were found; at most a hundred are listed.")


class Revised(Shape):
    """The event that made the version shown."""

    position: int
    recorded_at: Instant
    recorder: str


class PlaceLog(Shape):
    """Where the version shown of a jurisdiction lies in the log."""

    position: int
    recorded_at: Instant
    recorder: str
    version: int


class EntryLog(PlaceLog):
    """Where an entry lies in the log: its first event, and the latest."""

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


@shape_of(answers.StatusTransition)
class TransitionShown(Shape):
    """A change of an item's value or entry; `on` is the first day on which the status says so."""

    sources: list[Source]


class StatusHistory(Shape):
    """A page of transitions, in order of day."""

    transitions: list[TransitionShown]
    next: Next
    position: Position


@shape_of(answers.AccountChange)
class AccountChange(Shape):
    """Days about which one account says something else than the other. Null: no such item."""


@shape_of(answers.EntryChange)
class EntryChanged(Shape):
    """An entry that says something else, field by field."""


class AccountChanges(Shape):
    """What changed in the account between two positions of the log."""

    entries: list[EntryChanged]
    changes: list[AccountChange]
    next: Next
    position: Position


class JurisdictionShown(Jurisdiction):
    """A place or agency of the record."""

    model_config = ConfigDict(frozen=True, extra="allow")
    log: PlaceLog


class Jurisdictions(Shape):
    """A page of places and agencies, by slug."""

    jurisdictions: list[JurisdictionShown]
    next: Next
    position: Position


@shape_of(answers.PlaceStatus)
class Status(Shape):
    """Where a place stands: five tracks, never one word."""


@shape_of(facts.ClaimedDay)
class ClaimedDay(Shape):
    """What another source says of the day, as the entry keeps it."""

    source: Source | None


@shape_of(answers.Deadline)
class DeadlineShown(Shape):
    """One dated demand of one addressee, and what became of it."""

    source: Source | None = Field(description="The document that has the words.")


class Deadlines(Shape):
    """A page of deadlines, in order of day due, demand and addressee."""

    deadlines: list[DeadlineShown]
    next: Next
    position: Position
