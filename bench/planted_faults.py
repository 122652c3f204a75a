"""Plants one fault after another into copies of a small record, and looks whether `verify` names it.

    python -m bench.planted_faults

Each fault is made as whoever holds the database file could make it, past this program. A fault counts as named where
`dispute-timeline verify` says something with the words expected and ends with exit code 1; a traceback ends it all.
Exit code 1 here: one was not named, or the record that nobody touched has one.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from application.recording import record
from application.reminders.scheduler import Scheduler
from application.reminders.subscriptions import create_subscription
from application.service import Service
from application.settings import Settings
from cli.main import app
from eventlog.log import NewEvent
from eventlog.merkle import grow, hash_of
from eventlog.proofs import proving
from eventlog.records import Recorded

BEGUN = datetime(2026, 3, 1, 17, tzinfo=UTC)
_LATER = BEGUN + timedelta(days=30)
PLACE = {"id": "springfield-zz", "name": "Springfield", "kind": "city", "state": "ZZ", "time_zone": "America/Chicago"}
PAGE_BYTES = 4096
RANDOM_PAGES = 12
_TRIGGERS = ("log_refuses_update", "log_refuses_delete", "log_refuses_replace")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that somebody does to a database, and the words by which `verify` is to name it."""

    what: str
    plant: Callable[[Path], None]
    words: str
    against: bool = False
    """Whether a checkpoint kept elsewhere is given, too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What `verify` said of a fault."""

    what: str
    named: bool
    said: list[str]


def _entry(id_: str, **fields: object) -> dict[str, object]:
    whole = {
        "id": id_,
        "kind": "statement",
        "occurred": "2026-02-20",
        "actor": {"party": "federal"},
        "jurisdictions": ["springfield-zz"],
        "summary": "Something was said.",
        "sources": [{"id": "s1", "title": "A page", "rank": "primary"}],
    }
    return whole | fields


def make_record(file: Path) -> str:
    """A record with reminders that were delivered and others that are planned; returns a checkpoint of it."""
    now = BEGUN
    service = Service(f"sqlite:///{file}", now=lambda: now)
    try:
        record(service, [_entry(f"said-{number}") for number in range(1, 6)], [PLACE], recorder="ana")
        create_subscription(service, {"all": True, "channel": "log", "plan": [-7, 0, 1]}, owner="ana")
        asks = {"date": "2026-03-20", "words": "by March 20", "source": "s1"}
        later = {"date": "2199-12-01", "words": "by then", "source": "s1"}
        record(service, [_entry("asked", kind="inquiry", respond_by=asks),
                         _entry("asked-later", kind="inquiry", respond_by=later)], recorder="ana")  # fmt: skip
        scheduler = Scheduler(service, Settings())
        scheduler.once()
        now = BEGUN + timedelta(days=14)
        scheduler.once()
        scheduler.sender.close()
        with proving(service.log) as proofs:
            return proofs.checkpoint()
    finally:
        service.close()


def _run(file: Path, *statements: str, **values: object) -> None:
    """Runs statements in a file as another program would, all of its triggers left alone."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement, values if ":" in statement else {})


def _unguarded(file: Path, *statements: str, **values: object) -> None:
    """The same with the log's triggers away, which are then put back as they were."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        made = [connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
                for name in _TRIGGERS]  # fmt: skip
        for name in _TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement, values if ":" in statement else {})
        for definition in made:
            connection.execute(definition)


def _sql(*statements: str, **values: object) -> Callable[[Path], None]:
    return lambda file: _run(file, *statements, **values)


def _on_log(*statements: str, **values: object) -> Callable[[Path], None]:
    return lambda file: _unguarded(file, *statements, **values)


def _rewritten(file: Path) -> None:
    """Another recorder, and every hash made anew: what agrees with itself."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT * FROM log ORDER BY position").fetchall()
    frontier: list[bytes] = []
    statements = []
    for number, row in enumerate(rows):
        event = Recorded._make(row[:-1])
        event = event._replace(recorder="eve") if event.recorder == "ana" else event
        hashes = grow(frontier, number, hash_of(event)).hex()
        statements.append(
            f"UPDATE log SET recorder = '{event.recorder}', hashes = x'{hashes}' WHERE position = {event.position}"
        )
    statements.append(f"UPDATE log_head SET frontier = x'{b''.join(frontier).hex()}'")
    _unguarded(file, *statements)


def _planted(topic: str, state: bytes, stream: str = "entry:planted", version: int = 1) -> Callable[[Path], None]:
    """An event of anything, appended whole and hashed as those of commands are."""

    def plant(file: Path) -> None:
        service = Service(f"sqlite:///{file}")
        try:
            with service.log.appending(recorder="eve", now=_LATER) as append:
                append.append([NewEvent(stream, version, topic, state)])
        finally:
            service.close()

    return plant


def _due_again(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT stream, state, max(version) FROM log WHERE topic = 'reminder-due/1' GROUP BY stream LIMIT 1"
        stream, state, _ = connection.execute(query).fetchone()
        version = connection.execute("SELECT max(version) FROM log WHERE stream = ?", (stream,)).fetchone()[0]
    _planted("reminder-due/1", bytes(state), stream, version + 1)(file)


def _index_without_an_entry(file: Path) -> None:
    """A row that came in while its index was not known to the database."""
    index = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name LIKE '%versions_by_entry'"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        described = connection.execute(index).fetchone()
        row = connection.execute("SELECT * FROM versions WHERE position = 3").fetchone()
        connection.execute("DELETE FROM versions WHERE position = 3")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = ?", (described[1],))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"INSERT INTO versions VALUES ({', '.join('?' * len(row))})", row)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", described)


def _search_index_without_an_entry(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        row = connection.execute("SELECT * FROM words_content WHERE id = 3").fetchone()
        connection.execute("DELETE FROM words WHERE rowid = 3")
        connection.execute("INSERT INTO words_content VALUES (?, ?, ?, ?)", row)


def _key(name: str | None = None) -> Callable[[Path], None]:
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    if name is None:
        return _sql("UPDATE log_key SET private = :private", private=private)
    return _sql("UPDATE log_key SET private = :private, name = :name", private=private, name=name)


def _overwritten(page: int, seed: int) -> Callable[[Path], None]:
    """A page of the file full of noise; below zero, counted from the end."""

    def plant(file: Path) -> None:
        noise = random.Random(seed).randbytes(PAGE_BYTES)
        pages = file.stat().st_size // PAGE_BYTES
        with file.open("r+b") as opened:
            opened.seek(page % pages * PAGE_BYTES)
            opened.write(noise)

    return plant


def _cut_off(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)


_PLANNED = "(SELECT min(id) FROM reminders WHERE state = 'planned' AND due = '2199-12-01')"
_DELIVERED = "(SELECT min(id) FROM reminders WHERE state = 'delivered')"


def faults() -> Iterator[Fault]:
    """What is planted, one at a time."""
    yield Fault("an event's state changed", _on_log("UPDATE log SET state = x'7b7d' WHERE position = 3"), "position 3:")
    yield Fault(
        "an event's recorder changed", _on_log("UPDATE log SET recorder = 'eve' WHERE position = 2"), "position 2:"
    )
    yield Fault(
        "an event's stamp changed", _on_log("UPDATE log SET recorded_at = '2020' WHERE position = 4"), "position 4:"
    )
    yield Fault("an event taken out", _on_log("DELETE FROM log WHERE position = 4"), "position 4: missing")
    yield Fault(
        "the last event taken out",
        _on_log("DELETE FROM log WHERE position = (SELECT max(position) FROM log)"),
        "missing",
    )
    yield Fault(
        "an event's hash changed", _on_log("UPDATE log SET hashes = zeroblob(32) WHERE position = 5"), "position 5:"
    )
    yield Fault("the right edge of the tree changed", _sql("UPDATE log_head SET frontier = x'00'"), "log_head:")
    yield Fault("the head set back", _sql("UPDATE log_head SET position = 2"), "log_head:")
    yield Fault("the head taken away", _sql("DELETE FROM log_head"), "log_head:")
    yield Fault("the log rewritten and hashed anew", _rewritten, "the log was rewritten", against=True)
    yield Fault("garbage planted as an event", _planted("statement-made/1", b"\xff\x00garbage"), "is none that is")
    yield Fault("an event of no known topic planted", _planted("nothing-happened/1", b"{}"), "nothing has such a topic")
    yield Fault(
        "an event without its fields planted", _planted("statement-made/1", b'{"id": "planted"}'), "is none that is"
    )
    yield Fault("a place in no time zone planted",
                _planted("jurisdiction-added/1", b'{"id": "mars", "name": "Mars", "kind": "city", "state": "ZZ", '
                         b'"time_zone": "Mars/Olympus"}', "jurisdiction:mars"), "time_zone")  # fmt: skip
    yield Fault(
        "a version taken out of the read models",
        _sql("DELETE FROM versions WHERE position = 3"),
        "versions row (3): missing",
    )
    yield Fault(
        "a version's body changed", _sql("UPDATE versions SET body = replace(body, 'said', 'denied')"), "versions row"
    )
    yield Fault("an entry taken out of a timeline", _sql("DELETE FROM timeline WHERE position = 3"), "timeline row")
    yield Fault(
        "a name that nobody gave",
        _sql("INSERT INTO names (id, kind, position) VALUES ('a-review', 'review', 3)"),
        "names row",
    )
    yield Fault("a place in another time zone", _sql("UPDATE places SET time_zone = 'Asia/Tokyo'"), "places row")
    yield Fault("a day due taken away", _sql("DELETE FROM due_days"), "due_days row")
    yield Fault(
        "the words of an entry changed", _sql("UPDATE words SET summary = 'other' WHERE rowid = 3"), "words row (3)"
    )
    yield Fault("an index without an entry", _index_without_an_entry, "database:")
    yield Fault("the search index without an entry", _search_index_without_an_entry, "search index")
    yield Fault("an index dropped", _sql("DROP INDEX versions_by_entry"), "index versions_by_entry is missing")
    yield Fault(
        "a trigger of the log dropped", _sql("DROP TRIGGER log_refuses_delete"), "trigger log_refuses_delete is missing"
    )
    yield Fault(
        "a trigger of the log that refuses nothing",
        _sql(
            "DROP TRIGGER log_refuses_update",
            "CREATE TRIGGER log_refuses_update BEFORE UPDATE ON log BEGIN SELECT 1; END",
        ),
        "trigger log_refuses_update is",
    )
    yield Fault("a table dropped", _sql("DROP TABLE idempotency_keys"), "idempotency_keys is missing")
    yield Fault("a column added", _sql("ALTER TABLE keys ADD COLUMN backdoor TEXT"), "table keys is")
    yield Fault("the signing key replaced", _key(), "its key was replaced")
    yield Fault(
        "the signing key and its name replaced", _key("dispute-timeline/00000000"), "its key was replaced", against=True
    )
    yield Fault(
        "the key that the log names changed", _sql("UPDATE log_keys SET key = 'nobody+00000000+AAAA'"), "log_key"
    )
    yield Fault("a planned reminder deleted", _sql(f"DELETE FROM reminders WHERE id = {_PLANNED}"), "missing")
    yield Fault(
        "a delivered reminder set back to planned",
        _sql(f"UPDATE reminders SET state = 'planned' WHERE id = {_DELIVERED}"),
        "state is 'planned'",
    )
    yield Fault("a delivered reminder deleted", _sql(f"DELETE FROM reminders WHERE id = {_DELIVERED}"), "missing")
    yield Fault("a reminder recorded as due a second time", _due_again, "a second time")
    yield Fault("the first page overwritten", _overwritten(0, 0), "database")
    yield Fault("the file cut off in the middle", _cut_off, "database")


def random_pages(file: Path, seed: int) -> Iterator[Fault]:
    """Pages full of noise, those that hold nothing left out: no reader ever sees what is in them."""
    with closing(sqlite3.connect(file)) as connection:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if free:
        raise RuntimeError(f"{free} pages of the record are free, and noise in them is no fault")
    for page in random.Random(seed).sample(range(1, pages), min(RANDOM_PAGES, pages - 1)):
        yield Fault(f"page {page + 1} overwritten", _overwritten(page, seed + page), "")


def judged(seed: int = 1373) -> Iterator[Judged]:
    """Every fault in a copy of its own, and what `verify` said of it. The first is the record that nobody touched."""
    with tempfile.TemporaryDirectory(prefix="timeline-faults-") as folder:
        sound, kept = Path(folder) / "sound.db", Path(folder) / "kept.txt"
        kept.write_text(make_record(sound), encoding="utf-8")
        _run(sound, "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        code, said = _verified(sound, kept)
        yield Judged("nothing", code == 0, said)
        for number, fault in enumerate([*faults(), *random_pages(sound, seed)]):
            file = Path(folder) / f"{number}.db"
            shutil.copy(sound, file)
            fault.plant(file)
            code, said = _verified(file, kept if fault.against else None)
            named = code == 1 and any(fault.words in line for line in said)
            yield Judged(fault.what, named, said)
            file.unlink()


def _verified(file: Path, kept: Path | None) -> tuple[int, list[str]]:
    """The exit code of the command and its lines; run in this process, so that an error it did not mean ends it all."""
    arguments = ["verify"] if kept is None else ["verify", "--against", str(kept)]
    environment = {"DATABASE_URL": f"sqlite:///{file}", "COLUMNS": "1000"}
    result = CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)
    return result.exit_code, result.output.splitlines()


def main() -> None:
    """Prints what became of each fault."""
    results = []
    for result in judged():
        results.append(result.named)
        said = result.said[0] if result.said else "-"
        print(f"{'named ' if result.named else 'MISSED'}  {result.what}: {said}"[:200], flush=True)
    print(f"{len(results) - 1} faults, {results[1:].count(False)} of them not named")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
