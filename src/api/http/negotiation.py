"""`Accept`: which format of an address a client prefers, and whether it accepts that of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fastapi import Request

from api.http.errors import NotAcceptable
from api.http.exchange import RequestContext, request_context


@lru_cache(maxsize=1_024)
def ranges(accept: bytes) -> tuple[tuple[str, float], ...]:
    """The media ranges of an `Accept` with their weights; parameters other than `q` are ignored."""
    weighted = []
    for item in accept.decode("latin-1").lower().split(","):
        essence, *parameters = (part.strip() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        if essence:
            weighted.append((essence, weight))
    return tuple(weighted)


def weight_of(accept: bytes, media_type: str) -> float:
    """The weight of a media type by the most specific range that matches; 0 where it is not accepted."""
    kind = media_type.partition("/")[0]
    by_specificity = {media_type: 3, f"{kind}/*": 2, "*/*": 1}
    best, weight = 0, 0.0
    for essence, range_weight in ranges(accept):
        specificity = by_specificity.get(essence, 0)
        if specificity > best:
            best, weight = specificity, range_weight
    return weight


def best_of(accept: bytes | None, media_types: Sequence[str]) -> int | None:
    """The index of the media type preferred, the first of equals; None where none is accepted."""
    if accept is None or accept == b"*/*":
        return 0
    weights = [weight_of(accept, media_type) for media_type in media_types]
    best = max(weights)
    return weights.index(best) if best > 0 else None


def is_browsers(accept: bytes) -> bool:
    """Whether somebody opens an address in a browser: JSON, which it can show, is of more use than a refusal."""
    return weight_of(accept, "text/html") > 0


def acceptable(context: RequestContext, content_type: bytes) -> bool:
    """Whether the client accepts the type of an answer; always where the address names it by suffix."""
    accept = context.accept
    if accept is None or accept == b"*/*" or not content_type or b"." in context.path.rpartition(b"/")[2]:
        return True
    if is_browsers(accept):
        return True
    essence = content_type.partition(b";")[0].strip().decode("latin-1").lower()
    return weight_of(accept, essence) > 0


def not_acceptable(context: RequestContext, *available: str) -> NotAcceptable:
    """The error that the client accepts none of the types available."""
    accept = (context.accept or b"").decode("latin-1")
    types = ", ".join(media_type.partition(";")[0] for media_type in available)
    return NotAcceptable(f"Accept: {accept} takes none of what there is: {types}")


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
"""The formats of every list; JSON where there is no `Accept`."""
BY_SUFFIX = {each.suffix: each for each in (*LISTS, TIMELINEJS)}


def negotiated_format(request: Request, formats: Sequence[Format] = LISTS) -> Format:
    """The format that `Accept` prefers; NotAcceptable where it accepts none."""
    context = request_context(request)
    best = best_of(context.accept, [each.media_type for each in formats])
    if best is None and is_browsers(context.accept or b""):
        best = 0
    if best is None:
        raise not_acceptable(context, *(each.media_type for each in formats))
    return formats[best]
