"""Random records that nobody refuses, in the shape of the record's files: every kind of act, much collision.

`generate` gives places and entries, `shuffled` another order of arrival, `clocks` days worth asking, and
`script` a log.
"""

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import naive_rules as rules

Record = dict[str, list[dict[str, Any]]]
Entry = dict[str, Any]

FIRST, LAST = date(2016, 1, 4), date(2026, 11, 1)
TODAY = "2026-11-24"
STATES = {
    "california": ("CA", "America/Los_Angeles"),
    "illinois": ("IL", "America/Chicago"),
    "new-york": ("NY", "America/New_York"),
    "oregon": ("OR", "America/Los_Angeles"),
    "district-of-columbia": ("DC", "America/New_York"),
    "texas": ("TX", "America/Chicago"),
}
AGENCIES = {
    "ca-bscc": "california",
    "ca-doj": "california",
    "ca-aaa": "california",
    "il-icjia": "illinois",
    "il-zoo": "illinois",
}
REVIEWS = ["review-one", "review-two", "review-three", "review-four"]
GRANTS = ["jag-fy2016", "jag-fy2017", "cops-fy2017", "fema-shelter"]
LISTS = ["list-one", "list-two", "list-three"]
SUBJECTS = ["access", "notice", "order-s9", "local-law", "certification"]
POLICIES = ["local-law", "detainer-rule", "welcoming-law"]
CASES: dict[str, int | str | None] = {
    "city-v-one": 9,
    "city-v-two": 7,
    "state-v-three": 2,
    "us-v-four": "dc",
    "us-v-five": None,
}
WORDS = ["amber", "birch", "cedar", "delta", "elm", "fir", "garnet", "hazel", "iris", "jade"]
KINDS = {
    "inquiry": 12, "report": 8, "warning": 12, "grant_threat": 8, "finding": 22, "document_demand": 14,
    "condition_imposed": 10, "condition_withdrawn": 8, "funds_withheld": 7, "funds_released": 6,
    "list_published": 9, "list_changed": 12, "list_withdrawn": 5, "order": 9, "guidance": 6, "statement": 14,
    "press_report": 3, "meeting": 3, "hearing": 3, "response": 40, "policy_change": 22, "agreement": 8,
    "lawsuit_filed": 22, "ruling": 34, "case_closed": 6, "deadline_extended": 12, "deadline_withdrawn": 9,
}  # fmt: skip
PARTIES = {
    "inquiry": "federal federal jurisdiction other", "press_report": "press", "response": "jurisdiction",
    "statement": "federal jurisdiction other", "meeting": "federal jurisdiction",
    "hearing": "federal court jurisdiction", "policy_change": "jurisdiction",
    "agreement": "federal jurisdiction", "lawsuit_filed": "federal jurisdiction", "ruling": "court",
    "case_closed": "court jurisdiction federal",
}  # fmt: skip


def places_of(rng: random.Random, places: int) -> list[dict[str, Any]]:
    """States and agencies first, then cities and counties of those states."""
    made: list[dict[str, Any]] = []
    for name, (state, zone) in STATES.items():
        made.append(
            {
                "id": name,
                "name": name.title(),
                "kind": "state",
                "state": state,
                "time_zone": zone,
                "aliases": [],
            }
        )
    for name, speaks_for in AGENCIES.items():
        state, zone = STATES[speaks_for]
        agency = {"id": name, "name": name.upper(), "kind": "agency", "state": state, "time_zone": zone}
        made.append({**agency, "speaks_for": speaks_for, "aliases": []})
    number = 0
    while len(made) < places:
        number += 1
        state, zone = rng.choice(list(STATES.values()))
        kind = rng.choice(["city", "city", "county"])
        words = f"place-{number}" if kind == "city" else f"shire-{number}-county"
        slug = f"{words}-{state.lower()}"
        made.append(
            {
                "id": slug,
                "name": f"Place {number}",
                "kind": kind,
                "state": state,
                "time_zone": zone,
                "aliases": [],
            }
        )
    return made[: max(places, len(STATES) + len(AGENCIES))]


class Writer:
    """Writes one entry after the other; each names only what an earlier one introduced, or introduces it."""

    def __init__(self, seed: int, places: int) -> None:
        self.rng = random.Random(seed)
        self.jurisdictions = places_of(self.rng, places)
        self.places = {p["id"]: p for p in self.jurisdictions}
        self.entries: list[Entry] = []
        self.known: dict[str, list[str]] = {word: [] for word in ("review", "list", "subject", "policy", "case")}
        self.busy = [self.day() for _ in range(30)]
        cities = [p["id"] for p in self.jurisdictions if p["kind"] in ("city", "county")]
        self.hot = ["california", "ca-bscc", "ca-doj", "illinois", *cities[:4]]

    # Dates

    def day(self) -> date:
        return FIRST + timedelta(days=self.rng.randrange((LAST - FIRST).days + 1))

    def within(self, day: date) -> date:
        return min(max(day, FIRST), LAST)

    def when(self, around: date | None = None) -> str:
        """A date as written: mostly a day, often a busy one; else an interval, a month or a year."""
        rng = self.rng
        day = self.within(around or (rng.choice(self.busy) if rng.random() < 0.6 else self.day()))
        roll = rng.random()
        if roll < 0.66:
            return day.isoformat()
        if roll < 0.84:
            end = self.within(day + timedelta(days=rng.choice([1, 3, 14, 60, 200])))
            return f"{day.isoformat()}/{end.isoformat()}" if end > day else day.isoformat()
        if roll < 0.95:
            return day.isoformat()[:7] if (day.year, day.month) < (2026, 11) else day.isoformat()
        return str(day.year) if day.year < 2026 else day.isoformat()

    def public(self, occurred: str) -> str | None:
        """When it was first public: never before the act's own earliest bound."""
        rng = self.rng
        first, last = (date.fromisoformat(d) for d in rules.bounds(occurred))
        start = rng.choice([first, last, last]) + timedelta(days=rng.choice([0, 1, 2, 30, 90, 400]))
        roll = rng.random()
        if roll < 0.2:
            start = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
            written = start.isoformat()[:7]
        elif roll < 0.28:
            written = str(start.year + 1)
        elif roll < 0.5:
            written = f"{start.isoformat()}/{(start + timedelta(days=rng.choice([1, 20, 150]))).isoformat()}"
        else:
            written = start.isoformat()
        return written if rules.bounds(written)[1] <= LAST.isoformat() else None

    # Pieces

    def some(self, least: int = 1, most: int = 4) -> list[str]:
        """A few places, mostly of the few that many acts name."""
        pool = self.hot if self.rng.random() < 0.75 else list(self.places)
        return self.rng.sample(pool, min(self.rng.randint(least, most), len(pool)))

    def thing(self, word: str, name: str) -> dict[str, Any]:
        """A review, list, subject, policy or case: with its title where it is new, by id alone afterwards."""
        if name in self.known[word]:
            return {"id": name}
        self.known[word].append(name)
        if word != "case":
            return {"id": name, "title": f"The {word} {name}"}
        case = {
            "id": name,
            "caption": f"The case {name}",
            "court": "A court",
            "docket": f"1:17-cv-{len(name):05}",
        }
        return case if CASES[name] is None else {**case, "circuit": CASES[name]}

    def subjects(self, most: int = 2) -> list[dict[str, Any]]:
        return [self.thing("subject", s) for s in self.rng.sample(SUBJECTS, self.rng.randint(1, most))]

    def respond_by(self, occurred: str) -> dict[str, Any]:
        """A day, a period, or neither; for an answer or for compliance."""
        rng = self.rng
        asked: dict[str, Any] = {"words": "[as the letter has it]", "source": "s1"}
        roll = rng.random()
        if roll < 0.5:
            last = date.fromisoformat(rules.bounds(occurred)[1])
            asked["date"] = self.within(last + timedelta(days=rng.choice([0, 1, 7, 14, 30, 60, 120]))).isoformat()
        elif roll < 0.72:
            asked["days"] = rng.choice([1, 3, 7, 14, 21, 30])
        if rng.random() < 0.3:
            asked["for"] = rng.choice(["compliance", "compliance", "answer"])
        return asked

    def holding(self, occurred: str) -> dict[str, Any]:
        rng = self.rng
        scope = rng.choice(["nationwide", "nationwide", "parties", "circuit", "states", "named", "named"])
        values = [
            "challenged",
            "enjoined",
            "enjoined",
            "enjoined",
            "enjoined_stayed",
            "upheld",
            "vacated",
            "dismissed",
        ]
        held: dict[str, Any] = {
            "subject": rng.choice(self.known["subject"]),
            "value": rng.choice(values),
            "scope": scope,
        }
        if scope == "states":
            held["states"] = rng.sample(["CA", "IL", "NY", "OR", "DC", "TX"], rng.randint(1, 3))
        if scope == "named":
            held["jurisdictions"] = self.some(1, 3)
        if rng.random() < 0.25:
            last = date.fromisoformat(rules.bounds(occurred)[rng.randint(0, 1)])
            held["until"] = self.within(last + timedelta(days=rng.choice([0, 1, 10, 14, 60, 300]))).isoformat()
        if rng.random() < 0.2:
            held["case"] = rng.choice(self.known["case"])
        if rng.random() < 0.2:
            held["note"] = "A note on the holding."
        return held

    def demands(self) -> list[Entry]:
        return [e for e in self.entries if "respond_by" in e and e["jurisdictions"]]

    def relatives(self, addressees: Sequence[str], most: int = 2) -> list[str]:
        """Some of the families of some addressees."""
        chosen = self.rng.sample(list(addressees), self.rng.randint(1, min(most, len(addressees))))
        return list(dict.fromkeys(self.rng.choice(rules.family(self.places, name)) for name in chosen))

    def after(self, others: Sequence[Entry]) -> str:
        """A date that is not certainly before any of the others."""
        last = max(rules.earliest(other) for other in others)
        for _ in range(20):
            day = date.fromisoformat(last) + timedelta(days=self.rng.choice([0, 0, 1, 5, 14, 30, 30, 90, 300]))
            written = self.when(self.within(day))
            if rules.bounds(written)[1] >= last:
                return written
        return last

    # Whole entries

    def write(self, kind: str) -> None:
        """One entry of a kind, or none where it has nothing yet to speak of."""
        rng = self.rng
        party = rng.choice(PARTIES.get(kind, "federal").split())
        entry: Entry = {"kind": kind, "occurred": self.when(), "jurisdictions": self.some()}
        entry["actor"] = {"office": f"Office of {rng.choice(WORDS)}", "party": party}
        if rng.random() < 0.4:
            entry["actor"]["name"] = f"A. {rng.choice(WORDS).title()}"
        fill: Callable[[Entry], bool] = getattr(self, f"as_{kind}", lambda _: True)
        if not fill(entry):
            return
        self.finish(entry)

    def finish(self, entry: Entry) -> None:
        """Id, words and sources; a sequence where the day asks for one."""
        rng = self.rng
        occurred = entry["occurred"]
        prefix = occurred if "/" not in occurred else occurred[:4]
        entry["id"] = f"{prefix}-{rng.choice(WORDS)}-{entry['kind'].replace('_', '-')}-{len(self.entries) + 1}"
        if rng.random() < 0.25:
            entry["sequence"] = rng.randint(1, 3)
        by_id = {e["id"]: e for e in self.entries}
        links = [
            *entry.get("answers", []),
            *entry.get("disputes", []),
            *([entry["demand"]] if "demand" in entry else []),
        ]
        others = [by_id[link] for link in links]
        if any(rules.came_certainly_later(other, entry) == "sequence" for other in others):
            entry["sequence"] = 1 + max(other.get("sequence", 0) for other in others)
        if rng.random() < 0.3 and (public := self.public(occurred)):
            entry["public"] = public
        entry["summary"] = f"What happened, in our words ({rng.choice(WORDS)})."
        source = {
            "title": "A document",
            "publisher": "A publisher",
            "url": "https://example.org/",
            "rank": "primary",
        }
        entry["sources"] = [{"id": "s1", **source}]
        if rng.random() < 0.3:
            entry["sources"].append({"id": "s2", **source, "date": "2017-04-21", "rank": "secondary"})
            entry["claims"] = [{"field": "occurred", "value": "2017-04-20", "source": "s2", "note": "Another day."}]
        if rng.random() < 0.3:
            entry["quotes"] = [{"text": "word for word", "speaker": "Who said it", "source": "s1"}]
        if rng.random() < 0.2:
            entry["authority"] = ["8 USC 1373"]
        if self.entries and rng.random() < 0.2:
            entry["follows"] = [rng.choice(self.entries)["id"]]
        entry["confidence"] = rng.choice(["high", "high", "medium", "low"])
        if rng.random() < 0.2:
            entry["note"] = "What is uncertain and why."
        if entry["kind"] == "policy_change" and "policy" not in entry:
            self.known["policy"].append(entry["id"])
        if rules.review_of(entry) == entry["id"]:
            self.known["review"].append(entry["id"])
        order = ["id", "kind", "occurred", "public", "sequence", "actor", "jurisdictions"]
        self.entries.append({**{k: entry[k] for k in order if k in entry}, **entry})

    def nobody(self, entry: Entry, chance: float) -> None:
        if self.rng.random() < chance:
            entry["jurisdictions"] = []

    def of_review(self, entry: Entry, chance: float) -> None:
        if self.rng.random() < chance:
            entry["review"] = self.thing("review", self.rng.choice(REVIEWS))

    def of_grants(self, entry: Entry, chance: float) -> None:
        if self.rng.random() < chance:
            entry["grants"] = self.rng.sample(GRANTS, self.rng.randint(1, 2))

    def asking(self, entry: Entry, chance: float) -> None:
        if self.rng.random() < chance:
            entry["respond_by"] = self.respond_by(entry["occurred"])

    def as_inquiry(self, entry: Entry) -> bool:
        self.of_review(entry, 0.7)
        self.asking(entry, 0.8)
        return True

    def as_report(self, entry: Entry) -> bool:
        self.of_review(entry, 0.85)
        self.nobody(entry, 0.1)
        return True

    def as_warning(self, entry: Entry) -> bool:
        self.of_review(entry, 0.8)
        self.of_grants(entry, 0.7)
        self.asking(entry, 0.7)
        return True

    def as_grant_threat(self, entry: Entry) -> bool:
        self.of_review(entry, 0.6)
        self.of_grants(entry, 1)
        self.asking(entry, 0.4)
        self.nobody(entry, 0.1)
        return True

    def as_finding(self, entry: Entry) -> bool:
        self.of_review(entry, 0.85)
        self.of_grants(entry, 0.4)
        self.asking(entry, 0.3)
        entry["outcome"] = self.rng.choice(["preliminary_concern", "no_evidence", "no_evidence", "violation"])
        if self.rng.random() < 0.3:
            entry["reservation"] = "Nothing is said of other papers."
        return True

    def as_document_demand(self, entry: Entry) -> bool:
        self.of_review(entry, 0.8)
        self.of_grants(entry, 0.5)
        self.asking(entry, 0.8)
        entry["subpoena"] = self.rng.choice(["none", "threatened", "issued"])
        return True

    def as_condition_imposed(self, entry: Entry) -> bool:
        self.of_review(entry, 0.5)
        self.of_grants(entry, 0.9)
        self.asking(entry, 0.4)
        self.nobody(entry, 0.3)
        if self.rng.random() < 0.6:
            entry["subjects"] = self.subjects()
        return True

    def as_condition_withdrawn(self, entry: Entry) -> bool:
        self.of_grants(entry, 0.8)
        self.nobody(entry, 0.5)
        if self.rng.random() < 0.7 or "grants" not in entry:
            entry["subjects"] = self.subjects()
        return True

    def as_funds_withheld(self, entry: Entry) -> bool:
        self.of_grants(entry, 1)
        return True

    as_funds_released = as_funds_withheld

    def as_list_published(self, entry: Entry) -> bool:
        entry["list"] = self.thing("list", self.rng.choice(LISTS))
        entry["jurisdictions"] = self.some(2, 6)
        return True

    def as_list_changed(self, entry: Entry) -> bool:
        rng = self.rng
        entry["list"] = self.thing("list", rng.choice(LISTS))
        entry["jurisdictions"] = self.some(2, 6)
        which = rng.choice(["added", "removed", "both"])
        for field in ("added", "removed"):
            if which in (field, "both"):
                entry[field] = rng.sample(entry["jurisdictions"], rng.randint(1, len(entry["jurisdictions"])))
        return True

    def as_list_withdrawn(self, entry: Entry) -> bool:
        entry["list"] = self.thing("list", self.rng.choice(LISTS))
        self.nobody(entry, 0.6)
        return True

    def as_order(self, entry: Entry) -> bool:
        rng = self.rng
        self.nobody(entry, 0.75)
        if rng.random() < 0.4:
            entry["subjects"] = self.subjects()
        for field, word, most in (
            ("ends_reviews", "review", 2),
            ("ends_lists", "list", 1),
            ("ends_subjects", "subject", 2),
        ):
            if self.known[word] and rng.random() < 0.5:
                named = [
                    name for name in self.known[word] if name in (*REVIEWS, *LISTS, *SUBJECTS) or rng.random() < 0.1
                ]
                entry[field] = rng.sample(named, min(rng.randint(1, most), len(named)))
                if not named:
                    del entry[field]
        orders = [e["id"] for e in self.entries if e["kind"] in ("order", "guidance")]
        if orders and rng.random() < 0.2:
            entry["revokes"] = [rng.choice(orders)]
        return True

    as_guidance = as_order

    def disputing(self, entry: Entry, chance: float) -> None:
        listed = [e for e in self.entries if "list" in e and e["jurisdictions"]]
        if listed and self.rng.random() < chance:
            disputed = self.rng.choice(listed)
            entry["disputes"] = [disputed["id"]]
            entry["jurisdictions"] = self.relatives(disputed["jurisdictions"])
            entry["occurred"] = self.after([disputed])

    def as_statement(self, entry: Entry) -> bool:
        self.disputing(entry, 0.7)
        return True

    def answering(self, entry: Entry, chance: float) -> bool:
        rng = self.rng
        if not self.demands() or rng.random() >= chance:
            return False
        demand = rng.choice(self.demands())
        entry["jurisdictions"] = self.relatives(demand["jurisdictions"])
        also = [
            other
            for other in self.demands()
            if other is not demand
            and any(rules.of_family(self.places, entry, to) for to in other["jurisdictions"])
            and abs((date.fromisoformat(rules.earliest(other)) - date.fromisoformat(rules.earliest(demand))).days) < 400
        ]
        demands = [demand, *(rng.sample(also, 1) if also and rng.random() < 0.4 else [])]
        entry["answers"] = [d["id"] for d in demands]
        entry["occurred"] = self.after(demands)
        return True

    def as_response(self, entry: Entry) -> bool:
        entry["form"] = self.rng.choice(["letter", "letter", "oral", "other"])
        if not self.answering(entry, 0.9):
            self.disputing(entry, 0.7)
        elif self.rng.random() < 0.3:
            listed = [e for e in self.entries if "list" in e]
            if listed:
                disputed = self.rng.choice(listed)
                if rules.came_certainly_later(disputed, {"id": "", **entry}) is None:
                    entry["disputes"] = [disputed["id"]]
        return True

    def as_policy_change(self, entry: Entry) -> bool:
        rng = self.rng
        if rng.random() < 0.85:
            entry["policy"] = self.thing("policy", rng.choice(POLICIES))
        entry["effect"] = rng.choice(["adopted", "amended", "rescinded", "reaffirmed"])
        if rng.random() < 0.3:
            entry["direction"] = rng.choice(["limits", "requires"])
        self.answering(entry, 0.15)
        return True

    def as_agreement(self, entry: Entry) -> bool:
        self.answering(entry, 0.3)
        self.of_review(entry, 0.85)
        return True

    def as_lawsuit_filed(self, entry: Entry) -> bool:
        rng = self.rng
        self.answering(entry, 0.15)
        entry["case"] = self.thing("case", rng.choice(list(CASES)))
        if rng.random() < 0.3 and "answers" not in entry:
            entry["jurisdictions"] = rng.choice(
                [["california", "ca-doj"], ["ca-bscc", "ca-aaa"], ["illinois", "il-zoo"], []]
            )
        if rng.random() < 0.9:
            entry["subjects"] = self.subjects(3)
        parties = [name for name in entry["jurisdictions"] if rng.random() < 0.85]
        if parties:
            entry["roles"] = {name: rng.choice(["plaintiff", "plaintiff", "defendant"]) for name in parties}
        return True

    def as_ruling(self, entry: Entry) -> bool:
        rng = self.rng
        if not self.known["subject"] or not self.known["case"]:
            return False
        entry["case"] = self.thing("case", rng.choice(self.known["case"]))
        self.nobody(entry, 0.2)
        entry["holdings"] = [self.holding(entry["occurred"]) for _ in range(rng.choice([1, 1, 2, 3]))]
        return True

    def as_case_closed(self, entry: Entry) -> bool:
        if not self.as_ruling(entry):
            return False
        if self.rng.random() < 0.4:
            del entry["holdings"]
        return True

    def as_deadline_extended(self, entry: Entry) -> bool:
        if not self.as_deadline_withdrawn(entry):
            return False
        demand = next(other for other in self.entries if other["id"] == entry["demand"])
        first = max(rules.earliest(entry), rules.set_day(demand) or "")
        day = date.fromisoformat(first) + timedelta(days=self.rng.choice([0, 1, 14, 30, 90]))
        entry["extended_to"] = max(first, self.within(day).isoformat())
        return True

    def as_deadline_withdrawn(self, entry: Entry) -> bool:
        if not self.demands():
            return False
        moved = [e["demand"] for e in self.entries if "demand" in e]
        again = [d for d in self.demands() if d["id"] in moved]
        demand = self.rng.choice(again if again and self.rng.random() < 0.5 else self.demands())
        entry["demand"] = demand["id"]
        entry["jurisdictions"] = self.relatives(demand["jurisdictions"], 3)
        entry["occurred"] = self.after([demand])
        return True


def generate(seed: int, *, acts: int = 300, places: int = 20) -> Record:
    """A record of about `acts` entries, the same for the same seed; they come in no order."""
    writer = Writer(seed, places)
    kinds = [kind for kind in KINDS if acts >= len(KINDS)]
    kinds += writer.rng.choices(list(KINDS), weights=list(KINDS.values()), k=max(0, acts - len(kinds)))
    writer.rng.shuffle(kinds)
    for kind in kinds:
        writer.write(kind)
    return shuffled({"jurisdictions": writer.jurisdictions, "entries": writer.entries}, seed)


def shuffled(record: Record, seed: int) -> Record:
    """The same record in another order of arrival."""
    rng = random.Random(seed)
    return {name: rng.sample(things, len(things)) for name, things in record.items()}


def clocks(seed: int, record: Record, n: int) -> list[tuple[str, str | None]]:
    """Pairs of `as_of` and `public_by`, most of them on, before or after a day on which something changes."""
    rng = random.Random(seed)
    days: set[str] = set()
    for entry in record["entries"]:
        days |= {*rules.bounds(entry["occurred"]), *rules.bounds(entry.get("public") or entry["occurred"])}
        days |= {holding["until"] for holding in entry.get("holdings", []) if "until" in holding}
        days |= {entry["extended_to"]} if "extended_to" in entry else set()
        if "respond_by" in entry and (due := rules.set_day(entry)):
            days.add(due)
    edges = sorted(days)

    def edge() -> str:
        day = date.fromisoformat(rng.choice(edges)) + timedelta(days=rng.choice([-1, 0, 0, 1]))
        return min(day.isoformat(), TODAY)

    pairs: list[tuple[str, str | None]] = []
    for _ in range(n):
        as_of = edge() if rng.random() < 0.9 else TODAY
        pairs.append((as_of, rng.choice([None, None, as_of, edge(), edge()])))
    return pairs


# --- A log --------------------------------------------------------------------------------------------------


def needed(entry: Entry, introducers: dict[tuple[str, str], str]) -> set[str]:
    """The ids of the places and entries that must be recorded first."""
    ids = {
        *entry["jurisdictions"],
        *entry.get("roles", {}),
        *entry.get("added", []),
        *entry.get("removed", []),
    }
    for field in ("answers", "disputes", "follows", "revokes"):
        ids |= set(entry.get(field, []))
    ids |= {entry["demand"]} if "demand" in entry else set()
    used = [(word, entry[word]["id"]) for word in ("review", "list", "policy", "case") if entry.get(word)]
    used += [("subject", subject["id"]) for subject in entry.get("subjects", [])]
    for field, word in (("ends_reviews", "review"), ("ends_lists", "list"), ("ends_subjects", "subject")):
        used += [(word, name) for name in entry.get(field, [])]
    for holding in entry.get("holdings", []):
        ids |= set(holding.get("jurisdictions", []))
        used += [
            ("subject", holding["subject"]),
            *([("case", holding["case"])] if holding.get("case") else []),
        ]
    return (ids | {introducers[use] for use in used}) - {entry["id"]}


def script(seed: int, record: Record, *, revisions: float = 0.6, move_agencies: bool = True) -> list[dict[str, Any]]:
    """The record as a log in a random valid order, with acts on the record itself among it."""
    rng = random.Random(seed)
    introducers = {
        (word, name): entry["id"]
        for entry in record["entries"]
        for word in ("review", "list", "policy", "subject", "case")
        for name in rules.introduced([entry], word)
    }
    late = {p["id"] for p in record["jurisdictions"] if p["kind"] != "state" and rng.random() < 0.2}
    waiting: dict[str, tuple[set[str], dict[str, Any]]] = {}
    for place in record["jurisdictions"]:
        parents = {place["speaks_for"]} if place.get("speaks_for") else set()
        waiting[place["id"]] = (parents, {"event": "added", "jurisdiction": place})
    for entry in record["entries"]:
        waiting[entry["id"]] = (needed(entry, introducers), {"event": "recorded", "entry": entry})
    revision = Revisions(rng, record, move_agencies=move_agencies)
    log: list[dict[str, Any]] = []
    done: set[str] = set()
    while waiting:
        ready = [name for name, (first, _) in waiting.items() if first <= done]
        places = [name for name in ready if name in revision.places and name not in late]
        name = rng.choice(places or ready)
        log.append(waiting.pop(name)[1])
        done.add(name)
        if name in revision.entries:
            revision.recorded.append(name)
            while rng.random() < revisions / (1 + revisions):
                log.extend(revision.next())
    return log


class Revisions:
    """Acts on the record itself; each leaves every entry, also those still to come, acceptable."""

    def __init__(self, rng: random.Random, record: Record, *, move_agencies: bool) -> None:
        self.rng = rng
        self.entries: dict[str, Entry] = {e["id"]: e for e in record["entries"]}
        self.places = {p["id"]: p for p in record["jurisdictions"]}
        self.recorded: list[str] = []
        self.retracted: list[str] = []
        self.writer = Writer(rng.randrange(10**9), len(self.places))
        self.writer.places = self.places
        self.writer.hot = [name for name in self.writer.hot if name in self.places]
        self.move_agencies = move_agencies

    def next(self) -> list[dict[str, Any]]:
        """One event, or none where the one that was tried would be refused."""
        roll = self.rng.random()
        if roll < 0.1:
            return self.update()
        if self.retracted and roll < 0.22:
            name = self.retracted.pop(self.rng.randrange(len(self.retracted)))
            return [{"event": "reinstated", "entry": name}]
        standing = [name for name in self.recorded if name not in self.retracted]
        if not standing:
            return []
        name = self.rng.choice(standing)
        if roll < 0.36:
            self.retracted.append(name)
            return [{"event": "retracted", "entry": name}]
        if roll < 0.42:
            return [{"event": "disputed", "entry": name}]
        return self.correct(name)

    def correct(self, name: str) -> list[dict[str, Any]]:
        """A correction of one or two fields."""
        before = self.entries[name]
        fields: dict[str, Any] = {}
        for _ in range(self.rng.choice([1, 1, 2])):
            fields |= self.proposal(before | fields)
        after = rules.with_fields(before, fields)
        changed = {field: value for field, value in fields.items() if before.get(field) != value}
        if not changed or not self.accepted({**self.entries, name: after}, name):
            return []
        self.entries[name] = after
        return [{"event": "corrected", "entry": name, "fields": changed}]

    def proposal(self, entry: Entry) -> dict[str, Any]:
        """New values that fit the entry's kind."""
        rng, writer = self.rng, self.writer
        ways: list[Callable[[], dict[str, Any]]] = [
            lambda: {"occurred": self.near(entry)},
            lambda: {"occurred": self.near(entry), "public": None},
            lambda: {"public": writer.public(entry["occurred"])},
            lambda: {"public": None},
            lambda: {"sequence": rng.choice([1, 2, 3])},
            lambda: {"quotes": [{"text": "other words", "speaker": "Another", "source": "s1"}]},
            lambda: {"note": rng.choice([None, "A better note."])},
            lambda: {"summary": f"A better summary ({rng.choice(WORDS)})."},
        ]
        if entry["kind"] != "lawsuit_filed" and entry["jurisdictions"]:
            ways += [lambda: {"jurisdictions": [*entry["jurisdictions"], *self.others(entry)]}] * 2
            ways.append(lambda: {"jurisdictions": entry["jurisdictions"][: max(1, len(entry["jurisdictions"]) - 1)]})
        if "grants" in entry:
            ways += [lambda: {"grants": rng.sample(GRANTS, rng.randint(1, 2))}] * 3
        if "respond_by" in entry:
            ways += [lambda: {"respond_by": writer.respond_by(entry["occurred"])}] * 3
        if "extended_to" in entry:
            day = date.fromisoformat(entry["extended_to"]) + timedelta(days=rng.choice([-9, 9]))
            ways += [lambda: {"extended_to": writer.within(day).isoformat()}] * 3
        if "outcome" in entry:
            ways += [lambda: {"outcome": rng.choice(["preliminary_concern", "no_evidence", "violation"])}] * 2
        if "effect" in entry:
            ways += [lambda: {"effect": rng.choice(["adopted", "amended", "rescinded", "reaffirmed"])}] * 2
        if len(entry.get("answers", [])) > 1:
            ways += [lambda: {"answers": entry["answers"][:1]}] * 2
        if entry.get("holdings"):
            held = entry["holdings"][0]
            value = rng.choice(["enjoined", "vacated", "upheld", "challenged"])
            ways += [lambda: {"holdings": [{**held, "value": value}, *entry["holdings"][1:]]}] * 3
        return rng.choice(ways)()

    def near(self, entry: Entry) -> str:
        """Another date, not far from the one that stands."""
        day = date.fromisoformat(rules.earliest(entry)) + timedelta(days=self.rng.choice([-30, -3, -1, 0, 1, 3, 30]))
        return self.writer.when(self.writer.within(day))

    def others(self, entry: Entry) -> list[str]:
        return [name for name in self.writer.some(1, 2) if name not in entry["jurisdictions"] and name in self.named()]

    def named(self) -> set[str]:
        """The places that recorded entries name: those are certainly added."""
        return {name for recorded in self.recorded for name in self.entries[recorded]["jurisdictions"]}

    def update(self) -> list[dict[str, Any]]:
        """A place's name or time zone, or the state that an agency speaks for."""
        rng = self.rng
        added = sorted(self.named())
        if not added:
            return []
        name = rng.choice(added)
        place = self.places[name]
        fields: dict[str, Any] = {"name": f"{place['id'].title()} {rng.choice(WORDS)}"}
        if rng.random() < 0.4:
            fields = {"time_zone": rng.choice(["America/Denver", "America/Chicago", "Pacific/Honolulu"])}
        if self.move_agencies and place.get("speaks_for") and rng.random() < 0.5:
            state = rng.choice(["california", "illinois"])
            fields = {"speaks_for": state, "state": STATES[state][0]}
        if all(place.get(field) == value for field, value in fields.items()):
            return []
        self.places[name] = {**place, **fields}
        if "speaks_for" in fields and not self.accepted(self.entries):
            self.places[name] = place
            return []
        return [{"event": "updated", "jurisdiction": name, "fields": fields}]

    def accepted(self, entries: dict[str, Entry], only: str | None = None) -> bool:
        """Whether nothing would be refused: of all entries, or of one and those that link to it."""
        added = [{"event": "added", "jurisdiction": place} for place in self.places.values()]
        return not any(
            rules.refusals(added, entry, TODAY, entries.values())
            for entry in entries.values()
            if only is None
            or only in (entry["id"], entry.get("demand"), *entry.get("answers", []), *entry.get("disputes", []))
        )
