"""The kinds of act in the dispute, one event class each. The rest of the events are in `domain.events`.

An event holds business fields only: its stream, version, position, time and recorder are the log's envelope. The log
names a class by `TOPIC` and `VERSION`, never by its import path.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from domain.dates import Edtf, RecordedDay
from domain.values import (
    Actor,
    Case,
    Claim,
    Direction,
    Effect,
    Form,
    Holding,
    OneLine,
    Outcome,
    Quote,
    Reference,
    RespondBy,
    Role,
    Slug,
    Source,
    Subpoena,
    Text,
    Value,
)

Slugs = tuple[Slug, ...]


class Act(Value):
    """The fields common to every act in the dispute, as its record file has them."""

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1

    id: Slug
    kind: str
    occurred: Edtf
    public: Edtf | None = None
    sequence: Annotated[int, Field(ge=-1_000_000, le=1_000_000, strict=True)] = 0
    actor: Actor
    jurisdictions: Slugs
    summary: Text
    authority: tuple[OneLine, ...] = ()
    follows: Slugs = ()
    quotes: tuple[Quote, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    claims: tuple[Claim, ...] = ()
    confidence: Literal["high", "medium", "low"] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        sources = tuple(source.id for source in self.sources)
        for field, ids in (("jurisdictions", self.jurisdictions), ("sources", sources)):
            if len(set(ids)) != len(ids):
                repeated = next(id_ for id_ in ids if ids.count(id_) > 1)
                raise ValueError(f"{field} names {repeated!r} twice")
        return self

    def fields(self) -> dict[str, Any]:
        """The record file's fields without those left out; `jurisdictions` is required, [] being the whole country."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)


class Demanding(Act):
    """An act that may belong to a review and may ask for an answer."""

    review: Reference | None = None
    respond_by: RespondBy | None = None


class InquiryMade(Demanding):
    """Somebody asked a question."""

    TOPIC = "inquiry-made"
    kind: Literal["inquiry"]


class ReportIssued(Act):
    """A federal report named places."""

    TOPIC = "report-issued"
    kind: Literal["report"]
    review: Reference | None = None


class WarningIssued(Demanding):
    """A federal warning was sent."""

    TOPIC = "warning-issued"
    kind: Literal["warning"]
    grants: Slugs = ()


class GrantThreatened(Demanding):
    """Grant money was threatened."""

    TOPIC = "grant-threatened"
    kind: Literal["grant_threat"]
    grants: Slugs = ()


class FindingIssued(Demanding):
    """A review came to a finding, preliminary or final."""

    TOPIC = "finding-issued"
    kind: Literal["finding"]
    outcome: Outcome
    reservation: Text | None = None
    grants: Slugs = ()


class DocumentsDemanded(Demanding):
    """Documents were demanded, with or without a subpoena."""

    TOPIC = "documents-demanded"
    kind: Literal["document_demand"]
    subpoena: Subpoena | None = None
    grants: Slugs = ()


class ConditionImposed(Demanding):
    """A condition was put on an award."""

    TOPIC = "condition-imposed"
    kind: Literal["condition_imposed"]
    grants: Slugs = ()
    subjects: tuple[Reference, ...] = ()


class ConditionWithdrawn(Act):
    """A condition on an award was withdrawn."""

    TOPIC = "condition-withdrawn"
    kind: Literal["condition_withdrawn"]
    grants: Slugs = ()
    subjects: tuple[Reference, ...] = ()


class FundsWithheld(Act):
    """Grant money was withheld."""

    TOPIC = "funds-withheld"
    kind: Literal["funds_withheld"]
    grants: Slugs = ()


class FundsReleased(Act):
    """Grant money was released."""

    TOPIC = "funds-released"
    kind: Literal["funds_released"]
    grants: Slugs = ()


class ListPublished(Act):
    """A list of jurisdictions was posted."""

    TOPIC = "list-published"
    kind: Literal["list_published"]
    list: Reference


class ListChanged(Act):
    """A posted list gained or lost names."""

    TOPIC = "list-changed"
    kind: Literal["list_changed"]
    list: Reference
    added: Slugs = ()
    removed: Slugs = ()


class ListWithdrawn(Act):
    """A posted list was taken down."""

    TOPIC = "list-withdrawn"
    kind: Literal["list_withdrawn"]
    list: Reference


class Ending(Act):
    """An act of authority that may end reviews, lists and subjects."""

    subjects: tuple[Reference, ...] = ()
    revokes: Slugs = ()
    ends_reviews: Slugs = ()
    ends_lists: Slugs = ()
    ends_subjects: Slugs = ()


class OrderIssued(Ending):
    """An order was issued."""

    TOPIC = "order-issued"
    kind: Literal["order"]


class GuidanceIssued(Ending):
    """Guidance was issued."""

    TOPIC = "guidance-issued"
    kind: Literal["guidance"]


class StatementMade(Act):
    """Somebody said something in public."""

    TOPIC = "statement-made"
    kind: Literal["statement"]
    disputes: Slugs = ()


class PressReportPublished(Act):
    """The press reported."""

    TOPIC = "press-report-published"
    kind: Literal["press_report"]


class MeetingHeld(Act):
    """A meeting was held."""

    TOPIC = "meeting-held"
    kind: Literal["meeting"]


class HearingHeld(Act):
    """A hearing was held."""

    TOPIC = "hearing-held"
    kind: Literal["hearing"]


class ResponseReceived(Act):
    """A jurisdiction answered."""

    TOPIC = "response-received"
    kind: Literal["response"]
    form: Form | None = None
    answers: Slugs = ()
    disputes: Slugs = ()


class PolicyChanged(Act):
    """A jurisdiction adopted, amended, rescinded or reaffirmed a policy."""

    TOPIC = "policy-changed"
    kind: Literal["policy_change"]
    policy: Reference | None = None
    effect: Effect
    direction: Direction | None = None
    answers: Slugs = ()


class AgreementReached(Act):
    """Both sides agreed."""

    TOPIC = "agreement-reached"
    kind: Literal["agreement"]
    review: Reference | None = None
    answers: Slugs = ()


class LawsuitFiled(Act):
    """A complaint was filed, or parties joined a case."""

    TOPIC = "lawsuit-filed"
    kind: Literal["lawsuit_filed"]
    case: Case
    roles: dict[Slug, Role] = Field(default_factory=dict)
    subjects: tuple[Reference, ...] = ()
    answers: Slugs = ()


class CourtRuled(Act):
    """A court ruled."""

    TOPIC = "court-ruled"
    kind: Literal["ruling"]
    case: Case
    holdings: tuple[Holding, ...] = ()


class CaseClosed(Act):
    """A case ended."""

    TOPIC = "case-closed"
    kind: Literal["case_closed"]
    case: Case
    holdings: tuple[Holding, ...] = ()


class DeadlineExtended(Act):
    """A later day was given for a demand."""

    TOPIC = "deadline-extended"
    kind: Literal["deadline_extended"]
    demand: Slug
    extended_to: RecordedDay


class DeadlineWithdrawn(Act):
    """A demand was withdrawn for those whom the act names."""

    TOPIC = "deadline-withdrawn"
    kind: Literal["deadline_withdrawn"]
    demand: Slug


AnyAct = (
    InquiryMade | ReportIssued | WarningIssued | GrantThreatened | FindingIssued | DocumentsDemanded
    | ConditionImposed | ConditionWithdrawn | FundsWithheld | FundsReleased | ListPublished | ListChanged
    | ListWithdrawn | OrderIssued | GuidanceIssued | StatementMade | PressReportPublished | MeetingHeld
    | HearingHeld | ResponseReceived | PolicyChanged | AgreementReached | LawsuitFiled | CourtRuled | CaseClosed
    | DeadlineExtended | DeadlineWithdrawn
)  # fmt: skip
Entry = Annotated[AnyAct, Field(discriminator="kind")]
