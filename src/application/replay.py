"""Replays the whole record under another set of status rules, and reports every status that would differ.

A change of the rules is reviewed this way before it is made. Nothing is written.
"""

from __future__ import annotations

import importlib
import runpy
from typing import Any

from sqlalchemy import select

from application.service import Progress, Service
from domain.errors import Invalid, Problem
from domain.history import account_differences, value_history
from domain.status import PRESENT, RULE_SETS, Rules
from projections.schema import live_tables
from projections.status import own_acts


def rules_named(name: str) -> Rules:
    """A rule set that ships, or the `RULES` of a module (`package.module`) or a file (`my_rules.py`)."""
    if name in RULE_SETS:
        return RULE_SETS[name]
    try:
        names = runpy.run_path(name) if name.endswith(".py") else vars(importlib.import_module(name))
    except (ImportError, OSError, SyntaxError, ValueError) as error:
        raise _no_rules(name, f"is no rule set ({', '.join(RULE_SETS)}), module or file: {error}") from error
    rules = names.get("RULES")
    if not isinstance(rules, Rules):
        raise _no_rules(name, "has no RULES, which should be a domain.status.Rules")
    return rules


def _no_rules(name: str, message: str) -> Invalid:
    return Invalid(f"rules: {name!r} {message}", problems=[Problem("rules", name, message)])


def replay_with_rules(service: Service, rules: Rules, progress: Progress) -> tuple[int, list[dict[str, Any]]]:
    """How many places there are, and every interval of days on which a status of theirs would differ.

    Of each interval the present and the proposed value, and the acts behind them.
    """
    places = live_tables().places
    differences: list[dict[str, Any]] = []
    with service.snapshot() as snapshot:
        query = select(places.c.id).where(places.c.position <= snapshot.position, places.c.until > snapshot.position)
        ids = snapshot.connection.execute(query.order_by(places.c.id)).scalars().all()
        for number, id_ in enumerate(ids, 1):
            place = snapshot.place(id_)
            own = list(own_acts(snapshot, place))
            at = snapshot.clocks(place.time_zone)
            present = value_history(place, own, snapshot.cache.law, at, PRESENT)
            proposed = value_history(place, own, snapshot.cache.law, at, rules)
            differences += [
                {
                    "jurisdiction": id_,
                    "track": stretch.track,
                    "key": stretch.key,
                    "days": {"from": stretch.first, "to": stretch.last},
                    "present": stretch.before,
                    "proposed": stretch.after,
                }
                for stretch in account_differences(present, proposed)
            ]
            progress(number, len(ids))
    return len(ids), differences
