"""The texts of the OpenAPI document for problems, headers and tags, each written once for all operations."""

from typing import Any

from api.http.errors import ERROR_TABLE, ErrorRow

TAGS = {
    "timeline": "What happened, in order of occurrence.",
    "jurisdictions": "Places and agencies, and where each stands.",
    "deadlines": "What is due, and what became of it.",
    "entries": "One act of the dispute each, read and recorded.",
    "audit": "What was said before, what was changed, by whom and why.",
    "formats": "The lists by suffix, for whoever cannot say `Accept`.",
    "proof": "The log as others check it: checkpoints, leaves and proofs (RFC 6962, C2SP).",
    "reminders": "Subscriptions, and the reminders that come of them.",
    "events": "The log as events, read on from any position.",
    "health": "For whoever watches the service.",
}
PROBLEM_TEXTS = {
    "400": "The question, or the JSON of the body, is not well formed.",
    "401": "A key is needed.",
    "404": "Nothing of that name is on record on the clocks asked.",
    "406": "`Accept` takes none of the formats that there are.",
    "409": "On record with other content: `on_record` and `given` show both; or the request whose `Idempotency-Key` "
    "this is, is still being carried out. Nothing was recorded.",
    "412": "The entry has another version by now: `version` says which. Nothing was recorded.",
    "413": "The body is too large.",
    "414": "The address, its query included, is too long.",
    "415": "The body is of a kind that is not read here.",
    "422": "A field is not well formed, or the record cannot carry this; `errors` says which. Nothing was recorded.",
    "428": "`If-Match` was left out.",
    "429": "Too many requests: `Retry-After` says for how many seconds to wait.",
    "431": "The header fields are too many or too large.",
    "500": "A bug of ours.",
    "503": "The database is in trouble, or there are too many streams: come back after `Retry-After` seconds.",
}
PROBLEM_NAMES = {
    "400": "Malformed", "401": "KeyNeeded", "404": "NotOnRecord", "406": "NotAcceptable", "409": "Conflict",
    "412": "Stale", "413": "TooLarge", "414": "AddressTooLong",
    "415": "WrongMediaType", "422": "Refused", "428": "IfMatchNeeded",
    "429": "TooManyRequests", "431": "HeadTooLarge", "500": "Bug", "503": "TooManyStreams",
}  # fmt: skip  # these are promised: the last was named when there was no other reason for it
PROBLEM_ROWS = (
    *ERROR_TABLE.values(),
    ErrorRow(500, "", "Internal Server Error"),
)
"""Every problem there is: the errors of the table, and a bug."""
PROBLEM_EXTRAS: dict[str, dict[str, Any]] = {
    "conflict": {"on_record": {"kind": "meeting"}, "given": {"kind": "hearing"}},
    "stale": {"version": 2},
    "malformed-question": {
        "errors": [{"field": "limit", "value": "0", "message": "Input should be greater than or equal to 1"}]
    },
    "invalid": {
        "errors": [{"field": "occurred", "value": "2017-02-30", "message": "'2017-02-30' is not in the calendar"}]
    },
}
PROBLEM_HEADERS = {
    "401": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
DATE = "Tue, 24 Nov 2026 17:00:00 GMT"


def _header(description: str, example: str, *, pattern: str | None = None, required: bool = False) -> dict[str, Any]:
    shape = {"type": "string"} if pattern is None else {"type": "string", "pattern": pattern}
    return {"description": description, "required": required, "schema": shape, "example": example}


A_TAG = r'^"[^"]+"$'
HEADERS: dict[str, dict[str, Any]] = {
    "ETag": _header("What the answer is, for `If-None-Match`; of an entry its version, for `If-Match`.", '"1"',
                    pattern=A_TAG, required=True),
    "Cache-Control": _header("For how long it may be kept; `immutable` where it can never be another answer.",
                             "no-cache", required=True),
    "Log-Position": _header("The head of the log at which the answer was worked out.", "1373", pattern="^[0-9]+$"),
    "Last-Modified": _header("When what the answer rests on was recorded.", DATE),
    "Link": _header("The next page, the TimeGate, the TimeMap and the memento (RFC 8288).",
                    '<https://timeline.example.org/api/v1/timeline?cursor=WyI>; rel="next"'),
    "Memento-Datetime": _header("Of when the answer is, where it is a memento (RFC 7089).", DATE),
    "Content-Location": _header("Where the memento stays that `Accept-Datetime` came to.",
                                "https://timeline.example.org/api/v1/timeline?recorded_by=520"),
    "Location": _header("Where it is read from now on.", "/api/v1/entries/2017-04-21-a-letter", required=True),
    "Idempotency-Replayed": _header("`true`: the answer that this `Idempotency-Key` had before.", "true"),
    "RateLimit": _header("How much may still be asked, and in how many seconds all of it again.",
                         '"default";r=29999;t=1'),
    "RateLimit-Policy": _header("How much may be asked in how many seconds.", '"default";q=30000;w=60'),
    "Retry-After": _header("Seconds to wait.", "2", pattern="^[0-9]+$"),
    "WWW-Authenticate": _header("How to show a key.", 'Bearer realm="dispute-timeline"', required=True),
}  # fmt: skip
PARAMETERS: dict[str, dict[str, Any]] = {
    "If-None-Match": {
        "description": "The `ETag` of an answer had before: the same again is a 304.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "Accept-Datetime": {
        "description": "What was said then, in place of `recorded_by` (Memento, RFC 7089).",
        "schema": {"type": "string", "format": "http-date", "examples": [DATE]},
    },
    "If-Match": {
        "description": "The `ETag` of the entry as it was seen: its version. `*` takes any.",
        "required": True,
        "schema": {"type": "string", "pattern": r'^(\*|(W/)?"?[0-9]{1,9}(-maybe)?(-gzip)?"?)$', "examples": ['"1"']},
    },
    "Idempotency-Key": {
        "description": "Of your making, another for each request: sent again within a day, it is carried out once.",
        "schema": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,255}$", "examples": ["letter-of-2017-04-21"]},
    },
}
