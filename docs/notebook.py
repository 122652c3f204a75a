"""Runs docs/notebook.md: executes its Python against a server and writes beside each block what it prints now.

    python docs/notebook.py http://127.0.0.1:8000 [FOLDER]

The page and its plots are written into FOLDER (docs, where it is left out). It needs pandas and matplotlib.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PRINTED = "http://127.0.0.1:8000"
# A block of Python, and the text below it, if any, which is what it printed.
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n.*?^```\n)?", re.MULTILINE | re.DOTALL)


def run(page: str, address: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """The page with its outputs as they are now, and the names that it leaves; its plots go into the folder."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    names: dict[str, Any] = {}

    def done(block: re.Match[str]) -> str:
        code = block["code"]
        line = page.count("\n", 0, block.start("code"))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile("\n" * line + code.replace(PRINTED, address), "notebook.md", "exec"), names)  # noqa: S102 - its purpose
        printed = "\n".join(one.rstrip() for one in said.getvalue().replace(address, PRINTED).splitlines())
        return f"```python\n{code}```\n" + (f"\n```text\n{printed}\n```\n" if printed else "")

    with contextlib.chdir(folder):
        return _BLOCK.sub(done, page), names


if __name__ == "__main__":
    where = Path(sys.argv[2]) if sys.argv[2:] else HERE
    written, _ = run((HERE / "notebook.md").read_text(encoding="utf-8"), sys.argv[1].rstrip("/"), where)
    (where / "notebook.md").write_text(written, encoding="utf-8")
