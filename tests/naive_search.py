"""A naive reading of what a search finds, in which order, and of facets: slow, plain, and apart from `src`.

The glossary says: all words must stand in an entry's summary, quotes (with their speakers), actor or sources (title and
publisher), or in the names of the places and the case that it names, whatever their case and diacritics; "words in
quotes" stand one after the other, a word* may go on, and what has a -word is left out. First come entries with all of
it in the summary, then in summary and quotes, then the rest; of those alike, the newest.
"""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import naive_rules

Entry = dict[str, Any]
Names = Mapping[tuple[str, str], Sequence[str]]
"""Names by what they are of: `place` or `case`, and its id."""
Wanted = tuple[bool, bool, list[str]]
"""Whether it is left out, whether the last word may go on, and the words."""

VOCABULARY = [
    "letter", "letters", "Letter's", "sanctuary", "SANCTUARY", "sanct", "New Orleans", "new", "Orléans", "1373",
    "Orle\u0301ans", "8 U.S.C. 1373", "§1373(a)", "don’t", "don't", "co-operate", "naïve", "İstanbul", "straße",
    "STRASSE", "ﬁne", "fin", "x\u00adray", "½", "a_b", "a  b", "Ωmega", "ω", "东京", "приветъ", "AND", "or", "NOT",
    "100%", "_", "*", "\\", "\U0001f600", "—", "e\u0301", "\u01c5ungla", "\u017f", "\u212a",
    "Hawaiʻi", "Hawai'i", "O’ahu", "Hawaii",
]  # fmt: skip


@cache
def words(text: str) -> list[str]:
    """Lower-case letters and digits without diacritics, split by all else, an okina between vowels left out."""
    for mark in "`´ʹʻʼʽ‘’‛′ꞌ＇":
        text = text.replace(mark, "'")
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = [one for one in plain if unicodedata.category(one) not in ("Mn", "Me", "Cf")]
    out = ""
    for before, one, after in zip([" ", *kept], kept, [*kept[1:], " "], strict=False):
        okina = one == "'" and before in "aeiou" and after in "aeiou"
        out += one if one.isalnum() else "" if okina else " "
    return [word[:100] for word in out.split()]


def wanted(question: str) -> list[Wanted]:
    """What a question asks for."""
    for mark in "“”„‟«»":
        question = question.replace(mark, '"')
    found: list[Wanted] = []
    rest = question
    while rest := rest.lstrip():
        minus = rest[0] == "-"
        rest = rest[1:] if minus else rest
        if minus and (not rest or rest[0].isspace()):
            continue
        if rest[0] == '"':
            text, _, rest = rest[1:].partition('"')
            goes_on = rest.startswith("*")
            rest = rest.lstrip("*")
        else:
            end = next((at for at, one in enumerate(rest) if one.isspace() or one == '"'), len(rest))
            text, rest = rest[:end], rest[end:]
            goes_on = text.endswith("*")
        if words(text):
            found.append((minus, goes_on, words(text)))
    return found


def askable(question: str) -> bool:
    """Whether there is something to look for."""
    return len(question) <= 200 and any(not minus for minus, _, _ in wanted(question))


def stands_in(one: Wanted, texts: Iterable[str | None]) -> bool:
    """Whether the words stand one after the other in one of the texts."""
    _, goes_on, sought = one
    for text in texts:
        there = words(text or "")
        for start in range(len(there) - len(sought) + 1):
            here = there[start : start + len(sought)]
            if here == sought or (goes_on and here[:-1] == sought[:-1] and here[-1].startswith(sought[-1])):
                return True
    return False


def names_of(places: Mapping[str, Mapping[str, Any]], entries: Iterable[Entry]) -> Names:
    """What places and cases are called: every place by its id, every case by its own."""
    names = {("place", id_): [place["name"], *place.get("aliases", [])] for id_, place in places.items()}
    cases = [entry["case"] for entry in entries if "case" in entry]
    return names | {("case", case["id"]): [case["caption"]] for case in cases if "caption" in case}


def fit(entry: Entry, question: str, names: Names) -> int | None:
    """How well: 0 all of it in the summary, 1 in summary and quotes, 2 anywhere; None where it is not found."""
    summary = [entry["summary"]]
    said = [*summary, *(quote.get(part) for quote in entry.get("quotes", []) for part in ("text", "speaker"))]
    everything = [*said, entry["actor"].get("name"), entry["actor"].get("office")]
    everything += [source.get(part) for source in entry["sources"] for part in ("title", "publisher")]
    named = [("place", slug) for slug in entry["jurisdictions"]]
    named += [("case", entry["case"]["id"])] if "case" in entry else []
    everything += [name for key in named for name in names.get(key, [])]
    asked = wanted(question)
    if any(minus and stands_in((minus, more, its), everything) for minus, more, its in asked):
        return None
    for level, texts in enumerate((summary, said, everything)):
        if all(stands_in(one, texts) for one in asked if not one[0]):
            return level
    return None


def ranked(entries: Iterable[Entry], question: str, names: Names) -> list[str]:
    """The ids of the entries found, best first."""
    found = sorted(entries, key=naive_rules.by_occurrence, reverse=True)
    fits = {entry["id"]: level for entry in found if (level := fit(entry, question, names)) is not None}
    return sorted(fits, key=fits.__getitem__)


def facets(entries: Iterable[Entry], places: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How many entries have each kind, place (or its agency), party, and year of the earliest bound."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("kind", "jurisdiction", "party", "year")}
    for entry in entries:
        counts["kind"][entry["kind"]] += 1
        counts["party"][entry["actor"]["party"]] += 1
        counts["year"][naive_rules.bounds(entry["occurred"])[0][:4]] += 1
        named = set(entry["jurisdictions"])
        counts["jurisdiction"].update(
            named | {places[one]["speaks_for"] for one in named if "speaks_for" in places[one]}
        )
    return {name: dict(its) for name, its in counts.items()}


def wordy(entries: Iterable[Entry], seed: int) -> None:
    """Gives entries texts in which there is something to find, and to stumble over."""
    rng = random.Random(seed)

    def text() -> str:
        return rng.choice([" ", ", ", "-"]).join(rng.choices(VOCABULARY, k=rng.randint(1, 6))) + " it"

    for entry in entries:
        entry["summary"] = text()
        entry["sources"] = [{**one, "title": text(), "publisher": text()} for one in entry["sources"]]
        if rng.random() < 0.5:
            source = entry["sources"][0]["id"]
            entry["quotes"] = [{"text": text(), "speaker": text(), "source": source} for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.5:
            entry["actor"] = {**entry["actor"], "office": text()}


def questions(seed: int, entries: Iterable[Entry], n: int) -> list[str]:
    """Things to look for, most of which some entry says."""
    rng = random.Random(seed)
    texts = [words(entry["summary"]) for entry in entries]
    made: list[str] = []
    while len(made) < n:
        roll, there = rng.random(), rng.choice(texts)
        start = rng.randrange(len(there))
        if roll < 0.2:
            question = rng.choice(VOCABULARY)
        elif roll < 0.4:
            question = f'"{" ".join(there[start : start + rng.randint(1, 3)])}"{rng.choice(["", "*"])}'
        elif roll < 0.6:
            question = f"{there[start][: rng.randint(1, 4)]}* -{rng.choice(VOCABULARY)}"
        else:
            question = " ".join(rng.sample([*there, *rng.choices(VOCABULARY, k=2)], 2))
        if askable(question):
            made.append(question)
    return made
