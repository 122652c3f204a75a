"""The same record on SQLite and on PostgreSQL gives the same bytes: every page, and every list in every format.

So what is asked of one answer elsewhere (its headers, its words, its columns) need be asked on one database alone.
"""

import re
from collections.abc import Iterator

import pytest

import api_world
from api_world import World

API = "/api/v1"
PLACE = f"{API}/jurisdictions/new-orleans-la"
CLOCKS = ["", "as_of=2017-07-07", "as_of=2018-12-31&public_by=2017-12-31&recorded_by=500"]
FORMATS = ["json", "ndjson", "csv", "atom", "feed.json", "table.json"]
LISTS = [
    f"{API}/timeline",
    f"{PLACE}/timeline",
    f"{API}/deadlines",
    f"{PLACE}/deadlines",
    f"{API}/history",
    f"{PLACE}/history",
]
PAGES = [
    "/",
    "/places",
    "/places?q=new",
    "/places/new-orleans-la",
    "/places/chicago-il",
    "/places/california",
    "/entries/2017-new-orleans-response",
    "/entries/2017-04-21-doj-letters-nine",
    "/deadlines",
    "/changes",
    "/about",
    "/developers",
    "/embed/places/new-orleans-la",
    "/places/new-orleans-la/lanes.svg",
]
THINGS = [
    f"{API}/jurisdictions",
    PLACE,
    f"{PLACE}/status",
    f"{API}/entries/2017-new-orleans-response",
    f"{API}/entries/2017-new-orleans-response.jsonld",
    f"{API}/entries/2017-new-orleans-response/citation",
    f"{PLACE}/deadlines.ics",
    f"{API}/timeline.timelinejs.json",
]
WITHOUT_CLOCKS = [
    f"{API}/entries/2017-new-orleans-response/history",
    f"{API}/entries/2017-new-orleans-response/timemap",
    f"{PLACE}/timemap",
    f"{API}/changes?from=400",
    f"{API}/changes.csv?from=400",
    f"{API}/changes.atom?from=400",
    f"{API}/events?after=500",
    f"{API}/timeline?q=detainer*&facets=kind,year",
    f"{API}/log/entries/100",
]


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folder = tmp_path_factory.mktemp("both")
    with (
        api_world.world_on("sqlite", request, folder) as lite,
        api_world.world_on("postgresql", request, folder) as server,
    ):
        for world in (lite, server):
            world.service.now = lambda: api_world.NOW
            api_world.with_the_record(world)
        yield lite, server


def addresses() -> Iterator[str]:
    for clocks in CLOCKS:
        for address in (*PAGES, *THINGS, *(f"{name}.{suffix}" for name in LISTS for suffix in FORMATS)):
            yield f"{address}{'&' if '?' in address else '?'}{clocks}".rstrip("?&")
    yield from WITHOUT_CLOCKS


def unsigned(page: str) -> str:
    """A page without keys and signatures: each database signs with a key of its own (docs/adr/0009)."""
    return re.sub(r"dispute-timeline/[0-9a-f]{8}(?:[+ ][\w+/=]+)*", "(signed)", page)


@pytest.mark.postgres
@pytest.mark.parametrize("address", list(addresses()))
def test_an_answer_is_the_same_on_both_databases(worlds: tuple[World, World], address: str) -> None:
    accept = {} if address.startswith(API) else {"Accept": "text/html,image/svg+xml"}
    lite, server = (world.client.get(address, headers=accept) for world in worlds)
    assert lite.status_code == server.status_code == 200, lite.text
    assert unsigned(lite.text).splitlines() == unsigned(server.text).splitlines()
    same = ["content-type", "log-position", "last-modified", "link", "cache-control"]
    if lite.content == server.content:
        same.append("etag")
    assert {name: lite.headers.get(name) for name in same} == {name: server.headers.get(name) for name in same}


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{API}/jurisdictions/nowhere-xx/status", 404),
        (f"{API}/timeline?kind=letter", 400),
        (f"{API}/timeline?cursor=AAAA", 400),
        (f"{API}/jurisdictions/new-orleans-la/status?recorded_by=99999999", 404),
        ("/places/nowhere-xx", 404),
    ],
)
def test_a_refusal_is_the_same_on_both_databases(worlds: tuple[World, World], address: str, status: int) -> None:
    lite, server = (world.client.get(address) for world in worlds)
    assert lite.status_code == server.status_code == status
    assert lite.content == server.content
