"""The key that signs for the log: Ed25519, made with the database, in a table of its own and in no answer.

Notes are signed as C2SP's signed-note and tlog-checkpoint say, so any tool that knows those can check them.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from secrets import token_hex

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import CheckConstraint, Column, Connection, Integer, LargeBinary, MetaData, Table, Text, insert, select

from eventlog.verify_proof import Key

_log_key = Table(
    "log_key",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("private", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="log_key_is_one_row"),
)
# Eight hexadecimal digits tell the logs of this program apart for a reader; what identifies one is its key.
_ID_BYTES = 4


def create_key(connection: Connection) -> None:
    """Makes the table, and the log's name and key: once, when the database is made."""
    _log_key.create(connection)
    name = f"dispute-timeline/{token_hex(_ID_BYTES)}"
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    connection.execute(insert(_log_key).values(id=1, name=name, private=private))


def drop_key(connection: Connection) -> None:
    """Drops the table and the key with it."""
    _log_key.drop(connection)


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs for a log under its name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> Key:
        """What others check its signatures with."""
        return Key(self.name, self.private.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note that says: the first `size` events have this root."""
        text = f"{self.name}\n{size}\n{b64encode(root).decode()}\n"
        signature = b64encode(self.key.hash + self.private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


def signer(connection: Connection) -> Signer:
    """The log's own."""
    name, private = connection.execute(select(_log_key.c.name, _log_key.c.private)).one()
    return Signer(name, Ed25519PrivateKey.from_private_bytes(private))
