"""Whether an SQLite database's files are still those that were opened.

A process goes on with the files that it has open when they are deleted or replaced: what it writes then is lost when it
ends, although every commit was said to be durable. (https://sqlite.org/howtocorrupt.html, 1.5 and 4.) So the files at
the path are compared with those opened, before anything is read from or written to them.
"""

import os
import shutil
from pathlib import Path
from threading import Lock

from eventlog.trouble import DatabaseTrouble, Trouble

FileId = tuple[int, int] | None
"""Device and inode; None where there is no file."""
WAL = "-wal"
"""What is added to the path of a database for the path of its write-ahead log."""


class SqliteFiles:
    """The database file that the first connection of an engine opened, and the log beside it of each connection."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._opened: FileId = None
        self._lost = ""
        self._lock = Lock()

    def check_before_connecting(self) -> None:
        """Raises DatabaseTrouble where another file was opened before: one engine reads one file."""
        if self._opened is not None:
            self._check(file_id(self.path))

    def connected(self) -> FileId:
        """Notes the database file that was opened, and returns the write-ahead log that is beside it now."""
        with self._lock:
            self._opened = self._opened or file_id(self.path)
        return file_id(self.path + WAL)

    def check(self, wal: FileId) -> None:
        """Raises DatabaseTrouble where the path has another file, or the log beside it is not `wal` any more.

        Nobody deletes a write-ahead log that a connection has open, but who means to; a new one beside the old would
        be written over by both. So what was lost once stays lost until the service is started again.
        """
        if self._lost:
            raise DatabaseTrouble(Trouble.GONE, self._lost)
        self._check(file_id(self.path))
        if wal is not None and file_id(self.path + WAL) != wal:
            self._lost = f"{self.path}{WAL} was deleted or replaced: stop the service, and look at the file"
            raise DatabaseTrouble(Trouble.GONE, self._lost)

    def _check(self, present: FileId) -> None:
        if present == self._opened:
            return
        happened = "deleted" if present is None else "replaced"
        why = f"{self.path} was {happened}: put the file back, or start the service again to open what is there"
        raise DatabaseTrouble(Trouble.GONE, why)

    def free_bytes(self) -> int:
        """How many bytes are free where the file is."""
        return shutil.disk_usage(Path(self.path).absolute().parent).free


def file_id(path: str) -> FileId:
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path would cost as much as the call, at every transaction
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
