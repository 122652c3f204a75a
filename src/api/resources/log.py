"""The log as others check it: signed checkpoints, events as they were hashed, and proofs (RFC 6962)."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field

from api.http.errors import malformed_where_invalid
from api.http.parameters import QueryModel
from api.http.reply import FOREVER
from api.http.routes import get
from api.openapi.schemas import Instant, Shape
from application.service import Service
from eventlog.proofs import Proofs, proving

Hash = Annotated[
    str, Field(description="SHA-256, in base64.", examples=["XT9WNtjejRsl+VJJiMwJfDe4EQ1vi4LRLmXv6gph2X4="])
]


class LeafShown(Shape):
    """All that the log keeps of an event; its bytes are what is hashed."""

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: Instant
    recorder: str
    state: dict[str, Any]


class InclusionShown(Shape):
    """That an event is one of the first `size`: an audit path as in RFC 6962."""

    position: int
    size: int
    leaf_hash: Hash
    root: Hash
    hashes: list[Hash]


class ConsistencyShown(Shape):
    """That the log of `to` events goes on from that of `from`: a consistency proof as in RFC 6962."""

    from_: int = Field(alias="from")
    to: int
    hashes: list[Hash]


router = APIRouter(prefix="/api/v1", tags=["proof"])
# More digits than any log has positions, fewer than a database can hold.
Size = Annotated[int, Field(ge=0, lt=10**18, examples=[520])]
LogPosition = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,17}$", description="A log position, from 1.", examples=["520"])
]


class SizeQuery(QueryModel):
    size: Size | None = Field(None, description="The first so many events. Left out: all.")


class ConsistencyQuery(QueryModel):
    from_: Size = Field(alias="from", description="The size that it had, as a checkpoint kept says.")
    to: Size | None = Field(None, description="The size that it has come to. Left out: all there is.")


@get(router, "/log/checkpoint", query=SizeQuery, answer="text/plain", also=(404,))
def log_checkpoint(service: Service, query: SizeQuery) -> Response:
    """The log's size and root hash, signed: a C2SP checkpoint. Keep it elsewhere, and nothing before it can change."""
    with malformed_where_invalid(), proving(service.log) as proofs:
        return _log_response(proofs, proofs.checkpoint(query.size))


@get(router, "/log/key", answer="text/plain")
def log_key(service: Service) -> Response:
    """The verifier key of the log's signatures, as C2SP signed-note writes it: name+hash+base64."""
    with malformed_where_invalid(), proving(service.log) as proofs:
        return _log_response(proofs, f"{proofs.key}\n")


@get(router, "/log/entries/{position}", answer=LeafShown)
def log_entry(service: Service, position: LogPosition) -> Response:
    """All that the log keeps of an event, byte for byte as it was hashed: the leaf at index position - 1."""
    with malformed_where_invalid(), proving(service.log) as proofs:
        return _log_response(proofs, proofs.leaf(int(position)), forever=True)


@get(router, "/log/entries/{position}/proof", query=SizeQuery, answer=InclusionShown)
def proof_of_inclusion(service: Service, query: SizeQuery, position: LogPosition) -> Response:
    """The audit path from an event to the root of a checkpoint: the event is in the log that was signed."""
    with malformed_where_invalid(), proving(service.log) as proofs:
        body = msgspec.json.encode(proofs.inclusion(int(position), query.size))
        return _log_response(proofs, body, forever=query.size is not None)


@get(router, "/log/consistency", query=ConsistencyQuery, answer=ConsistencyShown, also=(404,))
def proof_of_consistency(service: Service, query: ConsistencyQuery) -> Response:
    """The proof that the log of one checkpoint goes on from that of an earlier one, and changed nothing in it."""
    with malformed_where_invalid(), proving(service.log) as proofs:
        to = proofs.head if query.to is None else query.to
        body = msgspec.json.encode(proofs.consistency(query.from_, to))
        return _log_response(proofs, body, forever=query.to is not None)


def _log_response(proofs: Proofs, body: str | bytes, *, forever: bool = False) -> Response:
    """Text is sent as text, and bytes as the JSON that they are."""
    headers = {"Log-Position": str(proofs.head), "X-Content-Type-Options": "nosniff"}
    if forever:
        headers["Cache-Control"] = FOREVER
    media_type = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    return Response(body, headers=headers, media_type=media_type)
