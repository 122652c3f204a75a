"""The parts that some kinds of act carry: reviews, subjects, lists, policies, cases, holdings and what is asked for."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from domain.dates import Edtf, RecordedDay
from domain.legibility import legible_json, legible_line, legible_text
from domain.web_addresses import web_address

SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
Slug = Annotated[
    str,
    StringConstraints(pattern=SLUG, max_length=160),
    Field(description="lower-case letters and digits, joined by hyphens"),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(legible_text)]
OneLine = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(legible_line)]
WebAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(legible_line),
    AfterValidator(web_address),
]

Rank = Literal["primary", "secondary"]
Party = Literal["federal", "jurisdiction", "court", "press", "other"]


class Value(BaseModel):
    """An immutable value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Value):
    """A document that an entry rests on; `id` (s1, s2, ...) is local to the entry."""

    id: Slug
    title: OneLine
    publisher: OneLine | None = None
    url: WebAddress | None = None
    date: Edtf | None = None
    rank: Rank


class CorrectionSource(Value):
    """The document that a correction or a dispute rests on, kept apart from the entry's own."""

    id: Slug | None = None
    title: OneLine
    publisher: OneLine | None = None
    url: WebAddress | None = None
    date: Edtf | None = None
    rank: Rank


class Quote(Value):
    """Words taken verbatim from a source of the entry."""

    text: Text
    speaker: OneLine | None = None
    source: Slug


class Claim(Value):
    """A source's version of a field where sources differ, kept beside the one that the entry uses."""

    field: OneLine
    value: Annotated[JsonValue, AfterValidator(legible_json)]
    source: Slug
    note: Text | None = None


class Actor(Value):
    """Who acted: an office, a named person where the sources name one, and whose side it is."""

    name: OneLine | None = None
    office: OneLine | None = None
    party: Party


Outcome = Literal["preliminary_concern", "no_evidence", "violation"]
Subpoena = Literal["none", "threatened", "issued"]
Form = Literal["letter", "oral", "other"]
Effect = Literal["adopted", "amended", "rescinded", "reaffirmed"]
Direction = Literal["limits", "requires"]
Role = Literal["plaintiff", "defendant"]
Circuit = Annotated[int, Field(ge=1, le=11, strict=True)] | Literal["dc"]
CourtValue = Literal["challenged", "enjoined", "enjoined_stayed", "upheld", "vacated", "dismissed"]
Scope = Literal["nationwide", "parties", "circuit", "states", "named"]


class RespondBy(Value):
    """What makes an entry a demand: the day, the period, or neither, in the words of the source."""

    date: RecordedDay | None = None
    days: Annotated[int, Field(ge=-3660, le=3660, strict=True, json_schema_extra={"minimum": 1})] | None = None
    words: Text | None = None
    source: Slug | None = None
    for_: Annotated[Literal["answer", "compliance"] | None, Field(alias="for")] = None

    @model_validator(mode="after")
    def _a_day_or_a_period(self) -> Self:
        if self.date is not None and self.days is not None:
            raise ValueError("give date or days, not both")
        return self


class Reference(Value):
    """A review, subject, list or policy: with its title where it first appears, by id alone afterwards."""

    id: Slug
    title: OneLine | None = None


class Case(Value):
    """A lawsuit: with caption, court and docket where it first appears, by id alone afterwards."""

    id: Slug
    caption: OneLine | None = None
    court: OneLine | None = None
    docket: Annotated[OneLine, StringConstraints(max_length=200)] | None = None
    circuit: Circuit | None = None


State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["LA"])]


class Holding(Value):
    """Where a subject stands in its case after the act, and for whom."""

    subject: Slug
    value: CourtValue
    scope: Scope
    states: tuple[State, ...] = ()
    jurisdictions: tuple[Slug, ...] = ()
    until: RecordedDay | None = None
    note: Text | None = None
    case: Slug | None = None

    @model_validator(mode="after")
    def _scope_says_where(self) -> Self:
        if bool(self.states) != (self.scope == "states"):
            raise ValueError("states go with scope: states, and only with it")
        if bool(self.jurisdictions) != (self.scope == "named"):
            raise ValueError("jurisdictions go with scope: named, and only with it")
        return self
