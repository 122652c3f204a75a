"""The log as others check it: signed checkpoints, events as they were hashed, and proofs (RFC 6962)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from api.clocks import service_of
from api.documents import documented
from api.errors import Malformed
from api.http.reply import FOREVER
from api.proof_shapes import ConsistencyShown, InclusionShown, LeafShown
from api.questions import Nothing, Question, read
from api.shapes import ProblemShown
from application.proving import Proofs, proving
from domain.errors import Invalid
from domain.refusals import Problem

router = APIRouter(prefix="/api/v1", tags=["proof"])
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_KEY = "dispute-timeline/3a6e2d8e+4c0c8843+AacCsGbRgSKeJY3oDrnz7L5HIjtCLEgfZKFhzn3dZRJP\n"
_CHECKPOINT = (
    "dispute-timeline/3a6e2d8e\n523\nXT9WNtjejRsl+VJJiMwJfDe4EQ1vi4LRLmXv6gph2X4=\n\n— dispute-timeline/3a6e2d8e "
    "TAyIQ3ltX9G8YmuFVqVb7mRaCOYGAMOVjqp94xE8EQY3OLkgQsneNBAYrPdzlO8t1yD7KOtZGdPzA4DR5X1Cg1mtJwI=\n"
)
# More digits than any log has positions, fewer than a database can hold.
Size = Annotated[int, Field(ge=0, lt=10**18)]
Position = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$", description="A log position, from 1.", examples=["520"])]


class SizeQuestion(Question):
    """As of which size of the log."""

    size: Size | None = Field(None, description="The first so many events. Left out: all.")


class ConsistencyQuestion(Question):
    """Between which two sizes of the log."""

    from_: Size | None = Field(None, alias="from", description="The size that it had, as a checkpoint kept says.")
    to: Size | None = Field(None, description="The size that it has come to. Left out: all there is.")


def _documented_text(question: type[Question], example: str, *others: int) -> dict[str, Any]:
    its = documented(question, ProblemShown, *others)
    its["responses"][200] = {"content": {_TEXT: {"schema": {"type": "string"}, "example": example}}}
    return its


@router.get(
    "/log/checkpoint", response_class=PlainTextResponse, **_documented_text(SizeQuestion, _CHECKPOINT, 400, 404)
)
def checkpoint(request: Request) -> Response:
    """The log's size and root hash, signed: a C2SP checkpoint. Keep it elsewhere, and nothing before it can change."""
    question = read(SizeQuestion, request)
    with _proofs(request) as proofs:
        return _answer(proofs, proofs.checkpoint(question.size), _TEXT)


@router.get("/log/key", response_class=PlainTextResponse, **_documented_text(Nothing, _KEY, 400))
def key(request: Request) -> Response:
    """The verifier key of the log's signatures, as C2SP signed-note writes it: name+hash+base64."""
    read(Nothing, request)
    with _proofs(request) as proofs:
        return _answer(proofs, f"{proofs.key}\n", _TEXT)


@router.get("/log/entries/{position}", **documented(Nothing, LeafShown, 400, 404))
def leaf(request: Request, position: Position) -> Response:
    """All that the log keeps of an event, byte for byte as it was hashed: the leaf at index position - 1."""
    read(Nothing, request)
    with _proofs(request) as proofs:
        return _answer(proofs, proofs.leaf(int(position)), _JSON, forever=True)


@router.get("/log/entries/{position}/proof", **documented(SizeQuestion, InclusionShown, 400, 404))
def inclusion(request: Request, position: Position) -> Response:
    """The audit path from an event to the root of a checkpoint: the event is in the log that was signed."""
    question = read(SizeQuestion, request)
    with _proofs(request) as proofs:
        found = proofs.inclusion(int(position), question.size)
        return _encoded(proofs, found, forever=question.size is not None)


@router.get("/log/consistency", **documented(ConsistencyQuestion, ConsistencyShown, 400, 404))
def consistency(request: Request) -> Response:
    """The proof that the log of one checkpoint goes on from that of an earlier one, and changed nothing in it."""
    question = read(ConsistencyQuestion, request)
    if question.from_ is None:
        message = "which size is it to have grown from?"
        raise Malformed(f"from: {message}", problems=[Problem("from", None, message)])
    with _proofs(request) as proofs:
        to = proofs.head if question.to is None else question.to
        return _encoded(proofs, proofs.consistency(question.from_, to), forever=question.to is not None)


@contextmanager
def _proofs(request: Request) -> Iterator[Proofs]:
    try:
        with proving(service_of(request)) as proofs:
            yield proofs
    except Invalid as error:
        raise Malformed(error.detail, problems=error.problems) from error


def _encoded(proofs: Proofs, body: Mapping[str, Any], *, forever: bool) -> Response:
    return _answer(proofs, msgspec.json.encode(body), _JSON, forever=forever)


def _answer(proofs: Proofs, body: str | bytes, media_type: str, *, forever: bool = False) -> Response:
    headers = {"Log-Position": str(proofs.head), "X-Content-Type-Options": "nosniff"}
    if forever:
        headers["Cache-Control"] = FOREVER
    return Response(body, headers=headers, media_type=media_type)
