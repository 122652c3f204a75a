"""HTTP: routes named for the resource, and one table of errors."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "docs"
DOCS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "docs"
"""The documents that are shown over HTTP: `docs/` of a working copy, or its copy in an installed wheel."""
