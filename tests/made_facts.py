"""Facts for unit tests of the folds: made from record-file dicts through `fact_of`, without a database."""

from collections.abc import Iterable
from typing import Any

from domain.facts import Fact, fact_of
from domain.jurisdictions import Place
from domain.national import FactVersion, NationalActs
from domain.periods import NO_HOLIDAYS

STATE = Place("california", "CA", "America/Los_Angeles", None, ("ca-police",))
CITY = Place("oakland-ca", "CA", "America/Los_Angeles")
TODAY = "2026-06-01"


def fact(id_: str, kind: str, day: str, *names: str, **fields: Any) -> Fact:
    """An act of a kind on a day that names some jurisdictions (the city where none is given)."""
    entry = {
        "id": id_,
        "kind": kind,
        "occurred": day,
        "jurisdictions": names or (CITY.id,),
        "sources": [{"id": "s1", "title": "A letter", "rank": "primary"}],
        **fields,
    }
    return fact_of(entry, NO_HOLIDAYS)  # no day is a holiday


def demand(id_: str, day: str, *names: str, due: str | None = None, **fields: Any) -> Fact:
    """A letter that asks for an answer, by a day where one is given."""
    respond_by = {"words": "at once", **({} if due is None else {"date": due}), **fields.pop("respond_by", {})}
    return fact(id_, fields.pop("kind", "document_demand"), day, *names, respond_by=respond_by, **fields)


def ruling(id_: str, day: str, value: str, scope: str = "parties", **holding: Any) -> Fact:
    """A ruling in the one case, on the one subject; it names nobody itself."""
    held = {"subject": "jag-condition", "value": value, "scope": scope, **holding}
    return fact(id_, "ruling", day, jurisdictions=(), case={"id": "city-v-sessions"}, holdings=[held])


def filing(id_: str, day: str, **roles: str) -> Fact:
    """The filing of the one case, on the one subject, in the Ninth Circuit; roles by id with _ for -."""
    return fact(
        id_,
        "lawsuit_filed",
        day,
        jurisdictions=(),
        case={"id": "city-v-sessions", "caption": "City v. Sessions", "circuit": 9},
        roles={party.replace("_", "-"): role for party, role in roles.items()},
        subjects=[{"id": "jag-condition"}],
    )


def in_log(facts: Iterable[Fact]) -> list[FactVersion]:
    """Each fact as the only version of its entry, recorded one after the other."""
    return [FactVersion(each, position) for position, each in enumerate(facts, 1)]


def national_acts(facts: Iterable[Fact]) -> NationalActs:
    """The national acts that these are, in the order of the log."""
    acts, versions = NationalActs(), in_log(facts)
    acts.take(versions, len(versions))
    return acts
