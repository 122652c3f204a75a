"""`Accept`: which of an address's formats a reader likes best, and whether what came out is among those it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fastapi import Request

from api.http.errors import NotAcceptable
from api.http.exchange import RequestContext, request_context

_ANYTHING = (b"*/*", None)


@lru_cache(maxsize=1_024)
def ranges(accept: bytes) -> tuple[tuple[str, float], ...]:
    """The media ranges of an `Accept` with their weights; a range with parameters counts as one without."""
    found = []
    for one in accept.decode("latin-1").lower().split(","):
        essence, *parameters = (part.strip() for part in one.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        if essence:
            found.append((essence, weight))
    return tuple(found)


def weight_of(accept: bytes, media_type: str) -> float:
    """How much a media type is liked: by the most specific range that takes it in; 0 for not at all."""
    kind = media_type.partition("/")[0]
    by_specificity = {media_type: 3, f"{kind}/*": 2, "*/*": 1}
    best, weight = 0, 0.0
    for essence, its in ranges(accept):
        specificity = by_specificity.get(essence, 0)
        if specificity > best:
            best, weight = specificity, its
    return weight


def best_of(accept: bytes | None, media_types: Sequence[str]) -> int | None:
    """Which of some media types is liked best, the earlier of equals; None where none is taken."""
    if accept in _ANYTHING:
        return 0
    assert accept is not None  # noqa: S101 - the type checker does not see that the line above has it
    weights = [weight_of(accept, one) for one in media_types]
    best = max(weights)
    return weights.index(best) if best > 0 else None


def acceptable(context: RequestContext, content_type: bytes) -> bool:
    """Whether an answer is of a type that the reader takes; one whose suffix the address names always is."""
    accept = context.accept
    if accept in _ANYTHING or not content_type or b"." in context.path.rpartition(b"/")[2]:
        return True
    assert accept is not None  # noqa: S101 - as above
    essence = content_type.partition(b";")[0].strip().decode("latin-1").lower()
    return weight_of(accept, essence) > 0


def refusal(context: RequestContext, *there_is: str) -> tuple[str, str, str]:
    """Name, title and detail of the problem that none of what there is, is taken."""
    asked = (context.accept or b"").decode("latin-1")
    there = ", ".join(one.partition(";")[0] for one in there_is)
    return "not-acceptable", "Not in a format that is taken", f"Accept: {asked} takes none of what there is: {there}"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the suffix of addresses, and the media type as `Accept` and `Content-Type` have it."""

    suffix: str
    media_type: str
    content_type: str


JSON = Format("json", "application/json", "application/json")
NDJSON = Format("ndjson", "application/x-ndjson", "application/x-ndjson")
CSV = Format("csv", "text/csv", "text/csv; charset=utf-8; header=present")
ATOM = Format("atom", "application/atom+xml", "application/atom+xml")
JSON_FEED = Format("feed.json", "application/feed+json", "application/feed+json")
TIMELINEJS = Format("timelinejs.json", "application/json", "application/json")
TABLE = Format("table.json", "application/vnd.dataresource+json", "application/vnd.dataresource+json")
JSON_LD = Format("jsonld", "application/ld+json", "application/ld+json")

LISTS = (JSON, NDJSON, CSV, ATOM, JSON_FEED, TABLE)
"""What every list is had in, JSON where nothing is said."""
BY_SUFFIX = {one.suffix: one for one in (*LISTS, TIMELINEJS)}
SUFFIXES_OF_LISTS = tuple(one.suffix for one in LISTS)


def negotiated_format(request: Request, formats: Sequence[Format] = LISTS) -> Format:
    """The format that a reader's `Accept` likes best; NotAcceptable where it takes none."""
    context = request_context(request)
    if context.accept is None or context.accept == b"*/*":
        return formats[0]
    best = best_of(context.accept, [one.media_type for one in formats])
    if best is None:
        _, _, detail = refusal(context, *(one.media_type for one in formats))
        raise NotAcceptable(detail)
    return formats[best]
