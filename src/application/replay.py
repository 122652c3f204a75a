"""Replays the whole record under another set of status rules, and reports every status that would differ.

A change of the rules is reviewed this way before it is made. Nothing is written.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from application.service import Progress, Service
from domain.errors import Invalid, Problem
from domain.history import account_differences, value_history
from domain.status import PRESENT, RULE_SETS, Rules
from projections.schema import live_tables
from projections.snapshot import AskedClocks
from projections.status import own_acts


def rules_named(name: str) -> Rules:
    """A rule set that ships, or the `RULES` of a module (`package.module`) or a file (`my_rules.py`)."""
    if name in RULE_SETS:
        return RULE_SETS[name]
    try:
        module = _from_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except (ImportError, OSError, SyntaxError, ValueError) as error:
        raise _no_rules(name, f"is no rule set ({', '.join(RULE_SETS)}), module or file: {error}") from error
    rules = getattr(module, "RULES", None)
    if not isinstance(rules, Rules):
        raise _no_rules(name, "has no RULES, which should be a domain.status.Rules")
    return rules


def _no_rules(name: str, message: str) -> Invalid:
    return Invalid(f"rules: {name!r} {message}", problems=[Problem("rules", name, message)])


def _from_file(path: Path) -> Any:  # noqa: ANN401 - a module, of which only RULES is asked
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def replay_with_rules(
    service: Service, rules: Rules, progress: Progress = lambda _done, _total: None, asked: AskedClocks | None = None
) -> Iterator[dict[str, Any]]:
    """Every interval of days on which a status would differ: present and proposed value, and the acts behind each."""
    places = live_tables().places
    with service.snapshot(asked) as snapshot:
        query = select(places.c.id).where(places.c.position <= snapshot.position, places.c.until > snapshot.position)
        ids = snapshot.connection.execute(query.order_by(places.c.id)).scalars().all()
        for number, id_ in enumerate(ids, 1):
            place = snapshot.place(id_)
            own = list(own_acts(snapshot, place))
            at = snapshot.clocks(place.time_zone)
            present = value_history(place, own, snapshot.cache.law, at, PRESENT)
            proposed = value_history(place, own, snapshot.cache.law, at, rules)
            for stretch in account_differences(present, proposed):
                yield {
                    "jurisdiction": id_,
                    "track": stretch.track,
                    "key": stretch.key,
                    "days": {"from": stretch.first, "to": stretch.last},
                    "present": stretch.before,
                    "proposed": stretch.after,
                }
            progress(number, len(ids))
