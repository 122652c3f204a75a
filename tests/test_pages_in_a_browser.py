"""The pages in a real browser: found, travelled, followed, copied, embedded, read without script and by everyone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from api_world import SEEDS
from browser import faults_found, launched, serving
from command_line import run
from conftest import WHOLE
from serving import served

pytestmark = pytest.mark.slow
NEW_ORLEANS = "/places/new-orleans-la"
LETTERS = "2017-04-21-doj-letters-nine"
ADDRESSES = [
    "/",
    "/places",
    NEW_ORLEANS,
    f"{NEW_ORLEANS}?as_of=2017-10-12",
    f"{NEW_ORLEANS}?as_of=2017-07-07&recorded_by=520&context=true&kind=response",
    "/places/california",
    f"/entries/{LETTERS}",
    "/entries/2017-new-orleans-response",
    "/deadlines",
    "/changes",
    "/changes?from=520",
    "/audit",
    "/about",
    "/developers",
    "/embed/places/new-orleans-la",
    "/nothing-of-the-kind",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the real record."""
    folder = tmp_path_factory.mktemp("pages")
    database = {"DATABASE_URL": f"sqlite:///{folder}/timeline.db"}
    assert run(database["DATABASE_URL"], "load", SEEDS).code == 0
    with served(folder, **database) as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser, root: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=root)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may go wrong in silence: no error, no warning, no policy broken."""
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    yield page
    assert messages == []


def test_a_newcomer_finds_a_place_and_where_it_stood_on_a_day(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Find your place").fill("new orl")
    expect(page.locator("[data-grid] li:visible")).to_have_count(1)
    page.get_by_label("Find your place").fill("new orleans")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New Orleans")
    page.get_by_label("As things stood on").fill("2017-07-07")
    expect(page.locator(".sentence")).to_contain_text("Where things stood on July 7, 2017")
    review = page.locator(".track", has=page.get_by_role("heading", name="Review"))
    expect(review).to_contain_text("a warning was sent")
    expect(review).to_contain_text("an answer is on record")
    expect(review).to_contain_text("due June 30, 2017")
    expect(review).to_contain_text("asked for documentation and an opinion of counsel")
    expect(review).to_contain_text("The city answered the department's letter by the deadline")
    pinned = page.locator("#take").get_by_role("link", name="recorded_by=").first
    status = page.locator("#status").inner_text()
    pinned.click()
    page.wait_for_url("**recorded_by=*")
    assert page.locator("#status").inner_text() == status


def test_travelling_in_time_keeps_the_clocks_and_leads_back(page: Page) -> None:
    page.goto(f"{NEW_ORLEANS}?as_of=2017-10-12")
    expect(page.locator("#status")).to_contain_text("May have answered by then: the day is not known.")
    page.get_by_label("As the public knew on").fill("2017-10-11")
    page.get_by_label("As the public knew on").press("Enter")
    expect(page.locator(".sentence")).to_contain_text("by what the public could know on October 11, 2017")
    assert "public_by=2017-10-11" in page.url
    assert "as_of=2017-10-12" in page.url
    page.get_by_role("link", name="Deadlines", exact=True).first.click()
    assert "public_by=2017-10-11" in page.url
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("New Orleans")
    page.get_by_role("link", name="Back to today").click()
    expect(page.locator(".sentence")).to_contain_text("Where things stand today")
    assert page.url.endswith(NEW_ORLEANS)


def test_going_back_in_the_browser_goes_back_in_time(page: Page) -> None:
    page.goto(NEW_ORLEANS)
    for day, words in (("2017-07-07", "July 7, 2017"), ("2017-11-30", "November 30, 2017")):
        page.get_by_label("As things stood on").fill(day)
        expect(page.locator(".sentence")).to_contain_text(words)
        page.wait_for_url(f"**as_of={day}")
    page.go_back()
    expect(page.locator(".sentence")).to_contain_text("July 7, 2017")
    page.go_back()
    expect(page.locator(".sentence")).to_contain_text("today")


def test_a_cause_is_followed_from_the_picture_to_its_source(page: Page) -> None:
    page.goto(f"{NEW_ORLEANS}?as_of=2017-07-07")
    page.locator(f'svg.lanes a[href*="{LETTERS}"]').first.press("Enter")
    page.wait_for_url(f"**/entries/{LETTERS}?as_of=2017-07-07")
    source = page.locator(".sources li").first
    expect(source).to_contain_text("primary source")
    link = source.get_by_role("link")
    assert (link.get_attribute("href") or "").startswith("https://")
    assert "noopener" in (link.get_attribute("rel") or "")


def test_a_citation_is_copied_with_the_pinned_link(context: BrowserContext, page: Page) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/entries/2017-new-orleans-response")
    page.locator("#cite .copy").first.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("“The city answered the department's letter by the deadline")
    assert re.search(r"/entries/2017-new-orleans-response\?recorded_by=\d+$", copied)


def test_a_place_is_shown_in_a_foreign_page_and_no_other_page_is(
    context: BrowserContext, root: str, tmp_path: Path
) -> None:
    frames = "".join(
        f'<iframe name="{name}" src="{root}{address}" width="700" height="500"></iframe>'
        for name, address in (("ours", "/embed/places/new-orleans-la"), ("not-ours", NEW_ORLEANS))
    )
    (tmp_path / "index.html").write_text(f"<!doctype html><title>A newspaper</title>{frames}", encoding="utf-8")
    with serving(tmp_path) as newspaper:
        page = context.new_page()
        page.goto(newspaper.replace("127.0.0.1", "localhost"))  # another site in every sense
        shown = page.frame_locator('iframe[name="ours"]')
        expect(shown.get_by_role("heading", level=1)).to_have_text("New Orleans, Louisiana")
        expect(shown.locator("svg.lanes")).to_be_visible()
        with context.expect_page() as opened:
            shown.locator("svg.lanes a").first.press("Enter")
        expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Report by Michael E. Horowitz")
        refused = page.frame(name="not-ours")
        assert refused is not None
        assert refused.url.startswith("chrome-error:")


def test_everything_is_there_without_script(browser: Browser, root: str) -> None:
    context = browser.new_context(base_url=root, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Find your place").fill("NOLA")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("As things stood on").fill("2017-07-07")
    page.get_by_role("button", name="Go there").click()
    assert page.url == f"{root}{NEW_ORLEANS}?as_of=2017-07-07"
    expect(page.locator(".sentence")).to_contain_text("July 7, 2017")
    page.get_by_text("Kinds", exact=True).click()
    page.get_by_role("link", name="Response 1").click()
    expect(page.locator("article.act")).to_have_count(1)
    page.locator("article.act .summary a").click()
    expect(page.locator("#cite")).to_contain_text("@misc{2017-new-orleans-response")
    context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_a_width_of_320(browser: Browser, root: str, address: str) -> None:
    context = browser.new_context(base_url=root, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


# In the dark only the colours are others, and these pages have them all.
IN_THE_DARK = ADDRESSES if WHOLE else ["/", f"{NEW_ORLEANS}?as_of=2017-10-12", f"/entries/{LETTERS}"]


@pytest.mark.parametrize(
    ("address", "scheme"),
    [*((address, "light") for address in ADDRESSES), *((address, "dark") for address in IN_THE_DARK)],
)
def test_axe_finds_nothing(browser: Browser, root: str, address: str, scheme: str) -> None:
    # axe is put into the page by the debugger, which no policy of the page's concerns.
    context = browser.new_context(base_url=root, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    assert faults_found(page) == []
    context.close()


def test_dark_is_dark(browser: Browser, root: str) -> None:
    context = browser.new_context(base_url=root, color_scheme="dark")
    page = context.new_page()
    page.goto(NEW_ORLEANS)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 26)"
    tint = page.evaluate("getComputedStyle(document.querySelector('svg.lanes rect.t-asked')).fill")
    assert tint == "rgb(87, 48, 15)"
    context.close()


def test_a_page_prints_as_a_document(page: Page, tmp_path: Path) -> None:
    page.goto(f"{NEW_ORLEANS}?as_of=2017-07-07")
    page.emulate_media(media="print")
    expect(page.locator(".sentence")).to_be_visible()
    expect(page.get_by_role("button", name="Go there")).to_be_hidden()
    printed = page.pdf(path=tmp_path / "printed.pdf", format="Letter")
    assert printed.startswith(b"%PDF")
    assert len(printed) > 20_000


def test_everything_is_reached_by_the_keyboard(page: Page) -> None:
    page.goto(f"{NEW_ORLEANS}?as_of=2017-07-07")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('section[id]')?.id ?? ''"))
    assert {"status", "lanes"} <= reached
    assert page.evaluate("[...document.querySelectorAll('a')].every(link => link.tabIndex >= 0)")


def test_who_wants_less_motion_gets_none(browser: Browser, root: str) -> None:
    context = browser.new_context(base_url=root, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    context.close()
