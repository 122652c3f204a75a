"""A server of the tests' own: the installed command, on any port that is free."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).with_name("dispute-timeline")


@contextmanager
def served(folder: Path, **environment: str) -> Iterator[tuple[str, list[str]]]:
    """The address of `serve` run in a folder, and the lines it printed; stopped at the end."""
    with started(folder, **environment) as (_, address, lines):
        yield address, lines


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """The same, and the process itself, which a test may stop or kill."""
    server = subprocess.Popen(
        [COMMAND, "serve", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert server.stdout is not None
        lines = []
        for line in server.stdout:
            lines.append(line.rstrip())
            if line.startswith("Stop"):
                break
        found = re.search(r"http://[0-9.]+:\d+", "\n".join(lines))
        assert found, lines
        yield server, found[0], lines
    finally:
        server.terminate()
        server.wait(timeout=10)
        if server.stdout is not None:
            server.stdout.close()
