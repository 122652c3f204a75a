"""What a write needs besides the lock: a schema that this program knows, space, and a disk that took the last write."""

from __future__ import annotations

from collections.abc import Iterator

from application.service import Service
from application.versions import schema_fault
from eventlog.engine import sqlite_files, write_refused
from eventlog.log import Append

LEAST_FREE_BYTES = 4 * 1024 * 1024
"""As much as SQLite lets its write-ahead log grow before it moves it into the file (1,000 pages)."""
REMEMBERED_S = 30.0
"""For how long a write that found no space counts, unless another succeeded since: then one is tried again."""


def faults_for_writing(service: Service, append: Append) -> list[str]:
    """Everything that stands against recording something now, in the open append, a sentence each."""
    return list(_faults(service, append))


def _faults(service: Service, append: Append) -> Iterator[str]:
    if append.clock_fault is not None:
        yield append.clock_fault
    if fault := schema_fault(append.connection):
        yield fault
    files = sqlite_files(service.engine)
    if files is not None and files.free_bytes() < LEAST_FREE_BYTES:
        yield f"the database has no space left: {files.free_bytes():,} bytes are free, {LEAST_FREE_BYTES:,} are needed"
    if refused := write_refused(service.engine, REMEMBERED_S):
        yield f"the last write failed: {refused}"
