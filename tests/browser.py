"""A real browser for the tests: the system's Chromium, headless, with a profile of its own and no way out.

And what is shown in it that is not ours: folders of files, and the real TimelineJS 3, fetched when a test asks for it.
"""

import functools
import http.server
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_TIMELINEJS = "@knight-lab/timelinejs@3.9.11"
_OPTIONS = (
    "--no-sandbox",  # a container's root may have no other
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def chromium() -> str | None:
    """Where the system has it; None where it does not."""
    return os.environ.get("CHROMIUM") or next((path for name in _NAMES if (path := shutil.which(name))), None)


def needed() -> str:
    """Where the system has it."""
    return chromium() or absent("no Chromium here: install one (apt-get install chromium), or say where in CHROMIUM")


def absent(message: str) -> NoReturn:
    """Ends a test that needs what is not here: as failed where CI is set, since `.ci/run` installs all of it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)  # without CI, whoever has only Python and make can still run all other tests


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, for as long as it is wanted."""
    path = needed()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@functools.cache
def axe() -> str:
    """axe-core, as the package that carries it has it."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def faults_found(page: Page) -> list[str]:
    """What axe-core finds wrong on a page, each with where."""
    page.evaluate(axe())
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in violations
        for node in violation["nodes"][:5]
    ]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address at which a folder's files are had."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def program(name: str) -> str:
    """Where a program is."""
    return shutil.which(name) or absent(f"{name} is not installed, so what needs it was not tried")


def packed(package: str, folder: Path) -> Path:
    """The folder of a package's files, from npm."""
    npm = program("npm")
    got = subprocess.run(
        [npm, "pack", package, "--silent"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    if got.returncode:
        absent(f"npm cannot be reached, so {package} was not tried: {got.stderr.strip()[-300:]}")
    with tarfile.open(folder / got.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def timelinejs(folder: Path) -> Path:
    """The folder of TimelineJS's own files, from npm."""
    return packed(_TIMELINEJS, folder) / "dist"


def said_by(address: str) -> str:
    """What a page wrote into its element `said`, once it had done its work."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.goto(address)
        return str(page.wait_for_function("document.getElementById('said').textContent", timeout=60_000).json_value())
