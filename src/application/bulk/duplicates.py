"""Acts that may be on record already under another id: pointed out, and refused by nobody.

Two entries are alike that have the same kind, days and places; that rest on the same page, have a place in common (or
name nobody), and are of the same kind or of days that overlap; or that give a case the docket of another case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from application.recording import PreparedCommand
from domain.dates import bounds
from domain.decisions import RecordEntry
from domain.likeness import docket_mark, source_mark
from projections.entries import DuplicateKey, entries_marked, possible_duplicates
from projections.rows import NATIONAL

_COMPARED_AT_ONCE = 1_000
_MOST_DUPLICATES = 10
_MOST_COMPARED = 50
"""Of the rows before it with which a row has a mark and a place in common, those that it is compared with."""


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A row, and the entries (at most ten) on record or before it that it is like.

    `because` says what the row is, and names the `source` or `docket` where it is like one of them by that.
    """

    row: int | None
    where: str
    entry: str
    like: tuple[str, ...]
    because: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"row": self.row, "entry": self.entry, "like": list(self.like), "because": self.because}


class _Compared:
    """What is compared of an entry, from its fields."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.id: str = fields["id"]
        self.kind: str = fields["kind"]
        self.earliest, self.latest = bounds(fields["occurred"])
        self.places = frozenset(fields["jurisdictions"])
        self.case: Mapping[str, Any] = fields.get("case") or {}
        self.marks: dict[str, tuple[str, str]] = {}
        """What is said of an entry that has the mark, too: `source` or `docket`, and which."""
        for source in fields["sources"]:
            if (url := source.get("url")) is not None and (mark := source_mark(url)) is not None:
                self.marks[mark] = ("source", url)
        if self.case.get("court") is not None and self.case.get("docket") is not None:
            mark = docket_mark(self.case["court"], self.case["docket"])
            self.marks[mark] = ("docket", f"{self.case['docket']}, {self.case['court']}")

    @property
    def key(self) -> DuplicateKey:
        return (self.kind, self.earliest, self.latest, self.places)

    def is_like(self, other: _Compared, mark: str) -> bool:
        """Whether two entries that have a mark in common may be the same act, or name the same case twice."""
        if self.marks[mark][0] == "docket":
            return bool(self.case["id"] != other.case.get("id"))
        overlapping = self.earliest <= other.latest and other.earliest <= self.latest
        together = not self.places.isdisjoint(other.places) or self.places == other.places
        return together and (self.kind == other.kind or overlapping)


def find_duplicates(connection: Connection, commands: Sequence[PreparedCommand]) -> list[PossibleDuplicate]:
    """The acts about to be recorded that may be on record already, or before them in the same batch."""
    duplicates: list[PossibleDuplicate] = []
    earlier_rows = _Seen()
    own_ids = {prepared.id for prepared in commands}
    acts = [(prepared, prepared.command.event) for prepared in commands if isinstance(prepared.command, RecordEntry)]
    for start in range(0, len(acts), _COMPARED_AT_ONCE):
        piece = [(prepared, act, _Compared(act.fields())) for prepared, act in acts[start : start + _COMPARED_AT_ONCE]]
        on_record = _on_record(connection, [compared for _, _, compared in piece], own_ids)
        for prepared, act, compared in piece:
            like: dict[str, None] = {}
            because: dict[str, Any] = {"kind": act.kind, "date": act.occurred, "jurisdictions": list(act.jurisdictions)}
            for other, why in (*sorted(on_record.like(compared), key=itemgetter(0)), *earlier_rows.like(compared)):
                like[other] = None
                because |= dict([why]) if why is not None else {}
            if like:
                shown = tuple(like)[:_MOST_DUPLICATES]
                duplicates.append(PossibleDuplicate(prepared.row, prepared.where, act.id, shown, because))
            earlier_rows.add(compared)
    return duplicates


Why = tuple[str, str] | None
"""By which page or docket; None where kind, days and places are the same."""


class _Seen:
    """Entries by what they may have in common with others."""

    def __init__(self) -> None:
        self._same: dict[DuplicateKey, list[str]] = defaultdict(list)
        self._marked: dict[tuple[str, str], list[_Compared]] = defaultdict(list)

    def add_same(self, key: DuplicateKey, id_: str) -> None:
        if len(self._same[key]) < _MOST_DUPLICATES:
            self._same[key].append(id_)

    def add(self, entry: _Compared) -> None:
        self.add_same(entry.key, entry.id)
        for mark in entry.marks:
            self.add_marked(mark, entry)

    def add_marked(self, mark: str, entry: _Compared) -> None:
        for place in _under(entry, mark):
            if len(self._marked[mark, place]) < _MOST_COMPARED:
                self._marked[mark, place].append(entry)

    def like(self, entry: _Compared) -> Iterator[tuple[str, Why]]:
        yield from ((id_, None) for id_ in self._same.get(entry.key, ()))
        for mark, why in entry.marks.items():
            for place in _under(entry, mark):
                for other in self._marked.get((mark, place), ()):
                    if entry.is_like(other, mark):
                        yield other.id, why


def _under(entry: _Compared, mark: str) -> Sequence[str]:
    """The places under which an entry is kept by a mark: a docket is the same wherever the parties are."""
    return [NATIONAL] if entry.marks[mark][0] == "docket" or not entry.places else sorted(entry.places)


def _on_record(connection: Connection, entries: Sequence[_Compared], own_ids: set[str]) -> _Seen:
    seen = _Seen()
    days = ((entry.places, entry.earliest, entry.latest) for entry in entries)
    for similar in possible_duplicates(connection, days):
        if similar.id not in own_ids:
            key = (similar.kind, *bounds(similar.occurred), frozenset(similar.jurisdictions))
            seen.add_same(key, similar.id)
    for mark, fields in entries_marked(connection, {mark for entry in entries for mark in entry.marks}):
        if fields["id"] not in own_ids:
            seen.add_marked(mark, _Compared(fields))
    return seen
