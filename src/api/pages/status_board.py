"""A status answer as a board: five tracks, and each item's value with its label, its date and its cause."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.pages.labels import ROLES, TRACK_LABELS, Label, label_of, possible_label
from api.pages.names import Names
from domain.answers import AnyItem, CourtLine, FundingItem, ListingItem, PolicyItem, ReviewStatus, Status

_DIRECTIONS = {"limits": "limits help with immigration enforcement", "requires": "requires such help"}


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A value of an item, and what stands beside it."""

    label: Label
    since: str | None
    entry: str | None
    possibly: str | None = None
    """What it may be instead, as a sentence."""
    due: str | None = None
    demand: str | None = None
    remark: str | None = None
    subject: str | None = None
    summarized: str | None = None
    """The entry whose summary is shown with the line."""


@dataclass(frozen=True, slots=True)
class BoardItem:
    """An item of a track: its name and its lines (a review has two, a case one for each subject)."""

    name: str
    lines: list[BoardLine]

    @property
    def label(self) -> Label:
        return self.lines[0].label


@dataclass(frozen=True, slots=True)
class BoardTrack:
    """A track and its items."""

    label: str
    items: list[BoardItem]


def status_board(status: Status, names: Names) -> list[BoardTrack]:
    """The five tracks of a status answer, reviews and cases with those first that moved last."""
    reviews = sorted(status["reviews"], key=lambda review: review["stage"]["since"] or "", reverse=True)
    items = {
        "review": [_review(review, names) for review in reviews],
        "listing": [_item("listing", item["list"], item, names) for item in status["listing"]],
        "funding": [_item("funding", item["grant"], item, names) for item in status["funding"]],
        "court": _cases(status["court"], names),
        "policies": [
            _item("policies", item["policy"], item, names, _DIRECTIONS.get(item["direction"] or ""))
            for item in status["policies"]
        ],
    }
    return [BoardTrack(track_label, items[track]) for track, track_label in TRACK_LABELS.items()]


def causes_of(status: Status) -> Iterator[str | None]:
    for review in status["reviews"]:
        yield review["stage"]["entry"]
        yield review["response"]["entry"]
        yield review["response"]["demand"]
    for item in (*status["listing"], *status["funding"], *status["court"], *status["policies"]):
        yield item["entry"]


def _review(review: ReviewStatus, names: Names) -> BoardItem:
    stage, response, possibly = review["stage"], review["response"], review["possibly"]
    stage_line = _line("stage", stage, possibly.get("stage"), summarized=stage["entry"])
    response_line = _line(
        "response",
        response,
        possibly.get("response"),
        due=response["due"],
        demand=response["demand"],
        summarized=None if response["entry"] == stage["entry"] else response["entry"],
    )
    return BoardItem(names.item_name("review", review["review"]), [stage_line, response_line])


def _item(
    track: str, key: str, item: ListingItem | FundingItem | PolicyItem, names: Names, remark: str | None = None
) -> BoardItem:
    return BoardItem(names.item_name(track, key), [_line(track, item, item.get("possibly"), remark=remark)])


def _cases(items: list[CourtLine], names: Names) -> list[BoardItem]:
    lines: dict[str, list[BoardLine]] = {}
    for item in sorted(items, key=lambda item: item["since"] or "", reverse=True):
        line = _line(
            "court",
            item,
            item.get("possibly"),
            remark=ROLES.get(item["role"] or ""),
            subject=names.subject_name(item["subject"]),
        )
        lines.setdefault(item["case"], []).append(line)
    return [BoardItem(names.case_name(case), case_lines) for case, case_lines in lines.items()]


def _line(track: str, item: AnyItem, possibly: str | None, **details: str | None) -> BoardLine:
    sentence = None if possibly is None else possible_label(track, possibly)
    return BoardLine(label_of(track, item["value"]), item["since"], item["entry"], sentence, **details)
