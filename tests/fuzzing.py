"""What Schemathesis must know of this service, beside its document: how NDJSON is written, and which 400s are right."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import schemathesis
from hypothesis import strategies

# A question that is well formed may still ask for what there is not: a cursor of another list, a position beyond the
# log's end, a beginning after the end, counts in a format that has no room for them. That is a 400, and names it.
WITHOUT_MEANING = {
    "Accept-Datetime",
    "cursor",
    "after",
    "from",
    "to",
    "size",
    "facets",
    "recorded_by",
    "q",
    "order",
    "bom",
}

DATES = strategies.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=strategies.just(UTC))  # noqa: DTZ001  # the strategy adds the zone
schemathesis.openapi.format("http-date", DATES.map(lambda one: format_datetime(one, usegmt=True)))


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.check
def a_valid_question_is_refused_for_its_meaning_alone(
    _context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    if case.meta is None or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return
    if response.status_code == 400:
        fields = {one["field"] for one in response.json().get("errors", [{"field": None}])}
        assert fields <= WITHOUT_MEANING, f"well formed, and refused as malformed: {response.text}"
