"""A real browser for the tests: the system's Chromium, headless, with a profile of its own and no network.

Also the files of others that tests show in it: folders, and TimelineJS 3 from npm.
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
    """The path of the system's Chromium, or None."""
    return os.environ.get("CHROMIUM") or next((path for name in _NAMES if (path := shutil.which(name))), None)


def chromium_or_skip() -> str:
    return chromium() or absent("no Chromium here: install one (apt-get install chromium), or say where in CHROMIUM")


def absent(message: str) -> NoReturn:
    """Ends a test that needs something that is not installed: with a failure in CI, where `.ci/run` installs it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    # Whoever develops here needs Python and make alone. CI installs the rest, and has failed above where it is missing.
    pytest.skip(reason=f"needs more than Python and make, which CI installs and insists on: {message}")


@contextmanager
def launched() -> Iterator[Browser]:
    path = chromium_or_skip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@functools.cache
def axe() -> str:
    """The source of axe-core, from the package that carries it."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def faults_found(page: Page) -> list[str]:
    """Each rule that axe-core finds broken on a page, with the place."""
    page.evaluate(axe())
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in violations
        for node in violation["nodes"][:5]
    ]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves a folder's files; the address."""

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
    """The path of a program, or the end of the test."""
    return shutil.which(name) or absent(f"{name} is not installed, so what needs it was not tried")


def packed(package: str, folder: Path) -> Path:
    """Fetches a package from npm and unpacks it; the folder of its files."""
    npm = program("npm")
    packing = subprocess.run(
        [npm, "pack", package, "--silent"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    if packing.returncode:
        absent(f"npm cannot be reached, so {package} was not tried: {packing.stderr.strip()[-300:]}")
    with tarfile.open(folder / packing.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def timelinejs(folder: Path) -> Path:
    """Fetches TimelineJS from npm; the folder of its files."""
    return packed(_TIMELINEJS, folder) / "dist"


def result_on(address: str) -> str:
    """Opens a page and waits for the text that its script writes into the element `result`."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.goto(address)
        return str(page.wait_for_function("document.getElementById('result').textContent", timeout=60_000).json_value())
