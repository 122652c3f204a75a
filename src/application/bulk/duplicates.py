"""Acts that may be on record already under another id: told when they are recorded, and refused by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from application.recording import PreparedCommand
from domain.dates import bounds
from domain.decisions import RecordEntry
from projections.entries import DuplicateKey, possible_duplicates

_COMPARED_AT_ONCE = 1_000
_MOST_DUPLICATES = 10


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A row, and the entries (at most ten) of the same kind, day and addressees, on record or before it."""

    row: int | None
    where: str
    entry: str
    like: tuple[str, ...]
    because: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"row": self.row, "entry": self.entry, "like": list(self.like), "because": self.because}


def find_duplicates(connection: Connection, commands: Sequence[PreparedCommand]) -> list[PossibleDuplicate]:
    """The acts about to be recorded that may be on record already, or before them in the same batch."""
    duplicates: list[PossibleDuplicate] = []
    earlier_rows: dict[DuplicateKey, list[str]] = {}
    own_ids = {prepared.id for prepared in commands}
    acts = [(prepared, prepared.command.event) for prepared in commands if isinstance(prepared.command, RecordEntry)]
    for start in range(0, len(acts), _COMPARED_AT_ONCE):
        piece = [(prepared, act, _duplicate_key(act)) for prepared, act in acts[start : start + _COMPARED_AT_ONCE]]
        on_record: dict[DuplicateKey, list[str]] = {}
        days = ((jurisdictions, earliest, latest) for _, _, (_, earliest, latest, jurisdictions) in piece)
        for entry in possible_duplicates(connection, days):
            if entry.id not in own_ids:
                on_record.setdefault(_duplicate_key(entry), []).append(entry.id)
        for prepared, act, key in piece:
            earlier = earlier_rows.setdefault(key, [])
            like = (*sorted(on_record.get(key, ())), *earlier)[:_MOST_DUPLICATES]
            if like:
                because = {"kind": act.kind, "date": act.occurred, "jurisdictions": list(act.jurisdictions)}
                duplicates.append(PossibleDuplicate(prepared.row, prepared.where, act.id, like, because))
            if len(earlier) < _MOST_DUPLICATES:
                earlier.append(act.id)
    return duplicates


def _duplicate_key(entry: Any) -> DuplicateKey:  # noqa: ANN401 - an act, or the row of one: they share no base
    return (entry.kind, *bounds(entry.occurred), frozenset(entry.jurisdictions))
