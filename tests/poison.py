"""Events that no command records, planted into a log as whole, hashed rows: what other answers have to survive."""

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from application.service import Service
from eventlog.log import NewEvent
from eventlog.tables import log
from projections.schema import live_tables

PLACE = "springfield-zz"
OTHER = "shelbyville-zz"
SOUND = "2017-04-01-said-2"
"""An entry of the small record on which later events are planted."""
DEMAND = "2017-05-01-asked"


@dataclass(frozen=True, slots=True)
class Poison:
    """One event: where it is planted, and what of it is wrong."""

    stream: str
    topic: str
    state: bytes
    entry: str | None = None
    """The entry that it costs."""


def _act(topic: str, id_: str = "poison", **fields: Any) -> Poison:
    whole = {
        "id": id_,
        "occurred": "2017-04-01",
        "actor": {"party": "federal"},
        "jurisdictions": [PLACE],
        "summary": "Poison.",
        "sources": [{"id": "s1", "title": "A page", "rank": "primary"}],
        **fields,
    }
    state = json.dumps({name: value for name, value in whole.items() if value is not None}).encode()
    return Poison(f"entry:{id_}", topic, state, id_)


def _statement(**fields: Any) -> Poison:
    return _act("statement-made/1", **{"kind": "statement", **fields})


def _warning(**fields: Any) -> Poison:
    return _act("warning-issued/1", **{"kind": "warning", **fields})


def _ruling(until: Any) -> Poison:
    holding = {"subject": "a-law", "value": "enjoined", "scope": "nationwide", "until": until}
    subjects, case = [{"id": "a-law", "title": "A law"}], {"id": "a-v-b", "caption": "A v. B"}
    return _act(
        "court-ruled/1", kind="ruling", actor={"party": "court"}, case=case, subjects=subjects, holdings=[holding]
    )


def _correction(of: str = SOUND, **fields: Any) -> Poison:
    state = json.dumps({"entry": of, "fields": fields, "reason": "R."}).encode()
    return Poison(f"entry:{of}", "entry-corrected/1", state, of)


def _place(id_: str = "poisoned-zz", **fields: Any) -> Poison:
    whole = {"id": id_, "name": "Poisoned", "kind": "city", "state": "ZZ", "time_zone": "America/Chicago", **fields}
    return Poison(f"jurisdiction:{id_}", "jurisdiction-added/1", json.dumps(whole).encode())


POISONS = {
    "garbage bytes": Poison("entry:poison", "statement-made/1", b"\xff\xfe\x00garbage", "poison"),
    "no bytes": Poison("entry:poison", "statement-made/1", b"", "poison"),
    "JSON of another kind": Poison("entry:poison", "statement-made/1", b"[1, 2, 3]", "poison"),
    "JSON nested deeply": Poison("entry:poison", "statement-made/1", b"[" * 5_000 + b"]" * 5_000, "poison"),
    "a topic that nobody knows": Poison("entry:poison", "nothing-happened/1", b"{}", "poison"),
    "a topic without a version": Poison("entry:poison", "statement-made", b"{}", "poison"),
    "an event in a stream of another kind": Poison("nothing", "statement-made/1", b"{}"),
    "fields that are missing": Poison("entry:poison", "statement-made/1", b'{"id": "poison"}', "poison"),
    "a kind that nobody knows": _statement(kind="nothing"),
    "no kind": _statement(kind=None),
    "a summary that is a number": _statement(summary=17),
    "jurisdictions that are a text": _statement(jurisdictions=PLACE),
    "jurisdictions that are numbers": _statement(jurisdictions=[1, 2]),
    "a place that is not on record": _statement(jurisdictions=["atlantis-zz"]),
    "sources that are none": _statement(sources=[]),
    "an actor without a party": _statement(actor={"name": "A"}),
    "a quote without words": _statement(quotes=[{"source": "s1"}]),
    "claims that are no list": _warning(claims={"field": "respond_by"}, respond_by={"date": "2017-06-01"}),
    "a day that is none": _statement(occurred="banana"),
    "a day before the calendar": _statement(occurred="0000-00-00"),
    "a day that nobody can reach": _warning(respond_by={"date": "9999-12-31", "words": "W.", "source": "s1"}),
    "a period beyond the calendar": _warning(respond_by={"days": 9_999_999, "words": "W.", "source": "s1"}),
    "a period that is a text": _warning(respond_by={"days": "ten"}),
    "a period before the first day": _warning(
        occurred="0001-01-01", respond_by={"days": -1, "words": "W.", "source": "s1"}
    ),
    "an extension to no day": _act(
        "deadline-extended/1", kind="deadline_extended", demand=DEMAND, extended_to="banana", jurisdictions=[PLACE]
    ),
    "an extension beyond all days": _act(
        "deadline-extended/1", kind="deadline_extended", demand=DEMAND, extended_to="9999-12-31"
    ),
    "an extension of nothing": _act(
        "deadline-extended/1", kind="deadline_extended", demand="nothing", extended_to="2017-08-01"
    ),
    "an answer to nothing": _statement(answers=["nothing"]),
    "an answer to itself": _warning(answers=["poison"], respond_by={"date": "2017-06-01"}),
    "a ruling until the last day": _ruling("9999-12-31"),
    "a ruling until no day": _ruling("banana"),
    "a ruling without a case": _act("court-ruled/1", kind="ruling", holdings=[{"subject": "x"}]),
    "a ruling of a value that is none": _act(
        "court-ruled/1", kind="ruling", case={"id": "a-v-b"},
        holdings=[{"subject": "a-law", "value": "maybe", "scope": "galaxy"}],
    ),
    "a finding without an outcome": _act("finding-issued/1", kind="finding"),
    "a review that is a text": _warning(review="a-review"),
    "a sequence that is huge": _statement(sequence=10**30),
    "a sequence beyond an integer": _statement(sequence=2**40),
    "NUL in texts": _statement(summary="Nul \x00 nul.", actor={"party": "federal", "name": "A \x00 name"},
                               sources=[{"id": "s1", "title": "T \x00", "url": "https://example.org/\x00"}]),
    "control characters in texts": _statement(summary="\x01\x0b\x1f\x7f\x85\ufffe\uffff bad"),
    "half a surrogate pair": Poison(
        "entry:poison", "statement-made/1",
        json.dumps({"id": "poison", "kind": "statement", "occurred": "2017-04-01", "actor": {"party": "federal"},
                    "jurisdictions": [PLACE], "summary": "\ud800 half", "sources": [{"id": "s1", "title": "T",
                    "rank": "primary"}]}).encode(), "poison"),
    "NUL in an id": _statement(id_="poi\x00son"),
    "another entry's id": Poison("entry:poison", "statement-made/1", _statement(id_="other").state, "poison"),
    "a correction that takes the summary": _correction(summary=None),
    "a correction of the kind": _correction(kind="nothing"),
    "a correction of the id": _correction(id="another"),
    "a correction to no day": _correction(occurred="banana"),
    "a correction to another type": _correction(jurisdictions=7),
    "a correction of a demand beyond all days": _correction(
        of=DEMAND, respond_by={"date": "9999-12-31", "words": "W.", "source": "s1"}),
    "a correction without fields": Poison(f"entry:{SOUND}", "entry-corrected/1", b"{}", SOUND),
    "a correction that is garbage": Poison(f"entry:{SOUND}", "entry-corrected/1", b"\x00\x01", SOUND),
    "a correction of nothing": Poison("entry:poison", "entry-corrected/1",
                                      b'{"entry": "poison", "fields": {}, "reason": "R."}', "poison"),
    "a second first event": Poison(f"entry:{SOUND}", "statement-made/1", _statement(id_=SOUND).state, SOUND),
    "a retraction by a place": Poison(f"jurisdiction:{PLACE}", "entry-retracted/1",
                                      json.dumps({"entry": SOUND, "reason": "R."}).encode()),
    "a place in no time zone": _place(time_zone="Mars/Olympus"),
    "a place without a state": _place(state=None),
    "a place of garbage": Poison("jurisdiction:poisoned-zz", "jurisdiction-added/1", b"\xff"),
    "a place that moves to no time zone": Poison(
        f"jurisdiction:{OTHER}", "jurisdiction-updated/1",
        json.dumps({"jurisdiction": OTHER, "fields": {"time_zone": "Mars/Olympus"}}).encode()),
    "a place that loses its name": Poison(
        f"jurisdiction:{OTHER}", "jurisdiction-updated/1",
        json.dumps({"jurisdiction": OTHER, "fields": {"name": None}}).encode()),
    "a place that speaks for itself": _place(kind="agency", speaks_for="poisoned-zz"),
    "a reminder of nothing": Poison("reminder:rem_00000000", "reminder-due/1", b"{}"),
    "a reminder of garbage": Poison("reminder:rem_00000000", "reminder-due/1", b"\xff\xfe"),
    "a reminder of a topic that nobody knows": Poison("reminder:rem_00000000", "reminder-lost/1", b"{}"),
    "a key of garbage": Poison("log:key", "signing-key-replaced/1", b"garbage"),
}  # fmt: skip
"""By what is wrong with them."""


def plant(service: Service, *poisons: Poison) -> list[int]:
    """Appends events as whoever holds the database may: whole and hashed, and replayed into the read models."""
    with service.log.appending(recorder="eve", now=service.now()) as append:
        positions = []
        for poison in poisons:
            query = select(func.max(log.c.version)).where(log.c.stream == poison.stream)
            version = (append.connection.execute(query).scalar() or 0) + 1
            recorded = append.append([NewEvent(poison.stream, version, poison.topic, poison.state)])
            live_tables().write(append.connection, service.rows_of(append.connection, recorded))
            positions.append(append.position)
    return positions


def numbered(poison: Poison, number: int) -> Poison:
    """The same with an entry of its own, so that several can be planted into one log."""
    own = f"poison-{number}"
    state = poison.state.replace(b'"poison"', f'"{own}"'.encode())
    return replace(poison, stream=poison.stream.replace("entry:poison", f"entry:{own}"), state=state)
