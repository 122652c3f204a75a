"""Settings, from the environment alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

DEFAULT_DATABASE = "sqlite:///data/timeline.db"
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the record is kept."""

    database_url: str = DEFAULT_DATABASE

    @classmethod
    def from_environment(cls) -> Settings:
        """`DATABASE_URL`, or an SQLite file under `data/`."""
        return cls(os.environ.get("DATABASE_URL") or DEFAULT_DATABASE)
