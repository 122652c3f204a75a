"""Checks what a dispute timeline's log has proved, offline: this one file, Python 3.11 and `cryptography` are enough.

    python verify.py [--key KEY] FILE...

Each FILE is any of these, told apart by what is in it; what belongs together is given together:
- a proof, as made by `dispute-timeline prove ENTRY`;
- a checkpoint, from /api/v1/log/checkpoint: how many events the log then had and their root hash, signed;
- an event, from /api/v1/log/entries/N, and that it is in the log, from /api/v1/log/entries/N/proof;
- that the log only grew, from /api/v1/log/consistency?from=A&to=B, with the checkpoints of both sizes.

KEY is the log's verifier key, from /api/v1/log/key or from wherever it was published: note it once, from a source that
you trust. Exit code 0: everything given was proved, and it is said what. 1: something was not, and nothing is said.

Formats: RFC 6962 (tree and proofs; checked as in RFC 9162, 2.1.3.2 and 2.1.4.2), C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
HASH_BYTES = 32
KEY_HASH_BYTES = 4
CHECKPOINT_LINES = 3
DIGITS_MOST = 18


class NotProved(Exception):
    """What was given proves nothing of the kind, or the opposite, or is none of the things that can be checked."""


# The tree


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves that has the leaf of this hash at `index`, by its audit path."""
    if not 0 <= index < size:
        raise NotProved(f"leaf {index} cannot be in a tree of {size}")
    here, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise NotProved("the audit path is too long")
        if here & 1 or here == last:
            root = node_hash(sibling, root)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise NotProved("the audit path is too short")
    return root


def check_consistency(first: int, second: int, roots: tuple[bytes, bytes], path: Sequence[bytes]) -> None:
    """NotProved, unless the tree of `second` leaves with the second root only adds to the first one."""
    if not 0 <= first <= second:
        raise NotProved(f"a log of {second} events does not grow from one of {first}")
    if first in {0, second}:
        if path or (first and roots[0] != roots[1]):
            raise NotProved("two logs of the same size that differ, or a proof where none is needed")
        return
    hashes = [roots[0], *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        raise NotProved("the proof is empty")
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = hashes[0]
    for hash_ in hashes[1:]:
        if last == 0:
            raise NotProved("the proof is too long")
        if here & 1 or here == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        here, last = here >> 1, last >> 1
    if last or (old, new) != roots:
        raise NotProved("the later log does not contain the earlier one")


# Signed notes


@dataclass(frozen=True)
class Key:
    """A log's public key and its name; as text `name+hash+base64`."""

    name: str
    public: bytes

    @classmethod
    def read(cls, text: str) -> Key:
        """The key that a text writes; NotProved where it is none, or one of another kind."""
        name, _, rest = text.strip().partition("+")
        hash_, _, public = rest.partition("+")
        decoded = _base64(public, "the key")
        key = cls(name, decoded[1:])
        if decoded[:1] != ED25519 or len(key.public) != HASH_BYTES:
            raise NotProved("the key is not an Ed25519 one: name+hash+base64")
        if key.hash.hex() != hash_:
            raise NotProved(f"the key's hash is {hash_}, its other parts have {key.hash.hex()}")
        return key

    @property
    def hash(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(f"{self.name}\n".encode() + ED25519 + self.public).digest()[:KEY_HASH_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: that its first `size` events have this root."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, note: str) -> Checkpoint:
        """The checkpoint that a signed note holds; NotProved for another text."""
        text, blank, below = note.rpartition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) < CHECKPOINT_LINES or not below.endswith("\n"):
            raise NotProved("it is no checkpoint: a signed note of origin, size and root hash")
        origin, size, root = lines[:CHECKPOINT_LINES]
        if not (size.isascii() and size.isdigit()) or len(size) > DIGITS_MOST or size != str(int(size)) or not origin:
            raise NotProved(f"a checkpoint's second line is a size, not {size!r}")
        root_hash = _hash(root)
        signatures = []
        for line in below[:-1].split("\n"):
            dash, _, rest = line.partition(" ")
            name, _, signature = rest.partition(" ")
            if dash != "—" or not name:
                raise NotProved("a checkpoint ends with lines: — name signature")
            signatures.append((name, _base64(signature, "the signature")))
        return cls(origin, int(size), root_hash, f"{text}\n".encode(), tuple(signatures))

    def by(self, key: Key) -> list[bytes]:
        """The signatures that say that they are this key's."""
        mine = (signature for name, signature in self.signatures if name == key.name)
        return [signature[KEY_HASH_BYTES:] for signature in mine if signature.startswith(key.hash)]

    def check(self, key: Key) -> None:
        """NotProved, unless the key signed it and the log it speaks of is the key's."""
        if self.origin != key.name or not self.by(key):
            raise NotProved(f"the checkpoint of {self.origin!r} is not signed by {key}")
        try:
            for signature in self.by(key):
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, self.signed)
        except InvalidSignature:
            raise NotProved(f"the checkpoint of {self.origin!r} has a false signature of {key}") from None


# What is checked together


@dataclass
class Evidence:
    """Everything given: what must be shown of it, and with what."""

    keys: list[tuple[str, Key]] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    leaves: dict[int, bytes] = field(default_factory=dict)
    paths: list[tuple[int, int, bytes, list[bytes]]] = field(default_factory=list)
    growths: dict[tuple[int, int], list[bytes]] = field(default_factory=dict)
    entries: list[tuple[str, int]] = field(default_factory=list)

    def add(self, content: bytes) -> None:
        """Takes in a file's content, whichever of the things it is."""
        if not content.lstrip().startswith(b"{"):
            self.checkpoints.append(Checkpoint.read(content.decode()))
            return
        given = json.loads(content)
        match given:
            case {"format": "dispute-timeline/proof", "version": 1}:
                self._add_proof(given)
            case {"from": int(first), "to": int(second), "hashes": list(hashes)}:
                self.growths[first, second] = [_hash(text) for text in hashes]
            case {"position": int(position), "size": int(size), "leaf_hash": str(leaf), "hashes": list(hashes)}:
                self.paths.append((position, size, _hash(leaf), [_hash(text) for text in hashes]))
            case {"position": int(position), "stream": str(), "version": int(), "state": _}:
                self._add_leaf(position, content)
            case _:
                raise NotProved("this JSON is neither a proof, an event of the log nor a proof of consistency")

    def _add_proof(self, proof: dict[str, Any]) -> None:
        checkpoint = Checkpoint.read(proof["checkpoint"])
        self.checkpoints.append(checkpoint)
        self.keys.append(("the proof itself", Key.read(proof["key"])))
        stream = f"entry:{proof['entry']}"
        if not proof["events"]:
            raise NotProved(f"it has no event of entry {proof['entry']}")
        for version, event in enumerate(proof["events"], 1):
            position, leaf = event["position"], event["leaf"].encode()
            event_json = json.loads(leaf)
            if (event_json["position"], event_json["stream"], event_json["version"]) != (position, stream, version):
                raise NotProved(f"position {position} is not version {version} of entry {proof['entry']}")
            self._add_leaf(position, leaf)
            self.paths.append((position, checkpoint.size, leaf_hash(leaf), [_hash(text) for text in event["hashes"]]))
        self.entries.append((proof["entry"], len(proof["events"])))

    def _add_leaf(self, position: int, leaf: bytes) -> None:
        if self.leaves.setdefault(position, leaf) != leaf:
            raise NotProved(f"position {position} is given twice, with different content")

    def sentences(self) -> Iterator[str]:
        """What is proved, sentence by sentence, until NotProved."""
        if not self.checkpoints:
            raise NotProved("there is no checkpoint: without one nothing binds the log to what it says")
        if not self.keys:
            raise NotProved("there is no key: give the log's verifier key with --key")
        source, key = self.keys[0]
        for other, given in self.keys:
            if given != key:
                raise NotProved(f"{other} has another key than {source}: {given}, not {key}")
        roots: dict[int, bytes] = {}
        for checkpoint in self.checkpoints:
            checkpoint.check(key)
            if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                raise NotProved(f"the log signed two different histories of {checkpoint.size} events")
        for size, root in sorted(roots.items()):
            yield f"Signed: the root hash of the first {size} events of {key.name} is {b64encode(root).decode()}."
        yield from self._included(roots)
        yield from self._grown(roots)
        for entry, versions in self.entries:
            yield f"Not proved: that entry {entry} has no event after these {versions}. Ask for a newer proof."
        if source == "the proof itself":
            yield f"The key is the proof's own. Compare it with the one that you noted, or give it with --key: {key}"

    def _included(self, roots: dict[int, bytes]) -> Iterator[str]:
        shown = set()
        for position, size, leaf, path in self.paths:
            if size not in roots:
                raise NotProved(f"position {position}: its proof is for {size} events, of which there is no checkpoint")
            if position in self.leaves and leaf_hash(self.leaves[position]) != leaf:
                raise NotProved(f"position {position}: the event is not the one whose hash the proof has")
            try:
                root = root_by_inclusion(leaf, position - 1, size, path)
            except NotProved as error:
                raise NotProved(f"position {position}: {error}") from None
            if root != roots[size]:
                raise NotProved(f"position {position}: the event is not in the log that was signed")
            shown.add(position)
            yield f"In the log: position {position}, {self._words(position)}"
        for position in self.leaves.keys() - shown:
            raise NotProved(f"position {position}: nothing shows that this event is in the log; give its proof")

    def _words(self, position: int) -> str:
        if position not in self.leaves:
            return "an event that was not given, only its hash."
        event = json.loads(self.leaves[position])
        if event["position"] != position:
            raise NotProved(f"position {position}: the event says that it is at {event['position']}")
        return f"version {event['version']} of {event['stream']}: {event['topic']}, recorded {event['recorded_at']}"

    def _grown(self, roots: dict[int, bytes]) -> Iterator[str]:
        for (first, second), path in self.growths.items():
            if first not in roots or second not in roots:
                raise NotProved(f"the proof from {first} to {second} events needs the checkpoints of both sizes")
            check_consistency(first, second, (roots[first], roots[second]), path)
            yield f"Only added to: the log of {second} events begins with the very {first} events that it had before."
        for first, second in pairwise(sorted(roots)):
            if (first, second) not in self.growths:
                raise NotProved(
                    f"nothing shows that the log of {second} events goes on from that of {first}: give what "
                    f"/api/v1/log/consistency?from={first}&to={second} answers"
                )


def _base64(text: str, what: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if not decoded or b64encode(decoded).decode() != text:
        raise NotProved(f"{what} is not base64: {text[:100]!r}")
    return decoded


def _hash(text: str) -> bytes:
    decoded = _base64(text, "a hash")
    if len(decoded) != HASH_BYTES:
        raise NotProved(f"a hash has {HASH_BYTES} bytes, this one {len(decoded)}: {text[:100]!r}")
    return decoded


def proved(files: Sequence[Path], key: str | None = None) -> list[str]:
    """What the files prove together, in sentences; NotProved where one of them, or all together, do not."""
    evidence = Evidence()
    if key is not None:
        evidence.keys.append(("--key", Key.read(key)))
    for file in files:
        try:
            evidence.add(file.read_bytes())
        except (NotProved, ValueError, RecursionError, OSError) as error:
            raise NotProved(f"{file}: {error}") from None
        except (KeyError, TypeError, AttributeError) as error:
            raise NotProved(f"{file}: it lacks, or has in another form: {error}") from None
    return list(evidence.sentences())


def main() -> int:
    """Runs as a program."""
    parser = argparse.ArgumentParser(description="Checks proofs of a dispute timeline's log, offline.")
    parser.add_argument("--key", help="the log's verifier key: name+hash+base64")
    parser.add_argument("file", type=Path, nargs="+", help="proofs, checkpoints, events and proofs of consistency")
    asked = parser.parse_args()
    try:
        sentences, code = [*proved(asked.file, asked.key), "Proved."], 0
    except NotProved as error:
        sentences, code = [f"NOT PROVED: {error}"], 1
    for sentence in sentences:
        # A file may hold what a terminal would obey: nothing is written but plain characters.
        sys.stdout.write(f"{ascii(sentence)[1:-1]}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
