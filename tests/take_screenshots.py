"""Takes the screenshots that the README shows, from the seeds as of today: `make screenshots`."""

import io
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from browser import launched
from command_line import SEEDS, run
from serving import served

SCREENSHOTS = Path(__file__).parent.parent / "docs" / "screenshots"
COLOURS = 256


class Shot(NamedTuple):
    """A page, the size of the window, whether in dark mode, and the element that it is scrolled to."""

    name: str
    address: str
    width: int = 1120
    height: int = 860
    dark: bool = False
    at: str | None = None


SHOTS = (
    Shot("home", "/", height=1080),
    Shot("new-orleans-2017-07-07", "/places/new-orleans-la?as_of=2017-07-07", height=1500),
    Shot("lanes", "/places/new-orleans-la", height=800, at="#lanes"),
    Shot("timeline", "/places/new-orleans-la", height=860, at="#timeline"),
    Shot("entry", "/entries/2017-new-orleans-response", height=1250),
    Shot("deadlines", "/deadlines"),
    Shot("corrections", "/changes", height=1000),
    Shot("embed", "/embed/places/new-orleans-la?as_of=2017-11-30", width=720, height=760),
    Shot("dark", "/places/new-orleans-la?as_of=2017-10-12", height=1100, dark=True),
    Shot("mobile", "/places/new-orleans-la?as_of=2017-07-07", width=360, height=780),
    Shot("places", "/", at="#places"),
)


def take(root: str, only: list[str]) -> None:
    """Takes all screenshots, or those named."""
    SCREENSHOTS.mkdir(exist_ok=True)
    with launched() as browser:
        for shot in SHOTS:
            if only and shot.name not in only:
                continue
            page = browser.new_page(
                base_url=root,
                viewport={"width": shot.width, "height": shot.height},
                color_scheme="dark" if shot.dark else "light",
                reduced_motion="reduce",
            )
            page.goto(shot.address)
            if shot.at:
                page.locator(shot.at).evaluate("element => element.scrollIntoView()")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            few = picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            few.save(SCREENSHOTS / f"{shot.name}.png", optimize=True)
            page.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/timeline.db"
        run(database, "load", SEEDS)
        with served(Path(folder), DATABASE_URL=database) as (address, _):
            take(address, sys.argv[1:])
