"""Suspects: rows that may be acts recorded before, in other words. They are pointed out, and recorded all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from application.recording import New
from domain.dates import bounds
from projections.likeness import Likeness, alike

_PIECE = 1_000
_MOST_LIKE = 10


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row, and the entries (at most ten) of the same kind, day and addressees, on record or before it."""

    row: int | None
    where: str
    entry: str
    like: tuple[str, ...]
    kind: str
    date: str
    jurisdictions: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        """As answers have it."""
        because = {"kind": self.kind, "date": self.date, "jurisdictions": list(self.jurisdictions)}
        return {"row": self.row, "entry": self.entry, "like": list(self.like), "because": because}


def suspects(connection: Connection, fresh: Sequence[New]) -> list[Suspect]:
    """Those of the acts about to be recorded that have their like on record, or before them in the same batch."""
    found: list[Suspect] = []
    before: dict[Likeness, list[str]] = {}
    own = {one.id for one in fresh}
    acts = [one for one in fresh if one.judged is not None]
    for start in range(0, len(acts), _PIECE):
        piece = [(one, one.judged.act, _likeness(one.judged.act)) for one in acts[start : start + _PIECE] if one.judged]
        on_record: dict[Likeness, list[str]] = {}
        for body in alike(connection, ((named, lo, hi) for _, _, (_, lo, hi, named) in piece)):
            if body.id not in own:
                on_record.setdefault(_likeness(body), []).append(body.id)
        for new, act, likeness in piece:
            its = before.setdefault(likeness, [])
            like = (*sorted(on_record.get(likeness, ())), *its)[:_MOST_LIKE]
            if like:
                found.append(
                    Suspect(new.item.row, new.item.where, act.id, like, act.kind, act.occurred, act.jurisdictions)
                )
            if len(its) < _MOST_LIKE:
                its.append(act.id)
    return found


def _likeness(one: Any) -> Likeness:  # noqa: ANN401 - an act, or as much of an entry as is read
    return (one.kind, *bounds(one.occurred), frozenset(one.jurisdictions))
