"""The home page: what the record is, a search for a place, and where reviews stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from fastapi import APIRouter

from api.pages.entry_view import entry_view, entry_views
from api.pages.labels import STAGES, STATES, Label, label_of
from api.pages.names import NamedPlace, Names
from api.pages.page import SITE, PageContent, html_page, page
from api.pages.urls import PageQuery, PageRequest
from projections.deadlines import DeadlineFilter, all_deadlines
from projections.entries import revisions
from projections.places import review_stages
from projections.snapshot import Snapshot
from projections.timeline import TimelineFilter, timeline_page

router = APIRouter()
StagesByPlace = Mapping[str, Mapping[str, str]]
_LATEST, _CORRECTIONS, _DUE = 8, 4, 6
_DESCRIPTION = (
    "The public record of the dispute between the US Department of Justice and states, counties and cities over "
    '"sanctuary" policy: what happened, and where each place stood, on any day.'
)


@dataclass(frozen=True, slots=True)
class PlaceInGrid:
    """A place with the name and stage of each of its reviews."""

    place: NamedPlace
    reviews: list[tuple[str, Label]]


@page(router, "/", query=PageQuery)
def home_page(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    names = Names(snapshot)
    clocks = snapshot.clocks()
    stages = request.answers.get_or_make(("stages", clocks), lambda: review_stages(snapshot))
    counts = _counts(stages)
    latest = timeline_page(snapshot, TimelineFilter(newest=True), _LATEST, None)
    open_deadlines = all_deadlines(snapshot, DeadlineFilter("open", clocks.as_of))
    due = [deadline for deadline, _ in islice(open_deadlines, _DUE)]
    corrections = revisions(snapshot, request.service.log, _CORRECTIONS)
    return html_page(
        "home.html",
        request,
        snapshot,
        names=names,
        title=f"{SITE}: what was asked, what was answered, where each place stands",
        description=_DESCRIPTION,
        feeds=[("Latest acts", "/timeline"), ("Corrections", "/changes"), ("Deadlines", "/deadlines")],
        structured_data={
            "@type": "WebSite",
            "potentialAction": {
                "@type": "SearchAction",
                "target": request.absolute("/places?q={query}"),
                "query-input": "required name=query",
            },
        },
        counts=counts,
        legend=_legend(stage for stage, _, _ in counts),
        grid=_grid(names, stages),
        latest=[entry_view(body) for body in latest.bodies],
        due=due,
        corrections=corrections,
        corrected=entry_views(snapshot, (correction["entry"] for correction in corrections)),
        demands=entry_views(snapshot, (deadline["demand"] for deadline in due)),
    )


def _counts(stages: StagesByPlace) -> list[tuple[Label, int, int]]:
    """Each stage that a review is in, how many places have a review there, and the largest such number."""
    counts = Counter(stage for reviews in stages.values() for stage in set(reviews.values()))
    largest = max(counts.values(), default=1)
    return [(label_of("stage", stage), counts[stage], largest) for stage in STAGES if counts[stage]]


def _legend(stages: Iterable[Label]) -> list[list[Label]]:
    """Stages by colour, since some share one."""
    by_tone: dict[str, list[Label]] = defaultdict(list)
    for stage in stages:
        by_tone[stage.tone].append(stage)
    return list(by_tone.values())


def _grid(names: Names, stages: StagesByPlace) -> list[tuple[str, list[PlaceInGrid]]]:
    """States by name, each with its places: the state itself, then counties and cities by name, then agencies."""
    by_state: dict[str, list[PlaceInGrid]] = defaultdict(list)
    for place in names.all_places():
        reviews = sorted(stages.get(place.id, {}).items())
        labels = [(names.item_name("review", review), label_of("stage", stage)) for review, stage in reviews]
        by_state[place.state].append(PlaceInGrid(place, labels))
    ranks = {"state": 0, "county": 1, "city": 1, "agency": 2}
    for places in by_state.values():
        places.sort(key=lambda listed: (ranks[listed.place.kind], listed.place.name))
    return sorted((STATES.get(state, state), places) for state, places in by_state.items())
