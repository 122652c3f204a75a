"""A real browser, and the real TimelineJS 3 as its makers publish it: fetched when a test asks for it."""

import functools
import http.server
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest

_PACKAGE = "@knight-lab/timelinejs@3.9.11"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--no-first-run", "--mute-audio", "--window-size=1200,800",
)  # fmt: skip


def needed(*names: str) -> str:
    """The path of a program; the test that needs it is left out, and says so, where it is not installed."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed: nothing was tried in a browser")
    return found


def timelinejs(folder: Path) -> Path:
    """The folder of TimelineJS's own files, from npm."""
    npm = needed("npm")
    packed = subprocess.run(
        [npm, "pack", _PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    if packed.returncode:
        pytest.skip(f"npm cannot be reached, so TimelineJS was not tried: {packed.stderr.strip()[-300:]}")
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "dist"


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


def said_by(address: str, profile: Path) -> str:
    """What a page wrote into its element `said`, once it had done its work."""
    browser = needed(*_BROWSERS)
    # Time in the page runs as fast as its work is done; what it waits for longest are pictures that never come.
    command = [browser, *_QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=60000", "--dump-dom", address]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    found = re.search(r'<pre id="said">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found, ran.stderr[-2000:] + ran.stdout[-2000:]
    return unescape(found[1])
