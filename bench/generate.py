"""A generated record: any number of acts of every kind, over as many places; the same from the same seed.

Nothing is held but a few thousand demands that may yet be answered, so that its length costs no memory. The national
line has `NATIONAL` acts however long the record is, and one place, `STEADY`, has exactly `STEADY_ACTS`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from domain.jurisdictions import CIRCUITS

Fields = dict[str, Any]

NATIONAL = 1_000
STEADY, STEADY_ACTS = "steadfast-or", 50
ENTRIES_A_PLACE = 1_000_000 / 90_000

_FIRST, _LAST = date(2016, 1, 4).toordinal(), date(2025, 12, 31).toordinal()
_DEMANDS_KEPT, _BUSY_PLACES, _BUSY_SHARE = 4_000, 300, 0.2
_STATES = sorted({state for states in CIRCUITS.values() for state in states})
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
_GRANTS = ("jag-fy2016", "jag-fy2017", "cops-fy2017", "fema-shelter", "federal-funds")
_KINDS = {
    "press_report": 20, "statement": 15, "response": 15, "policy_change": 9, "warning": 8, "inquiry": 8,
    "finding": 5, "meeting": 4, "document_demand": 4, "grant_threat": 4, "hearing": 3, "condition_imposed": 2,
    "deadline_extended": 2, "agreement": 1, "funds_withheld": 1, "funds_released": 1, "deadline_withdrawn": 1,
}  # fmt: skip
_PARTIES = {"press_report": "press", "statement": "jurisdiction", "response": "jurisdiction",
            "policy_change": "jurisdiction", "meeting": "jurisdiction", "ruling": "court",
            "case_closed": "court", "lawsuit_filed": "jurisdiction"}  # fmt: skip
_DEMANDS = ("warning", "inquiry", "document_demand", "grant_threat", "finding")
_VALUES = ("enjoined", "enjoined", "enjoined", "enjoined_stayed", "upheld", "vacated", "dismissed")
_SCOPES = ("nationwide", "circuit", "states", "parties")
_WORDS = """
    department justice wrote county officials asking whether policy complies with section federal law grant award
    condition sheriff council mayor attorney general letter answered review records detainer requests notice
    release custody immigration enforcement certification funding program deadline reply office counsel court
    ordinance resolution police chief statement public hearing committee oversight information sharing status
""".split()  # noqa: SIM905  # a list of so many would be a page
_VARIANTS = 512
_TEXTS = {
    words: [" ".join(_WORDS[(one + step * (one // 8 + 1)) % len(_WORDS)] for step in range(words))
            for one in range(_VARIANTS)]
    for words in range(4, 35)
}  # fmt: skip


class Demand(NamedTuple):
    """What an answer needs of a demand: its id, the last day on which it may have been made, and whom it asked."""

    id: str
    last: int
    addressees: list[str]


class Record:
    """The places and the acts of one generated record; `entries` may be gone through once."""

    def __init__(self, entries: int, seed: int = 1373) -> None:
        self.size = entries
        self.places = max(int(entries / ENTRIES_A_PLACE), 200)
        self._rng = random.Random(seed)
        self._names = [f"place-{number}-{self._state(number).lower()}" for number in range(self.places)]
        self._demands: deque[Demand] = deque(maxlen=_DEMANDS_KEPT)
        self._steady_demands: deque[Demand] = deque(maxlen=_DEMANDS_KEPT)
        self._reviews: list[str] = []
        self._subjects: list[str] = []
        self._cases: list[str] = []
        self._lists: list[str] = []
        self._local, self._weights = list(_KINDS), list(_KINDS.values())

    def jurisdictions(self) -> Iterator[Fields]:
        """Every place, as a record file has it."""
        yield self._place(STEADY, "OR", self.places)
        for number, name in enumerate(self._names):
            yield self._place(name, self._state(number), number)

    def busy(self) -> list[str]:
        """Places with more entries than a page holds, where the record is large."""
        return self._names[:_BUSY_PLACES]

    def quiet(self) -> list[str]:
        """The places that the rest of the entries are spread over."""
        return self._names[_BUSY_PLACES:] or self._names

    def entries(self) -> Iterator[Fields]:
        """`size` acts, and as many more as are asked for: national and steady ones lie evenly among the first."""
        national, steady = max(self.size // NATIONAL, 2), max(self.size // STEADY_ACTS, 2)
        number = 0
        while True:
            if number % national == 0 and number < national * NATIONAL and number < self.size:
                yield self._national(number, number // national)
            elif number % steady == 1 and number < self.size:
                yield self._act(number, [STEADY])
            else:
                yield self._act(number, self._some_places())
            number += 1

    def _state(self, number: int) -> str:
        return _STATES[number % len(_STATES)]

    def _place(self, name: str, state: str, number: int) -> Fields:
        title = name.replace("-", " ").title()
        return {
            "id": name, "name": title, "kind": "county" if number % 3 else "city", "state": state,
            "time_zone": _ZONES[number % len(_ZONES)], "geoid": f"{number:07}",
            "ocd": f"ocd-division/country:us/state:{state.lower()}/place:{number}", "aliases": [title[:-3]],
        }  # fmt: skip

    def _some_places(self) -> list[str]:
        """Mostly one to three; a few letters go to as many as 29."""
        rng = self._rng
        chance = rng.random()
        count = 1 if chance < 0.6 else 2 if chance < 0.85 else 3 if chance < 0.998 else rng.randint(4, 29)
        among = min(_BUSY_PLACES, self.places) if rng.random() < _BUSY_SHARE else self.places
        return sorted({self._names[int(rng.random() * among)] for _ in range(count)})

    def _occurred(self, number: int) -> tuple[str, int]:
        """A date as written, and its latest day: the record grows with time, but a tenth of it is backfill."""
        rng = self._rng
        day = _FIRST + int((_LAST - _FIRST) * min(number / self.size, 1)) - rng.randrange(90)
        if rng.random() < 0.1:
            day = rng.randrange(_FIRST, _LAST)
        day = min(max(day, _FIRST), _LAST)
        text = date.fromordinal(day).isoformat()
        form = rng.random()
        if form < 0.05:
            first = date.fromordinal(day).replace(day=1)
            return text[:7], ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).toordinal()
        if form < 0.08:
            return f"{text}/{date.fromordinal(day + 20).isoformat()}", day + 20
        return text, day

    def _text(self, words: int) -> str:
        return _TEXTS[words][int(self._rng.random() * _VARIANTS)]

    def _common(self, number: int, kind: str, occurred: str, jurisdictions: list[str]) -> Fields:
        rng = self._rng
        day = occurred[:10]
        fields: Fields = {
            "id": f"{day}-{kind.replace('_', '-')}-{number}",
            "kind": kind,
            "occurred": occurred,
            "actor": {"name": f"Officer {number % 997}", "office": f"Office of {self._text(4)}",
                      "party": _PARTIES.get(kind, "federal")},
            "jurisdictions": jurisdictions,
            "summary": f"{self._text(18 + number % 16).capitalize()}.",
            "sources": [{"id": "s1", "title": self._text(9).capitalize(), "publisher": f"Publisher {number % 89}",
                         "url": f"https://records.example/{day}/{number}/{kind}.html", "date": day,
                         "rank": "primary"}],
        }  # fmt: skip
        if number % 2:
            fields["quotes"] = [{"text": self._text(14), "speaker": f"Officer {number % 997}", "source": "s1"}]
        if number % 3 == 0:
            fields["authority"] = ["8 USC 1373"]
        if number % 5 == 0:
            fields["sources"].append({"id": "s2", "title": self._text(8), "publisher": "Wire", "rank": "secondary"})
        if number % 7 == 0:
            fields["note"] = self._text(12)
        if rng.random() < 0.1 and len(occurred) == len("2017-04-21"):
            fields["public"] = (date.fromisoformat(day) + timedelta(days=9)).isoformat()
        return fields

    def _act(self, number: int, jurisdictions: list[str]) -> Fields:
        """An act that names places."""
        rng = self._rng
        kind = rng.choices(self._local, self._weights)[0]
        demands = self._steady_demands if jurisdictions == [STEADY] else self._demands
        if kind in ("response", "deadline_extended", "deadline_withdrawn"):
            if demands:
                return self._follow_up(number, kind, demands[rng.randrange(len(demands))])
            kind = "statement"
        occurred, last = self._occurred(number)
        fields = self._common(number, kind, occurred, jurisdictions)
        match kind:
            case "finding":
                fields["outcome"] = rng.choice(("preliminary_concern", "no_evidence", "violation"))
            case "policy_change":
                fields["effect"] = "adopted"
            case "document_demand":
                fields["subpoena"] = rng.choice(("none", "threatened", "issued"))
            case _:
                pass
        if kind in _DEMANDS and self._reviews and rng.random() < 0.6:
            fields["review"] = {"id": rng.choice(self._reviews)}
        if kind in ("warning", "grant_threat", "condition_imposed", "funds_withheld", "funds_released"):
            fields["grants"] = [rng.choice(_GRANTS)]
        if kind in _DEMANDS and (kind != "finding" or rng.random() < 0.4):
            asked_by: Fields = {"words": self._text(6), "source": "s1"}
            if rng.random() < 0.6:
                asked_by["date"] = date.fromordinal(last + rng.randrange(10, 90)).isoformat()
            elif rng.random() < 0.7:
                asked_by["days"] = rng.choice((10, 14, 21, 30))
            fields["respond_by"] = asked_by
            demands.append(Demand(fields["id"], last, jurisdictions))
        return fields

    def _follow_up(self, number: int, kind: str, demand: Demand) -> Fields:
        """An answer to a demand, or what became of its deadline."""
        occurred = date.fromordinal(demand.last + self._rng.randrange(1, 60)).isoformat()
        fields = self._common(number, kind, occurred, [self._rng.choice(demand.addressees)])
        if kind == "response":
            return fields | {"form": "letter", "answers": [demand.id]}
        if kind == "deadline_extended":
            fields["extended_to"] = date.fromordinal(demand.last + 90).isoformat()
        return fields | {"demand": demand.id}

    def _national(self, number: int, which: int) -> Fields:
        """An act of the national line: first what introduces reviews, subjects, lists and cases, then a mixture."""
        rng = self._rng
        occurred, _ = self._occurred(number)
        if which < 30:
            self._reviews.append(f"review-{which}")
            review = {"id": self._reviews[-1], "title": self._text(6)}
            return self._common(number, "report", occurred, []) | {"review": review}
        if which < 80 or which % 12 == 0:
            self._subjects.append(f"subject-{which}")
            subject = {"id": self._subjects[-1], "title": self._text(5)}
            return self._common(number, "order" if which % 2 else "guidance", occurred, []) | {"subjects": [subject]}
        if which % 97 == 0:
            self._lists.append(f"list-{which}")
            named = {"id": self._lists[-1], "title": self._text(5)}
            return self._common(number, "list_published", occurred, self._names[:29]) | {"list": named}
        if which < 140 or which % 4 == 0:
            return self._filing(number, which, occurred)
        if which % 11 == 0:
            ends = {"ends_subjects": [rng.choice(self._subjects)], "ends_reviews": [rng.choice(self._reviews)]}
            return self._common(number, "order", occurred, []) | ends
        holdings = [self._holding() for _ in range(rng.choice((1, 1, 2)))]
        kind = "case_closed" if which % 23 == 0 else "ruling"
        return self._common(number, kind, occurred, []) | {
            "case": {"id": rng.choice(self._cases)},
            "holdings": holdings,
        }

    def _filing(self, number: int, which: int, occurred: str) -> Fields:
        rng = self._rng
        self._cases.append(f"case-{which}")
        circuit = rng.choice([*CIRCUITS, None])
        case: Fields = {
            "id": self._cases[-1],
            "caption": f"Place v. Office {which}",
            "court": "D.",
            "docket": f"1:17-cv-{which}",
        }
        if circuit is not None:
            case["circuit"] = circuit
        parties = self._some_places()[:9]
        subjects = sorted({rng.choice(self._subjects) for _ in range(2)})
        return self._common(number, "lawsuit_filed", occurred, parties) | {
            "case": case,
            "roles": dict.fromkeys(parties, "plaintiff"),
            "subjects": [{"id": one} for one in subjects],
        }

    def _holding(self) -> Fields:
        rng = self._rng
        scope = rng.choice(_SCOPES)
        holding = {"subject": rng.choice(self._subjects), "value": rng.choice(_VALUES), "scope": scope}
        return holding | ({"states": sorted(rng.sample(_STATES, 6))} if scope == "states" else {})
