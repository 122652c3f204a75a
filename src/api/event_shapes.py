"""The shapes of the events interface, as the documentation shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from api.documents import documented
from api.questions import Question
from api.shapes import Shape

_EVENT = (
    b'id: 1373\nevent: WarningIssued\ndata: {"specversion":"1.0","id":"1373","source":"/api/v1",'
    b'"type":"dispute-timeline.warning-issued.v1","time":"2026-11-24T17:00:00.000000Z",'
    b'"subject":"entries/2017-04-21-doj-letters-nine","datacontenttype":"application/json","recorder":"load",'
    b'"version":1,"data":{"id":"2017-04-21-doj-letters-nine"}}\n\n'
)


class CloudEvent(Shape):
    """An event of the log as CloudEvents 1.0 has it."""

    specversion: Literal["1.0"]
    id: str = Field(description="The log position, in digits.", examples=["1373"])
    source: str = Field(description="`PUBLIC_URL`/api/v1, or /api/v1 where that is not set.")
    type: str = Field(
        description="`dispute-timeline.`, the topic in the log, and the version of what `data` holds.",
        examples=["dispute-timeline.warning-issued.v1"],
    )
    time: str = Field(description="When it was recorded.")
    subject: str = Field(description="What it befell, as an address below `source`.", examples=["entries/a-letter"])
    datacontenttype: Literal["application/json"]
    recorder: str = Field(description="Who recorded it.")
    version: int = Field(description="Which version of the subject it made.")
    data: dict[str, JsonValue] = Field(description="The fields of the event, as the log holds them.")


class Events(Shape):
    """A part of the log."""

    events: list[CloudEvent]
    next: int | None = Field(description="The `after` of the next part; null where the log ends here.")


def stream_documented(question: type[Question]) -> dict[str, Any]:
    """The documentation of the stream: its parameters, the header that resumes it, what it looks like."""
    its = documented(question, None, 400, 503)
    its["responses"][200] = {
        "description": "One block an event, in order; lines that begin with a colon say that it is still there.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EVENT.decode()}},
    }
    its["openapi_extra"]["parameters"].append(
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The id of the last event that came whole. Taken before `after`.",
            "schema": {"type": "string", "pattern": "^[0-9]{1,18}$", "examples": ["1373"]},
        }
    )
    return its
