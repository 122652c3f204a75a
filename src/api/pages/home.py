"""The home page: what this is, find your place, and where things stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import Request

from api.pages.acts import act_of, acts_by_id
from api.pages.context import SITE, context_of
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.titled import Names, PlaceName
from api.pages.visits import Look, Visit
from api.pages.words import STAGES, STATES, Word, word
from projections.deadlines import Wanted as WantedDeadlines
from projections.deadlines import all_deadlines
from projections.revisions import revisions
from projections.snapshot import Snapshot
from projections.stages import stages
from projections.timeline import Wanted, page

_LATEST, _CORRECTIONS, _DUE = 8, 4, 6
_DESCRIPTION = (
    "The public record of the dispute between the US Department of Justice and states, counties and cities over "
    '"sanctuary" policy: what happened, and where each place stood, on any day.'
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A place in the grid, with the stages of its reviews."""

    place: PlaceName
    reviews: list[tuple[str, Word]]

    @property
    def words(self) -> str:
        """What a search on the page looks in."""
        return " ".join((self.place.full, self.place.state, *self.place.aliases)).casefold()


def _home(_request: Request, visit: Visit, _asked: Look, snapshot: Snapshot) -> Page:
    known = Names(snapshot)
    at = snapshot.clocks()
    standing = visit.shelf.get(("stages", at), lambda: stages(snapshot))
    counts = _counts(standing)
    latest = [act_of(body) for body in page(snapshot, Wanted(newest=True), _LATEST, None).bodies]
    open_ones = WantedDeadlines("open", at.as_of)
    due = [one for one, _ in zip((one for one, _ in all_deadlines(snapshot, open_ones)), range(_DUE), strict=False)]
    corrections = revisions(snapshot, visit.service.log, _CORRECTIONS)
    context = context_of(
        visit,
        snapshot,
        names=known,
        title=f"{SITE}: what was asked, what was answered, where each place stands",
        description=_DESCRIPTION,
        feeds=[("Latest acts", "/timeline"), ("Corrections", "/changes"), ("Deadlines", "/deadlines")],
        about={
            "@type": "WebSite",
            "potentialAction": {
                "@type": "SearchAction",
                "target": visit.whole("/places?q={query}"),
                "query-input": "required name=query",
            },
        },
        counts=counts,
        legend=_legend(word for word, _, _ in counts),
        grid=_grid(known, standing),
        latest=latest,
        due=due,
        corrections=corrections,
        revised=acts_by_id(snapshot, (one["entry"] for one in corrections)),
        demands=acts_by_id(snapshot, (one["demand"] for one in due)),
    )
    return Page(html("home.html", context))


def _counts(standing: Mapping[str, Mapping[str, str]]) -> list[tuple[Word, int, int]]:
    """Of each stage in which a review stands: its word, how many places have one there, and the most of any."""
    counted = Counter(stage for reviews in standing.values() for stage in set(reviews.values()))
    most = max(counted.values(), default=1)
    return [(word("stage", stage), counted[stage], most) for stage in STAGES if counted[stage]]


def _legend(words: Iterable[Word]) -> list[list[Word]]:
    """The words that each mark stands for: some have one colour."""
    by_tone: dict[str, list[Word]] = defaultdict(list)
    for its in words:
        by_tone[its.tone].append(its)
    return list(by_tone.values())


def _grid(known: Names, standing: Mapping[str, Mapping[str, str]]) -> list[tuple[str, list[Listed]]]:
    """States in order of name, each with its places: the state itself first, then others by name."""
    by_state: dict[str, list[Listed]] = defaultdict(list)
    for place in known.every():
        reviews = standing.get(place.id, {})
        marks = [(known.of("review", review), word("stage", stage)) for review, stage in sorted(reviews.items())]
        by_state[place.state].append(Listed(place, marks))
    ranks = {"state": 0, "county": 1, "city": 1, "agency": 2}
    return [
        (STATES.get(state, state), sorted(listed, key=lambda one: (ranks[one.place.kind], one.place.name)))
        for state, listed in sorted(by_state.items(), key=lambda item: STATES.get(item[0], item[0]))
    ]


ROUTES = [page_route("/", Look, _home)]
