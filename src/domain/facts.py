"""A fact: what the folds need of an act, worked out once from its fields by one exhaustive match.

A fact is immutable, as the event behind it is, so it may be kept for as long as memory allows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_never

from domain.dates import bounds
from domain.periods import NO_HOLIDAYS, LegalHolidays, Period, due_after
from domain.values import Circuit, CourtValue, Direction, Effect, Role, Scope

Kind = Literal[
    "inquiry", "report", "warning", "grant_threat", "finding", "document_demand", "condition_imposed",
    "condition_withdrawn", "funds_withheld", "funds_released", "list_published", "list_changed", "list_withdrawn",
    "order", "guidance", "statement", "press_report", "meeting", "hearing", "response", "policy_change", "agreement",
    "lawsuit_filed", "ruling", "case_closed", "deadline_extended", "deadline_withdrawn",
]  # fmt: skip
Stage = Literal[
    "none_known", "flagged", "warned", "preliminary_concern", "documents_demanded", "subpoenaed",
    "no_evidence_of_violation", "violation_found", "resolved_by_agreement", "dormant",
]  # fmt: skip
FundingMove = Literal["threatened", "condition_in_award", "condition_withdrawn", "withheld", "released"]
ListMove = Literal["published", "changed", "withdrawn"]
OrderKey = tuple[str, str, int, str]

OPEN = frozenset(("warned", "preliminary_concern", "documents_demanded", "subpoenaed"))
ASKS_NOTHING = frozenset(("flagged", "no_evidence_of_violation", "violation_found", "resolved_by_agreement", "dormant"))
ENDS_THREATS = frozenset(("no_evidence_of_violation", "resolved_by_agreement", "dormant"))

_FINDINGS: dict[str, Stage] = {
    "preliminary_concern": "preliminary_concern",
    "no_evidence": "no_evidence_of_violation",
    "violation": "violation_found",
}
_OPENING_A_REVIEW = frozenset(("warning", "finding", "document_demand"))
_CASES_AND_LISTS = frozenset(
    ("lawsuit_filed", "ruling", "case_closed", "list_published", "list_changed", "list_withdrawn")
)


@dataclass(frozen=True, slots=True)
class HoldingFact:
    """One holding: where a subject stands in a case after the act, and for whom."""

    case: str
    subject: str
    value: CourtValue
    scope: Scope
    states: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    until: str | None = None


class ClaimedDay(TypedDict):
    """What another source says of the day due. `source` has the fields that the entry gives of it."""

    value: Any
    source: Mapping[str, Any] | None
    note: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """An act as the folds see it. Days are ISO strings; `effect` and `occurrence` are the two orders of section 2."""

    id: str
    kind: Kind
    occurred: str
    earliest: str
    latest: str
    public_earliest: str
    public_latest: str
    effect: OrderKey
    occurrence: OrderKey
    jurisdictions: tuple[str, ...]
    review: str | None = None
    stage: Stage | None = None
    respond_by: bool = False
    compliance: bool = False
    due: str | None = None
    words: str | None = None
    period: Period | None = None
    words_source: Mapping[str, Any] | None = None
    claims: tuple[ClaimedDay, ...] = ()
    grants: tuple[str, ...] = ()
    funding: FundingMove | None = None
    answers: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    list: str | None = None
    listing: ListMove | None = None
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    ends_reviews: tuple[str, ...] = ()
    ends_lists: tuple[str, ...] = ()
    ends_subjects: tuple[str, ...] = ()
    demand: str | None = None
    extended_to: str | None = None
    policy: str | None = None
    policy_effect: Effect | None = None
    direction: Direction | None = None
    case: str | None = None
    circuit: Circuit | None = None
    roles: Mapping[str, Role] | None = None
    subjects: tuple[str, ...] = ()
    holdings: tuple[HoldingFact, ...] = ()

    def certainty(self, as_of: str | None, public_by: str | None) -> int:
        """2 where the act certainly counts on the clocks asked, 1 where it may, 0 where it does not."""
        level = 2
        if as_of is not None and self.latest > as_of:
            if self.earliest > as_of:
                return 0
            level = 1
        if public_by is not None and self.public_latest > public_by:
            if self.public_earliest > public_by:
                return 0
            level = 1
        return level


def review_of(kind: str, id_: str, named: str | None, *, demands: bool) -> str | None:
    """The review that an entry belongs to: the one it names, else one of its own under its id, where it opens one.

    A warning, a finding and a document demand open a review, and so does any entry with a `respond_by`.
    """
    if named is not None:
        return named
    return id_ if demands or kind in _OPENING_A_REVIEW else None


def reaches_unnamed_places(kind: str, jurisdictions: Collection[str], subjects: Collection[Any], *, ends: bool) -> bool:
    """Whether an act can bear on places that it does not name: section 4's rules for everyone.

    `ends`: whether it ends a review, a list or a subject in so many words; to withdraw a condition ends its subjects.
    Asked of plain values, since a rebuild knows these of a million entries and cannot afford a `Fact` of each.
    """
    return (
        ends or kind in _CASES_AND_LISTS or (kind == "condition_withdrawn" and (not jurisdictions or len(subjects) > 0))
    )


def fact_of(entry: Mapping[str, Any], holidays: LegalHolidays) -> Fact:
    """The fact that an entry's fields (the record file's, validated) amount to."""
    occurred = entry["occurred"]
    earliest, latest = bounds(occurred)
    public_earliest, public_latest = bounds(entry["public"]) if "public" in entry else (earliest, latest)
    sequence, id_ = entry.get("sequence", 0), entry["id"]
    jurisdictions = tuple(entry["jurisdictions"])
    more: dict[str, Any] = {}
    if (ask := entry.get("respond_by")) is not None:
        period = None if ask.get("days") is None else due_after(latest, ask["days"], holidays)
        sources = {source["id"]: source for source in entry["sources"]}
        more = {
            "respond_by": True,
            "compliance": ask.get("for") == "compliance",
            "due": _day(ask.get("date")) if period is None else period.due,
            "period": period,
            "words": ask.get("words"),
            "words_source": sources.get(ask.get("source")),
            "claims": tuple(
                {"value": claim["value"], "source": sources.get(claim["source"]), "note": claim.get("note")}
                for claim in entry.get("claims", ())
                if claim["field"].partition(".")[0] == "respond_by"
            ),
        }
    more.update(_of_kind(entry, id_))
    return Fact(
        id=id_,
        kind=entry["kind"],
        occurred=occurred,
        earliest=earliest,
        latest=latest,
        public_earliest=public_earliest,
        public_latest=public_latest,
        effect=(latest, earliest, sequence, id_),
        occurrence=(earliest, latest, sequence, id_),
        jurisdictions=jurisdictions,
        review=review_of(entry["kind"], id_, entry.get("review", {}).get("id"), demands=ask is not None),
        answers=tuple(entry.get("answers", ())),
        disputes=tuple(entry.get("disputes", ())),
        grants=tuple(entry.get("grants", ())),
        **more,
    )


def inert_fact_of(entry: Mapping[str, Any]) -> Fact:
    """What is left of an entry whose other fields cannot be read: an act of its day and places that moves nothing."""
    kept = ("id", "occurred", "public", "sequence", "jurisdictions")
    return fact_of({name: entry[name] for name in kept if name in entry} | {"kind": "statement"}, NO_HOLIDAYS)


def _of_kind(entry: Mapping[str, Any], id_: str) -> dict[str, Any]:
    """The fields of a fact that depend on the entry's kind: section 3's table, row by row."""
    kind: Kind = entry["kind"]
    match kind:
        case "warning":
            return {"stage": "warned", "funding": "threatened"}
        case "finding":
            outcome = entry["outcome"]
            funding = None if outcome == "no_evidence" else "threatened"
            return {"stage": _FINDINGS[outcome], "funding": funding}
        case "document_demand":
            stage = "subpoenaed" if entry.get("subpoena") == "issued" else "documents_demanded"
            return {"stage": stage, "funding": "threatened"}
        case "report":
            return {"stage": "flagged"} if "review" in entry else {}
        case "agreement":
            return {"stage": "resolved_by_agreement"} if "review" in entry else {}
        case "grant_threat":
            return {"funding": "threatened"}
        case "condition_imposed":
            return {"funding": "condition_in_award"}
        case "condition_withdrawn":
            return {"funding": "condition_withdrawn", "ends_subjects": _ids(entry, "subjects")}
        case "funds_withheld":
            return {"funding": "withheld"}
        case "funds_released":
            return {"funding": "released"}
        case "list_published":
            return {"list": entry["list"]["id"], "listing": "published"}
        case "list_changed":
            return {
                "list": entry["list"]["id"],
                "listing": "changed",
                "added": frozenset(entry.get("added", ())),
                "removed": frozenset(entry.get("removed", ())),
            }
        case "list_withdrawn":
            return {"list": entry["list"]["id"], "listing": "withdrawn"}
        case "order" | "guidance":
            return {field: tuple(entry.get(field, ())) for field in ("ends_reviews", "ends_lists", "ends_subjects")}
        case "policy_change":
            return {
                "policy": entry.get("policy", {"id": id_})["id"],
                "policy_effect": entry["effect"],
                "direction": entry.get("direction"),
            }
        case "lawsuit_filed":
            return _case(entry) | {"roles": entry.get("roles", {}), "subjects": _ids(entry, "subjects")}
        case "ruling" | "case_closed":
            return _case(entry) | {"holdings": tuple(_holdings(entry))}
        case "deadline_extended" | "deadline_withdrawn":
            return {"demand": entry["demand"], "extended_to": _day(entry.get("extended_to"))}
        case "inquiry" | "statement" | "press_report" | "meeting" | "hearing" | "response":
            return {}
        case _:
            assert_never(kind)


def _day(written: str | None) -> str | None:
    """A day as it is written; ValueError where it is none of the calendar's."""
    return None if written is None else bounds(written)[1]


def _ids(entry: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return tuple(item["id"] for item in entry.get(field, ()))


def _case(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": entry["case"]["id"], "circuit": entry["case"].get("circuit")}


def _holdings(entry: Mapping[str, Any]) -> list[HoldingFact]:
    return [
        HoldingFact(
            case=holding.get("case") or entry["case"]["id"],
            subject=holding["subject"],
            value=holding["value"],
            scope=holding["scope"],
            states=frozenset(holding.get("states", ())),
            named=frozenset(holding.get("jurisdictions", ())),
            until=_day(holding.get("until")),
        )
        for holding in entry.get("holdings", ())
    ]
