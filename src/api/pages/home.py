"""The home page: what this is, find your place, and where things stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import Request

from api.pages.entry_view import entry_view, entry_views
from api.pages.labels import STAGES, STATES, Label, label
from api.pages.names import PlaceName, PlaceNames
from api.pages.page import SITE, PageContent, html_response, page_context, page_route
from api.pages.urls import PageQuery, PageRequest
from projections.deadlines import DeadlineFilter as WantedDeadlines
from projections.deadlines import all_deadlines
from projections.entries import revisions
from projections.places import review_stages
from projections.snapshot import Snapshot
from projections.timeline import TimelineFilter, timeline_page

_LATEST, _CORRECTIONS, _DUE = 8, 4, 6
_DESCRIPTION = (
    "The public record of the dispute between the US Department of Justice and states, counties and cities over "
    '"sanctuary" policy: what happened, and where each place stood, on any day.'
)


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """A place in the grid, with the stages of its reviews."""

    place: PlaceName
    reviews: list[tuple[str, Label]]

    @property
    def words(self) -> str:
        """What a search on the page looks in."""
        return " ".join((self.place.full, self.place.state, *self.place.aliases)).casefold()


def _home(_request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    known = PlaceNames(snapshot)
    at = snapshot.clocks()
    standing = visit.answers.get_or_make(("stages", at), lambda: review_stages(snapshot))
    counts = _counts(standing)
    latest = [entry_view(body) for body in timeline_page(snapshot, TimelineFilter(newest=True), _LATEST, None).bodies]
    open_ones = WantedDeadlines("open", at.as_of)
    due = [one for one, _ in zip((one for one, _ in all_deadlines(snapshot, open_ones)), range(_DUE), strict=False)]
    corrections = revisions(snapshot, visit.service.log, _CORRECTIONS)
    context = page_context(
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
        revised=entry_views(snapshot, (one["entry"] for one in corrections)),
        demands=entry_views(snapshot, (one["demand"] for one in due)),
    )
    return PageContent(html_response("home.html", context))


def _counts(standing: Mapping[str, Mapping[str, str]]) -> list[tuple[Label, int, int]]:
    """Of each stage in which a review stands: its word, how many places have one there, and the most of any."""
    counted = Counter(stage for reviews in standing.values() for stage in set(reviews.values()))
    most = max(counted.values(), default=1)
    return [(label("stage", stage), counted[stage], most) for stage in STAGES if counted[stage]]


def _legend(words: Iterable[Label]) -> list[list[Label]]:
    """The words that each mark stands for: some have one colour."""
    by_tone: dict[str, list[Label]] = defaultdict(list)
    for its in words:
        by_tone[its.tone].append(its)
    return list(by_tone.values())


def _grid(known: PlaceNames, standing: Mapping[str, Mapping[str, str]]) -> list[tuple[str, list[ListedPlace]]]:
    """States in order of name, each with its places: the state itself first, then others by name."""
    by_state: dict[str, list[ListedPlace]] = defaultdict(list)
    for place in known.every():
        reviews = standing.get(place.id, {})
        marks = [(known.of("review", review), label("stage", stage)) for review, stage in sorted(reviews.items())]
        by_state[place.state].append(ListedPlace(place, marks))
    ranks = {"state": 0, "county": 1, "city": 1, "agency": 2}
    return [
        (STATES.get(state, state), sorted(listed, key=lambda one: (ranks[one.place.kind], one.place.name)))
        for state, listed in sorted(by_state.items(), key=lambda item: STATES.get(item[0], item[0]))
    ]


ROUTES = [page_route("/", PageQuery, _home)]
