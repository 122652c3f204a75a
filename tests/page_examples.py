"""The examples of the documents, run as a reader runs them: all of a page in one terminal, one after another."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving import COMMAND, served

HOUSE = Path(__file__).parent.parent
PRINTED = "127.0.0.1:8000"
PRINTED_PORT_OF_A_COPY = "8010"
BETWEEN = "\x1e"
LONGEST_S = 600

# A machine that has Python and make need not have curl: this does what the examples ask of it.
STAND_IN = """\
#!{python}
import sys, time, urllib.error, urllib.request
arguments, headers, data, address, attempts = iter(sys.argv[1:]), {{}}, None, None, 1
for argument in arguments:
    if argument == "-H":
        name, _, value = next(arguments).partition(": ")
        headers[name] = value
    elif argument == "-d":
        data = next(arguments).encode()
    elif argument == "--data-binary":
        assert next(arguments) == "@-"
        data = sys.stdin.buffer.read()
    elif argument == "--retry":
        attempts += int(next(arguments))
    elif argument == "--retry-delay":
        next(arguments)
    elif argument not in ("-sSf", "--retry-connrefused"):
        address = argument
while True:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers)) as answer:
            sys.stdout.buffer.write(answer.read())
        break
    except urllib.error.HTTPError:
        raise
    except urllib.error.URLError:
        attempts -= 1
        if not attempts:
            raise
        time.sleep(1)
"""


def text_of(page: str) -> str:
    """A page by its path from the project's folder."""
    return (HOUSE / page).read_text(encoding="utf-8")


def blocks_of(text: str, language: str = "sh") -> list[str]:
    """The blocks of code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reader:
    """A terminal in a project's folder in which `make run` serves."""

    folder: Path
    root: str
    environment: Mapping[str, str]

    def follow(self, *blocks: str) -> list[str]:
        """What each block prints, all of them run in one terminal; AssertionError where one fails."""
        script = f"printf '{BETWEEN}'\n".join(blocks)
        script = script.replace(PRINTED, self.root.removeprefix("http://"))
        if PRINTED_PORT_OF_A_COPY in script:
            script = re.sub(rf"\b{PRINTED_PORT_OF_A_COPY}\b", str(free_port()), script)
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as terminal:
            try:
                printed, errors = terminal.communicate(timeout=LONGEST_S)
            finally:
                close(terminal.pid)
        outputs = printed.split(BETWEEN)
        assert terminal.returncode == 0, f"{blocks[len(outputs) - 1]}\nfailed:\n{errors}"
        return outputs


def close(session: int) -> None:
    """Ends what was left running in a terminal, as a server in a page that failed half-way."""
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        return


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def reader_in(folder: Path) -> Iterator[Reader]:
    """A folder in which `make run` has done its work: the record in data/, served, and the program in .venv-run/."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    (folder / "seeds").symlink_to(HOUSE / "seeds")
    (folder / "docs").mkdir()
    shutil.copy(HOUSE / "docs" / "verify.py", folder / "docs")
    (folder / ".venv-run").mkdir()
    (folder / ".venv-run" / "bin").symlink_to(COMMAND.parent)
    if not shutil.which("curl"):
        stand_in = folder / "bin" / "curl"
        stand_in.parent.mkdir()
        stand_in.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
        stand_in.chmod(0o755)
    path = os.pathsep.join((str(folder / "bin"), str(COMMAND.parent), environment["PATH"]))
    environment |= {"PATH": path, "PWD": str(folder), "no_proxy": "*"}
    subprocess.run([COMMAND, "load", "seeds"], check=True, capture_output=True, cwd=folder, env=environment)
    with served(folder, DATABASE_URL=f"sqlite:///{folder}/data/timeline.db") as (root, _):
        yield Reader(folder, root, environment)
