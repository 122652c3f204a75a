"""Stored text that would be markup, turn the reading direction, or never end: shown, and nothing more."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from api_world import act, place
from application.recording import handle
from application.service import Service
from browser import launched
from domain.decisions import AddJurisdiction, RecordEntry, act_of, command_for
from domain.events import EntryCorrected, JurisdictionAdded
from domain.legibility import ON_RECORD
from serving import served

pytestmark = pytest.mark.slow
MARKUP = '</script><script>window.hit=1</script></title><img src=x onerror="window.hit=2">" onload="window.hit=3'
TURNED = "\u202egro.elpmaxe\u2066"
HOSTILE = f"{MARKUP}{{{{ 7 * 7 }}}}&amp;{TURNED}"
LONG = "W" * 1_700
ENDLESS = "endless" * 1_500
ADDRESSES = [
    "/",
    "/places",
    "/places?q=img",
    "/places?q=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D4%22%3E",
    "/places/shelbyville",
    "/places/springfield",
    "/places/%3Cscript%3Ewindow.hit=5%3C/script%3E",
    "/entries/hostile",
    "/deadlines",
    "/changes",
    "/changes?from=3",
    "/embed/places/shelbyville",
    "/places/shelbyville/lanes.svg",
]


def _record(service: Service) -> None:
    sources = [
        {"id": "s1", "title": HOSTILE, "publisher": LONG, "url": "javascript:window.hit=6", "rank": "primary"},
        {"id": "s2", "title": "Good", "url": "https://example.org/?a=1&b=%22", "rank": "secondary"},
    ]
    warning = act(
        "warning",
        "2017-04-21",
        ["shelbyville", "springfield"],
        id="hostile",
        summary=HOSTILE + LONG[:400],
        actor={"party": "federal", "name": HOSTILE, "office": LONG},
        review={"id": "a-review", "title": HOSTILE},
        quotes=[{"text": HOSTILE + ENDLESS, "speaker": HOSTILE, "source": "s1"}],
        claims=[{"field": "summary", "value": HOSTILE + LONG, "source": "s2", "note": HOSTILE}],
        respond_by={"date": "2017-06-30", "words": HOSTILE + LONG},
        note=HOSTILE + ENDLESS,
        sources=sources,
    )
    places = [place("springfield"), place("shelbyville", name=HOSTILE + LONG, aliases=[HOSTILE, LONG])]
    # As what was recorded before names and addresses were looked at.
    old = [AddJurisdiction(JurisdictionAdded.model_validate(each, context=ON_RECORD)) for each in places]
    handle(service, [*old, RecordEntry(act_of(warning, on_record=True))], recorder=HOSTILE)
    source = {"title": HOSTILE, "url": "data:text/html,<script>window.hit=7</script>", "rank": "primary"}
    fields = {"entry": "hostile", "fields": {"note": ENDLESS}, "reason": HOSTILE + LONG, "source": source}
    correction = EntryCorrected.model_validate(fields, context=ON_RECORD)
    handle(service, [command_for(correction)], recorder=LONG[:100])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the worst of records."""
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/timeline.db"
    service = Service(url)
    _record(service)
    service.close()
    with served(folder, DATABASE_URL=url) as (address, _):
        yield address


@pytest.mark.parametrize("address", ADDRESSES)
def test_stored_text_never_becomes_markup(root: str, address: str) -> None:
    answer = httpx2.get(root + address, headers={"Accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == (404 if "script" in address else 200)
    page = answer.text
    assert "<script>window" not in page
    assert "<img" not in page
    assert not re.search(r"<[^>]+\son\w+=", re.sub(r'"[^"]*"', '""', page))
    assert not re.search(r'href="(javascript|data):', page)
    assert " 49" not in page.replace("7 * 7", "")


def test_an_address_that_may_be_a_link_is_one(root: str) -> None:
    page = httpx2.get(f"{root}/entries/hostile").text
    assert 'href="https://example.org/?a=1&amp;b=%22" rel="noopener external"' in page


def test_a_browser_runs_nothing_of_it_and_keeps_it_within_its_page(root: str) -> None:
    with launched() as browser:
        for width in (320, 1120):
            page = browser.new_page(base_url=root, viewport={"width": width, "height": 800})
            for address in ADDRESSES:
                page.goto(address)
                page.wait_for_timeout(20)
                assert page.evaluate("window.hit ?? null") is None, address
                if not address.endswith(".svg"):
                    assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


def test_text_that_turns_the_direction_turns_nothing_beside_it(root: str) -> None:
    with launched() as browser:
        page = browser.new_page(base_url=root)
        page.goto("/entries/hostile")
        # The first letter after the source's title stands to its right, as it was written.
        inline = "[...document.querySelectorAll('main a, main cite, main code, main bdi')]"
        assert page.evaluate(f"{inline}.every(element => getComputedStyle(element).unicodeBidi === 'isolate')")
