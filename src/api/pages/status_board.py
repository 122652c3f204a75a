"""A status as a board: five tracks, each item with its value in words, since when, and by which entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.pages.labels import ROLES, TRACK_LABELS, Label, label, possible_label
from api.pages.names import PlaceNames

StatusAnswer = Mapping[str, Any]
_PARTS = {"listing": "list", "funding": "grant", "policies": "policy"}


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One value: in words, since when, by which entry, what it may be, and what else is to be said of it."""

    word: Label
    since: str | None
    entry: str | None
    may: str | None = None
    due: str | None = None
    demand: str | None = None
    beside: str | None = None
    of: str | None = None
    told: str | None = None
    """The entry whose own words say what was asked or answered."""


@dataclass(frozen=True, slots=True)
class BoardItem:
    """An item of a track: what it is called, and its lines (a review has two)."""

    name: str
    key: str
    lines: list[BoardLine]

    @property
    def word(self) -> Label:
        """The value that stands first."""
        return self.lines[0].word


@dataclass(frozen=True, slots=True)
class BoardTrack:
    """A track and its items."""

    name: str
    label: str
    items: list[BoardItem] = field(default_factory=list)


def status_board(answer: StatusAnswer, names: PlaceNames) -> list[BoardTrack]:
    """The five tracks of a status answer."""
    return [
        BoardTrack("review", TRACK_LABELS["review"], [_review(one, names) for one in _latest_first(answer["reviews"])]),
        *(
            BoardTrack(track, TRACK_LABELS[track], [_item(track, one, names) for one in answer[track]])
            for track in ("listing", "funding")
        ),
        BoardTrack("court", TRACK_LABELS["court"], _court(answer["court"], names)),
        BoardTrack("policies", TRACK_LABELS["policies"], [_item("policies", one, names) for one in answer["policies"]]),
    ]


def causes_of(answer: StatusAnswer) -> Iterator[str | None]:
    """Every entry that a status names."""
    for review in answer["reviews"]:
        yield review["stage"]["entry"]
        yield review["response"]["entry"]
        yield review["response"]["demand"]
    for track in ("listing", "funding", "court", "policies"):
        for item in answer[track]:
            yield item["entry"]


def _latest_first(reviews: list[StatusAnswer]) -> list[StatusAnswer]:
    return sorted(reviews, key=lambda one: one["stage"]["since"] or "", reverse=True)


def _review(review: StatusAnswer, names: PlaceNames) -> BoardItem:
    lines: list[BoardLine] = []
    for part in ("stage", "response"):
        its, may = review[part], review["possibly"].get(part)
        told = its["entry"] if all(its["entry"] != line.entry for line in lines) else None
        lines.append(
            BoardLine(
                label(part, its["value"]),
                its["since"],
                its["entry"],
                None if may is None else possible_label(part, may),
                its.get("due"),
                its.get("demand"),
                told=told,
            )
        )
    return BoardItem(names.of("review", review["review"]), review["review"], lines)


def _item(track: str, item: StatusAnswer, names: PlaceNames) -> BoardItem:
    key = item[_PARTS[track]]
    beside = None
    if track == "policies" and item["direction"] is not None:
        beside = {"limits": "limits help with immigration enforcement", "requires": "requires such help"}[
            item["direction"]
        ]
    return BoardItem(names.of(track, key), key, [_line(track, item, beside)])


def _court(lines: list[StatusAnswer], names: PlaceNames) -> list[BoardItem]:
    """Cases, those last moved first, each with its subjects as lines."""
    cases: dict[str, list[StatusAnswer]] = {}
    for line in sorted(lines, key=lambda one: one["since"] or "", reverse=True):
        cases.setdefault(line["case"], []).append(line)
    return [
        BoardItem(
            names.case(case),
            case,
            [_line("court", one, ROLES.get(one["role"]), names.subject(one["subject"])) for one in its],
        )
        for case, its in cases.items()
    ]


def _line(track: str, item: StatusAnswer, beside: str | None, of: str | None = None) -> BoardLine:
    may = item.get("possibly")
    said = None if may is None else possible_label(track, may)
    return BoardLine(label(track, item["value"]), item["since"], item["entry"], said, beside=beside, of=of)
