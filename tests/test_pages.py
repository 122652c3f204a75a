"""The pages as HTTP has them: headers, addresses, words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest

import api_world
from api.pages.labels import KINDS, LABELS, PARTIES
from api_world import World, act, place
from domain.events import ACT_CLASSES

NEW_ORLEANS = "/places/new-orleans-la"
GLOSSARY = (Path(__file__).parent.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
ADDRESSES = [
    "/",
    "/places",
    NEW_ORLEANS,
    "/entries/2017-new-orleans-response",
    "/deadlines",
    "/changes",
    "/audit",
    "/about",
    "/developers",
]


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The real record; on PostgreSQL its pages are the same (test_both_databases.py)."""
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("pages")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """One place, and nothing said of it yet."""
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def ask(world: World, address: str, **headers: str) -> httpx2.Response:
    answer: httpx2.Response = world.client.get(address, headers=BROWSER | headers, follow_redirects=False)
    return answer


def html(world: World, address: str) -> str:
    answer = ask(world, address)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def texts(markup: str) -> str:
    """What a reader sees of a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<[^>]*>", " ", markup, flags=re.DOTALL))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_runs_and_loads_only_our_own(record: World, address: str) -> None:
    answer = ask(record, address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", answer.text)
    assert inline == ['<script type="application/ld+json">']
    loaded = re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]*)"|rel="stylesheet" href="([^"]*)"', answer.text)
    assert all("".join(addresses).startswith("/static/") for addresses in loaded)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_says_what_it_is(record: World, address: str) -> None:
    page = html(record, address)
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert re.search(r"<title>[^<]{10,}</title>", page)
    assert re.search(r'<meta name="description" content="[^"]{20,}">', page)
    assert f'<link rel="canonical" href="http://testserver{address}">' in page
    assert '<meta property="og:title"' in page


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_can_be_asked_for_its_head_alone_and_again(record: World, address: str) -> None:
    answer = ask(record, address)
    assert record.client.head(address).status_code == 200
    again = ask(record, address, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_files_are_kept_for_ever_under_the_hash_of_what_they_hold(record: World) -> None:
    for address in set(re.findall(r'"(/static/[^"]+)"', html(record, "/"))):
        answer = ask(record, address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert ask(record, "/static/style.css").status_code == 404


def test_the_page_of_new_orleans_is_small(record: World) -> None:
    page = html(record, NEW_ORLEANS)
    sizes = {file: len(ask(record, file).content) for file in set(re.findall(r'"(/static/[^"]+)"', page))}
    assert len(page.encode()) + sum(sizes.values()) < 150_000
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= 30_000


def test_new_orleans_on_the_day_of_the_article(record: World) -> None:
    text = texts(html(record, f"{NEW_ORLEANS}?as_of=2017-07-07"))
    assert "Where things stood on July 7, 2017, by everything that the record has today." in text
    assert "a warning was sent warned" in text
    assert "an answer is on record responded" in text
    assert "Since some day between April 21 and June 30, 2017, because of Response by Mitch Landrieu" in text
    assert "due June 30, 2017" in text


@pytest.mark.parametrize("day", ["2017-06-15", "2017-07-07", "2017-10-12", "2017-12-15", "2021-01-01", None])
def test_the_page_and_the_api_say_the_same(record: World, day: str | None) -> None:
    for id_ in ("new-orleans-la", "chicago-il", "california"):
        status = record.get(f"jurisdictions/{id_}/status", as_of=day)
        page = html(record, f"/places/{id_}" + (f"?as_of={day}" if day else ""))
        board = page[page.index('class="board"') : page.index('id="timeline"')]
        board = board[: board.find('id="lanes"')]
        shown = re.findall(r'href="/about#([a-z]+-\w+)"', board)
        wanted = [f"{part}-{review[part]['value']}" for review in status["reviews"] for part in ("stage", "response")]
        for track in ("listing", "funding", "court", "policies"):
            wanted += [f"{track}-{item['value']}" for item in status[track]]
        assert sorted(shown) == sorted(wanted)
        maybe = sum(len(review["possibly"]) for review in status["reviews"])
        maybe += sum(
            "possibly" in item for track in ("listing", "funding", "court", "policies") for item in status[track]
        )
        assert board.count('class="may"') == maybe


@pytest.mark.parametrize("label", LABELS.values(), ids=lambda label: f"{label.track}-{label.value}")
def test_a_status_word_has_its_meaning_from_the_glossary(record: World, label: Any) -> None:
    assert f"`{label.value}`" in GLOSSARY
    assert label.meaning
    if label.value != "none_known" or label.track == "stage":
        assert f'id="{label.glossary_url.partition("#")[2]}"' in html(record, "/about")


def test_no_phrase_says_more_than_the_record_does() -> None:
    phrases = " ".join(f"{label.phrase} {label.brief}" for label in LABELS.values())
    assert not re.search(r"cleared|complian|comply|\bmissed|refus|defi|fail|guilty|illegal", phrases)


def test_every_kind_and_side_has_a_name() -> None:
    assert set(KINDS) == set(ACT_CLASSES)
    assert set(PARTIES) == {"federal", "jurisdiction", "court", "press", "other"}


def test_a_form_with_empty_fields_leads_to_the_clean_address(record: World) -> None:
    answer = ask(record, f"{NEW_ORLEANS}?as_of=2017-07-07&public_by=&recorded_on=&utm_source=x")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{NEW_ORLEANS}?as_of=2017-07-07")


def test_a_day_on_which_we_said_something_becomes_an_instant(record: World) -> None:
    answer = ask(record, f"{NEW_ORLEANS}?recorded_on=2026-11-20")
    assert answer.headers["location"] == f"{NEW_ORLEANS}?recorded_by=2026-11-21T04%3A59%3A59Z"
    assert ask(record, f"{NEW_ORLEANS}?recorded_on=2026-11-24").headers["location"] == NEW_ORLEANS
    position = record.get("entries/2017-new-orleans-response")["log"]["position"]
    kept = ask(record, f"{NEW_ORLEANS}?recorded_by={position}&recorded_on=2026-11-24&as_of=2017-07-07")
    assert kept.headers["location"] == f"{NEW_ORLEANS}?as_of=2017-07-07"


def test_links_keep_the_clocks_and_one_leads_back(record: World) -> None:
    page = html(record, f"{NEW_ORLEANS}?as_of=2017-07-07&public_by=2017-07-06")
    clocks = "?as_of=2017-07-07&amp;public_by=2017-07-06"
    assert f'href="/deadlines{clocks}"' in page
    assert f'href="/entries/2017-04-21-doj-letters-nine{clocks}"' in page
    assert f'<a class="back" href="{NEW_ORLEANS}">' in page
    assert "by what the public could know on July 6, 2017." in page


def test_what_is_not_there_is_told_as_a_page_to_browsers_and_as_a_problem_to_programs(record: World) -> None:
    for address in ("/places/nowhere", "/entries/nothing", "/no-such-page", f"{NEW_ORLEANS}%00"):
        answer = ask(record, address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert record.client.get(address).headers["content-type"] == "application/problem+json"
    assert ask(record, f"{NEW_ORLEANS}?as_of=yesterday").status_code == 400
    assert ask(record, f"{NEW_ORLEANS}?nonsense=1").status_code == 400
    assert ask(record, "/api/v1/entries/nothing").headers["content-type"] == "application/problem+json"


def test_a_place_is_found_by_name_alias_geoid_and_part(record: World) -> None:
    for words in ("New Orleans, Louisiana", "nola", "2255000", "orleans"):
        assert ask(record, f"/places?q={words}").headers["location"] == NEW_ORLEANS
    assert "Cook County, Illinois" in html(record, "/places?q=county")
    assert "No place of that name" in html(record, "/places?q=atlantis")
    assert f'rel="canonical" href="http://testserver{NEW_ORLEANS}"' in html(record, "/places/geoid:2255000")


def test_an_entry_page_has_everything_of_the_entry(record: World) -> None:
    text = texts(html(record, "/entries/2017-new-orleans-response"))
    for words in (
        "Answers Warning by Alan R. Hanson, April 21, 2017",
        "Where sources differ",
        "Version 2: corrected",
        "The two sentences belong to the mayor",
        "Version 1: recorded",
        "python3 verify.py --key",
        "@misc{2017-new-orleans-response",
    ):
        assert words in text
    letters = texts(html(record, "/entries/2017-04-21-doj-letters-nine"))
    assert "Answered by" in letters
    assert letters.index("primary source") < letters.index("secondary source")


def test_the_pinned_link_says_the_same_whatever_is_recorded_later(world: World) -> None:
    world.post("entries", act("warning", "2017-04-21", ["springfield"], id="a-warning"))
    first = html(world, "/entries/a-warning?recorded_by=2")
    tag = world.client.get("/api/v1/entries/a-warning").headers["etag"]
    fields = {"fields": {"summary": "Another summary."}, "reason": "It was wrong."}
    world.client.post("/api/v1/entries/a-warning/corrections", json=fields, headers=world.headers | {"If-Match": tag})
    assert "Another summary." in html(world, "/entries/a-warning")
    pinned = html(world, "/entries/a-warning?recorded_by=2")
    assert "Another summary." not in pinned
    assert "A warning of 2017-04-21." in first
    assert "A warning of 2017-04-21." in pinned


def test_a_page_is_never_stale(world: World) -> None:
    assert "A statement of 2017-05-01." not in html(world, "/places/springfield")
    world.post("entries", act("statement", "2017-05-01", ["springfield"], id="said"))
    assert "A statement of 2017-05-01." in html(world, "/places/springfield")


def test_a_retracted_entry_stays_at_its_address_and_says_so(world: World) -> None:
    world.post("entries", act("warning", "2017-04-21", ["springfield"], id="a-warning"))
    headers = world.headers | {"If-Match": '"1"'}
    world.client.post("/api/v1/entries/a-warning/retraction", json={"reason": "Recorded twice."}, headers=headers)
    gone = ask(world, "/entries/a-warning")
    assert gone.status_code == 410  # so that no search engine repeats it; whole, for whoever follows a link
    text = texts(gone.text)
    assert "Retracted retracted : it counts in nothing any more, and stays to be read." in text
    assert "Recorded twice." in text
    assert "Retracted" not in html(world, "/entries/a-warning?recorded_by=2")
    assert "a warning was sent" not in texts(html(world, "/places/springfield"))


def test_an_embed_may_be_shown_by_anybody_and_opens_its_links_outside(record: World) -> None:
    answer = ask(record, "/embed/places/new-orleans-la?as_of=2017-07-07")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    links = re.findall(r"<a [^>]*>", answer.text)
    assert links
    assert all('target="_blank"' in link and "noopener" in link for link in links)
    assert "Where things stood on July 7, 2017" in answer.text


def test_oembed_is_announced_and_answers_for_places(record: World) -> None:
    page = html(record, f"{NEW_ORLEANS}?as_of=2017-07-07")
    link = re.search(r'type="application/json\+oembed"[^>]*href="http://testserver([^"]+)"', page)
    assert link
    embed = record.client.get(link[1].replace("&amp;", "&")).json()
    assert (embed["version"], embed["type"]) == ("1.0", "rich")
    assert 'src="http://testserver/embed/places/new-orleans-la?as_of=2017-07-07"' in embed["html"]
    elsewhere = "/oembed?url=https://example.org/places/new-orleans-la"
    assert record.client.get(elsewhere).status_code == 404
    assert record.client.get(f"/oembed?url=http://testserver{NEW_ORLEANS}&format=xml").status_code == 501


def test_the_lanes_are_a_picture_that_stands_alone(record: World) -> None:
    answer = ask(record, f"{NEW_ORLEANS}/lanes.svg?as_of=2017-10-12")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    drawn = ET.fromstring(answer.content)
    titles = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert any("a preliminary concern; no result" in str(title) for title in titles)
    assert any("may have answered by then" in str(title) for title in titles)
    png = ask(record, f"{NEW_ORLEANS}/lanes.png")
    assert png.headers["content-type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")
    assert [int.from_bytes(png.content[at : at + 4], "big") for at in (16, 20)] == [1200, 630]
    assert len(png.content) > 20_000  # with its letters, on a machine without fonts, too


def test_every_stretch_of_the_picture_leads_to_its_cause(record: World) -> None:
    page = html(record, NEW_ORLEANS)
    picture = page[page.index("<svg") : page.index("</svg>")]
    for link in re.findall(r'<a href="([^"]+)"', picture):
        assert ask(record, link.replace("&amp;", "&")).status_code == 200


def test_feeds_are_announced(record: World) -> None:
    page = html(record, NEW_ORLEANS)
    assert 'href="/api/v1/jurisdictions/new-orleans-la/timeline.atom"' in page
    assert 'href="/api/v1/jurisdictions/new-orleans-la/deadlines.ics"' in page
    assert 'href="/api/v1/changes.atom"' in html(record, "/")
