"""The documentation: OpenAPI 3.1 of what the routes read and answer, from the types that the record itself uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from api.http.errors import PROBLEM_JSON
from api.http.negotiation import Format
from api.http.parameters import QueryModel, query_parameters
from api.openapi.rules import complete_document
from api.openapi.schemas import ProblemShown
from application.reminders.subscription import SubscriptionRequest
from domain.acts import Entry
from domain.events import EntryCorrected, EntryDisputed, EntryRetracted
from domain.jurisdictions import Jurisdiction

_REF = "#/components/schemas/"
_NAMED = ("$defs", "properties")
_PROBLEM = {PROBLEM_JSON: {"schema": {"$ref": f"{_REF}Problem"}}}


def documented(
    question: type[QueryModel],
    answer: type[BaseModel] | str | None,
    *others: int,
    asked: Mapping[str, Any] | None = None,
    success: int | None = None,
    formats: Sequence[Format] = (),
    or_else: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """A route's documentation: its parameters, its body, its answer (a shape, or the media type of a text).

    `others`: what else may come, beyond what `api.openapi.rules` says of every route of its kind.
    """
    success = success or (201 if asked is not None else 200)
    its: dict[str, Any] = {}
    if answer is None:
        good: dict[str, Any] = {"description": "It is done."}
    elif isinstance(answer, str):
        good = {"description": "The answer.", "content": {answer: {"schema": {"type": "string"}}}}
        its["response_class"] = Response  # which adds no media type of its own
    else:
        good = {"description": " ".join((answer.__doc__ or "").split()), "model": answer}
    responses: dict[int | str, dict[str, Any]] = {success: good}
    for status in others:
        if status < HTTPStatus.BAD_REQUEST:
            responses[status] = good | {"description": "It is on record already, with the same content."}
        elif status == HTTPStatus.SERVICE_UNAVAILABLE and answer is not None:
            responses[status] = good | {"description": "The record cannot be written to."}
        else:
            responses[status] = {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    if or_else is not None:
        good["model"] = good["model"] | or_else
    other_types = [each.media_type for each in formats if each.media_type != "application/json"]
    if other_types:
        shapes = {False: {"type": "string"}, True: {"type": "object", "additionalProperties": True}}
        good["content"] = {name: {"schema": shapes[name.endswith("+json")]} for name in other_types}
    extra: dict[str, Any] = {"parameters": query_parameters(question)}
    if asked is not None:
        extra["requestBody"] = dict(asked)
    return its | {"responses": responses, "openapi_extra": extra}


def documented_in_formats(
    question: type[QueryModel],
    answer: type[BaseModel],
    formats: Sequence[Format],
    *others: int,
    or_else: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """The documentation of a route whose answer is had in several formats, of which two may be of the same type."""
    return documented(question, answer, *others, formats=formats, or_else=or_else)


def body_schema(schema: str, example: Mapping[str, Any] | None = None, **examples: Mapping[str, Any]) -> dict[str, Any]:
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
        for route in app.routes:
            if isinstance(route, APIRoute):
                route.operation_id = route.name
                route.summary = route.name.replace("_", " ").capitalize()
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
            openapi_version=app.openapi_version,
        )
        components = document["components"]
        schemas = components["schemas"] = {name: _plain(one) for name, one in components["schemas"].items()}
        kinds: dict[str, Any] = {
            "Entry": Entry,
            "Jurisdiction": Jurisdiction,
            "Problem": ProblemShown,
            "Correction": EntryCorrected,
            "Dispute": EntryDisputed,
            "Reason": EntryRetracted,
            "Subscription": SubscriptionRequest,
        }
        for name, kind in kinds.items():
            schema = _plain(TypeAdapter(kind).json_schema(ref_template=f"{_REF}{{model}}"))
            for other, definition in schema.pop("$defs", {}).items():
                if schemas.setdefault(other, definition) != definition:
                    raise ValueError(f"two shapes have the name {other}")
            if "entry" in schema.get("properties", {}):
                # The address says which entry it is about.
                del schema["properties"]["entry"]
                schema["required"].remove("entry")
            schemas[name] = schema
        whole = schemas["Subscription"]
        schemas["SubscriptionChange"] = {
            "type": "object",
            "description": "Fields that get another value; null gives a field its default back.",
            "additionalProperties": False,
            "properties": {name: {"anyOf": [its, {"type": "null"}]} for name, its in whole["properties"].items()},
        }
        for one in schemas["Entry"]["oneOf"]:
            act = schemas[one["$ref"].removeprefix(_REF)]
            act["required"].remove("id")
            act["properties"]["id"] = {
                **act["properties"]["id"],
                "description": "Left out, it is made of the day and the summary.",
            }
        complete_document(document)
        app.openapi_schema = document
    return app.openapi_schema


def _plain(schema: Any) -> Any:  # noqa: ANN401 - JSON, at any depth
    """A schema without titles, which only repeat names, and without null as the default of what may be null."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: _plain(one) for field, one in its.items()} if name in _NAMED else _plain(its)
        for name, its in schema.items()
        if not (name == "title" and isinstance(its, str)) and not (name == "default" and its is None)
    }


A_WARNING: dict[str, Any] = {
    "kind": "warning",
    "occurred": "2017-04-21",
    "actor": {
        "name": "Alan R. Hanson",
        "office": "Acting Assistant Attorney General, Office of Justice Programs",
        "party": "federal",
    },
    "jurisdictions": ["chicago-il", "new-orleans-la"],
    "review": {"id": "section-1373-jag"},
    "grants": ["jag-fy2016"],
    "summary": "The Office of Justice Programs wrote to grant recipients, asking for proof of compliance.",
    "respond_by": {
        "date": "2017-06-30",
        "words": "by June 30, 2017, the deadline imposed by the grant agreement",
        "source": "s1",
    },
    "sources": [
        {
            "id": "s1",
            "title": "Department of Justice Sends Letter to Nine Jurisdictions Requiring Proof of Compliance",
            "publisher": "US Department of Justice",
            "date": "2017-04-21",
            "rank": "primary",
        }
    ],
}
A_RESPONSE: dict[str, Any] = {
    "kind": "response",
    "occurred": "2017-06-23/2017-06-30",
    "actor": {"name": "Mitch Landrieu", "office": "Mayor of New Orleans", "party": "jurisdiction"},
    "jurisdictions": ["new-orleans-la"],
    "form": "letter",
    "answers": ["2017-04-21-doj-letters-nine"],
    "summary": "The mayor answered for New Orleans.",
    "quotes": [
        {
            "text": "We will send all the documents requested by the federal government again",
            "speaker": "Mitch Landrieu",
            "source": "s1",
        }
    ],
    "sources": [{"id": "s1", "title": "The letters of nine jurisdictions", "rank": "secondary"}],
}
A_POLICY: dict[str, Any] = {
    "kind": "policy_change",
    "occurred": "2016-02",
    "actor": {"party": "jurisdiction"},
    "jurisdictions": ["new-orleans-la"],
    "policy": {"id": "nopd-immigration-policy", "title": "The police department's policy on immigration status"},
    "effect": "adopted",
    "direction": "limits",
    "summary": "The police department adopted a policy on immigration status.",
    "sources": [{"id": "s1", "title": "The policy", "rank": "primary"}],
}
ENTRIES = {"warning": A_WARNING, "response": A_RESPONSE, "policy_change": A_POLICY}
A_JURISDICTION: dict[str, Any] = {
    "id": "new-orleans-la",
    "name": "New Orleans",
    "kind": "city",
    "state": "LA",
    "time_zone": "America/Chicago",
    "geoid": "2255000",
    "ocd": "ocd-division/country:us/state:la/place:new_orleans",
}
A_SOURCE: dict[str, Any] = {"title": "The letter itself", "publisher": "City of New Orleans", "rank": "primary"}
A_CORRECTION: dict[str, Any] = {
    "fields": {"occurred": "2017-06-28", "note": None},
    "reason": "The letter was found, and bears its day.",
    "source": A_SOURCE,
}
A_DISPUTE: dict[str, Any] = {
    "by": "City of New Orleans",
    "what": "It was not sent that day.",
    "source": A_SOURCE,
}
A_WEBHOOK: dict[str, Any] = {
    "jurisdictions": ["new-orleans-la"],
    "channel": "webhook",
    "url": "https://example.org/hooks/reminders",
    "plan": [-14, -7, -3, -1, 0, 1],
    "hour": "09:00",
}
BY_MAIL: dict[str, Any] = {"states": ["LA"], "channel": "email", "address": "attorney@example.org", "plan": [-7, -1]}
TO_THE_LOG: dict[str, Any] = {"all": True, "channel": "log", "kinds": ["reminder", "entry", "correction"]}
SUBSCRIPTIONS = {"webhook": A_WEBHOOK, "email": BY_MAIL, "log": TO_THE_LOG}
A_REASON: dict[str, Any] = {"reason": "It was recorded twice."}
