"""A status as a board: five tracks, each item with its value in words, since when, and by which entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.pages.titled import Names
from api.pages.words import ROLES, TRACKS, Word, may_be, word

Answer = Mapping[str, Any]
_PARTS = {"listing": "list", "funding": "grant", "policies": "policy"}


@dataclass(frozen=True, slots=True)
class Line:
    """One value: in words, since when, by which entry, what it may be, and what else is to be said of it."""

    word: Word
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
class Item:
    """An item of a track: what it is called, and its lines (a review has two)."""

    name: str
    key: str
    lines: list[Line]

    @property
    def word(self) -> Word:
        """The value that stands first."""
        return self.lines[0].word


@dataclass(frozen=True, slots=True)
class Track:
    """A track and its items."""

    name: str
    label: str
    items: list[Item] = field(default_factory=list)


def board(answer: Answer, names: Names) -> list[Track]:
    """The five tracks of a status answer."""
    return [
        Track("review", TRACKS["review"], [_review(one, names) for one in _latest_first(answer["reviews"])]),
        *(
            Track(track, TRACKS[track], [_item(track, one, names) for one in answer[track]])
            for track in ("listing", "funding")
        ),
        Track("court", TRACKS["court"], _court(answer["court"], names)),
        Track("policies", TRACKS["policies"], [_item("policies", one, names) for one in answer["policies"]]),
    ]


def causes_of(answer: Answer) -> Iterator[str | None]:
    """Every entry that a status names."""
    for review in answer["reviews"]:
        yield review["stage"]["entry"]
        yield review["response"]["entry"]
        yield review["response"]["demand"]
    for track in ("listing", "funding", "court", "policies"):
        for item in answer[track]:
            yield item["entry"]


def _latest_first(reviews: list[Answer]) -> list[Answer]:
    return sorted(reviews, key=lambda one: one["stage"]["since"] or "", reverse=True)


def _review(review: Answer, names: Names) -> Item:
    lines: list[Line] = []
    for part in ("stage", "response"):
        its, may = review[part], review["possibly"].get(part)
        told = its["entry"] if all(its["entry"] != line.entry for line in lines) else None
        lines.append(
            Line(
                word(part, its["value"]),
                its["since"],
                its["entry"],
                None if may is None else may_be(part, may),
                its.get("due"),
                its.get("demand"),
                told=told,
            )
        )
    return Item(names.of("review", review["review"]), review["review"], lines)


def _item(track: str, item: Answer, names: Names) -> Item:
    key = item[_PARTS[track]]
    beside = None
    if track == "policies" and item["direction"] is not None:
        beside = {"limits": "limits help with immigration enforcement", "requires": "requires such help"}[
            item["direction"]
        ]
    return Item(names.of(track, key), key, [_line(track, item, beside)])


def _court(lines: list[Answer], names: Names) -> list[Item]:
    """Cases, those last moved first, each with its subjects as lines."""
    cases: dict[str, list[Answer]] = {}
    for line in sorted(lines, key=lambda one: one["since"] or "", reverse=True):
        cases.setdefault(line["case"], []).append(line)
    return [
        Item(
            names.case(case),
            case,
            [_line("court", one, ROLES.get(one["role"]), names.subject(one["subject"])) for one in its],
        )
        for case, its in cases.items()
    ]


def _line(track: str, item: Answer, beside: str | None, of: str | None = None) -> Line:
    may = item.get("possibly")
    said = None if may is None else may_be(track, may)
    return Line(word(track, item["value"]), item["since"], item["entry"], said, beside=beside, of=of)
