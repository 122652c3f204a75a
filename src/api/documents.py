"""The documentation: OpenAPI 3.1 of what the routes read and answer, from the types that the record itself uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter

from api.errors import MEDIA_TYPE
from api.formats.table import Format
from api.questions import Question, parameters
from api.shapes import ProblemShown
from application.reminding.wishes import Wish
from domain.events import EntryCorrected, EntryDisputed, EntryRetracted
from domain.jurisdictions import Jurisdiction
from domain.kinds import Entry

_REF = "#/components/schemas/"
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}{ProblemShown.__name__}"}}}
_SAID = {
    200: "It is on record already, with the same content.",
    400: "The question, or the JSON of the body, is not well formed.",
    204: "It is done.",
    401: "A key is needed.",
    404: "Nothing of that name is on record on the clocks asked.",
    406: "`Accept` takes none of the formats that there are.",
    409: "The id is on record with other content: `on_record` and `given` show both. Nothing was recorded.",
    412: "The entry has another version by now: `version` says which. Nothing was recorded.",
    413: "The body is too large.",
    415: "Only application/json is read.",
    422: "A field is not well formed, or the record cannot carry this; `errors` says which. Nothing was recorded.",
    428: "`If-Match` was left out.",
    503: "The record cannot be written to.",
}


def documented(
    question: type[Question],
    answer: type[BaseModel] | None,
    *others: int,
    asked: Mapping[str, Any] | None = None,
    success: int | None = None,
) -> dict[str, Any]:
    """A route's documentation: its parameters, its answer and body, what else may come."""
    success = success or (201 if asked is not None else 200)
    responses: dict[int | str, dict[str, Any]] = {
        success: {"description": _SAID[204]} if answer is None else {"model": answer},
        "default": {"description": "Any other problem.", "content": _PROBLEM},
    }
    for status in others:
        good = status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.SERVICE_UNAVAILABLE
        responses[status] = {"description": _SAID[status], **({"model": answer} if good else {"content": _PROBLEM})}
    extra: dict[str, Any] = {"parameters": parameters(question)}
    if asked is not None:
        extra["requestBody"] = dict(asked)
    return {"responses": responses, "openapi_extra": extra}


def in_formats(
    question: type[Question], answer: type[BaseModel], formats: Sequence[Format], *others: int
) -> dict[str, Any]:
    """The documentation of a route whose answer is had in several formats."""
    its = documented(question, answer, *others)
    text: dict[str, Any] = {"schema": {"type": "string"}}
    content = {one.media_type: text for one in formats if not one.media_type.endswith("json")}
    content |= {one.media_type: {"schema": {"type": "object"}} for one in formats if one.media_type.endswith("+json")}
    its["responses"][200]["content"] = content
    return its


def body(schema: str, example: Mapping[str, Any] | None = None, **examples: Mapping[str, Any]) -> dict[str, Any]:
    """A body of the schema of that name, with examples."""
    named = examples or {"example": example or {}}
    shown = {name: {"summary": name, "value": dict(one)} for name, one in named.items()}
    return {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": _REF + schema}, "examples": shown}},
    }


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app, made once, with the schemas of the bodies that its routes read by themselves."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
            openapi_version=app.openapi_version,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        kinds: dict[str, Any] = {
            "Entry": Entry,
            "Jurisdiction": Jurisdiction,
            "ProblemShown": ProblemShown,
            "Correction": EntryCorrected,
            "Dispute": EntryDisputed,
            "Reason": EntryRetracted,
            "Subscription": Wish,
        }
        for name, kind in kinds.items():
            schema = TypeAdapter(kind).json_schema(ref_template=f"{_REF}{{model}}")
            for other, definition in schema.pop("$defs", {}).items():
                schemas.setdefault(other, definition)
            if "entry" in schema.get("properties", {}):
                # The address says which entry it is about.
                del schema["properties"]["entry"]
                schema["required"].remove("entry")
            schemas[name] = schema
        whole = schemas["Subscription"]
        schemas["SubscriptionChange"] = {name: its for name, its in whole.items() if name != "required"}
        for one in schemas["Entry"]["oneOf"]:
            act = schemas[one["$ref"].removeprefix(_REF)]
            act["required"].remove("id")
            act["properties"]["id"] = {
                **act["properties"]["id"],
                "description": "Left out, it is made of the day and the summary.",
            }
        app.openapi_schema = document
    return app.openapi_schema
