"""The OpenAPI 3.1 document of what the routes take and answer, from the types that the record itself uses."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Required, TypedDict

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from api.http.errors import PROBLEM_JSON
from api.http.negotiation import Format
from api.http.parameters import NoParameters, QueryModel, query_parameters
from api.openapi.rules import complete_document
from api.openapi.schemas import ProblemShown
from application.reminders.subscription import SubscriptionRequest
from domain.acts import Entry
from domain.events import EntryCorrected, EntryDisputed, EntryRetracted
from domain.jurisdictions import Jurisdiction

_REF = "#/components/schemas/"
_NAMED = ("$defs", "properties")
_PROBLEM = {PROBLEM_JSON: {"schema": {"$ref": f"{_REF}Problem"}}}


class Contract(TypedDict, total=False):
    """What the OpenAPI document says of a route, and what the route is held to."""

    answer: Required[type[BaseModel] | str | None]
    """A model, the media type of a text, or None for an answer without a body."""
    query: type[QueryModel]
    body: Mapping[str, Any]
    status: int
    also: Sequence[int]
    """Statuses that follow from no rule of `api.openapi.rules`."""
    formats: Sequence[Format]
    """The formats of a list or an entry, where it has several."""
    or_else: type[BaseModel] | None
    """Another model of the same media type."""
    dry_run: type[BaseModel]
    """The model of the 200 of a dry run, where a write has one."""
    success: Mapping[str, Any]
    """What the document says of the answer, where it is more than the answer's type."""
    header: Mapping[str, Any]
    """A header parameter of this route alone; the others follow from `api.openapi.rules`."""
    response_class: type[Response]


def documented(contract: Contract) -> dict[str, Any]:
    """What FastAPI is told of a route."""
    answer, status, or_else = contract["answer"], contract.get("status", 200), contract.get("or_else")
    route: dict[str, Any] = {"status_code": status}
    if "response_class" in contract:
        route["response_class"] = contract["response_class"]
    if answer is None:
        success: dict[str, Any] = {"description": "It is done."}
    elif isinstance(answer, str):
        success = {"description": "The answer.", "content": {answer: {"schema": {"type": "string"}}}}
        route.setdefault("response_class", Response)  # which adds no media type of its own
    else:
        success = {"description": " ".join((answer.__doc__ or "").split()), "model": answer}
    success |= contract.get("success", {})
    responses: dict[int | str, dict[str, Any]] = {status: success}
    for further in contract.get("also", ()):
        if further < HTTPStatus.BAD_REQUEST:
            responses[further] = success | {"description": "It is on record already, with the same content."}
            if "dry_run" in contract:
                responses[further]["description"] += " Of a dry run: what would become of it."
                responses[further]["model"] = answer | contract["dry_run"]
        elif further == HTTPStatus.SERVICE_UNAVAILABLE and isinstance(answer, type):
            responses[further] = success | {"description": "The record cannot be written to."}
        else:
            responses[further] = {"description": HTTPStatus(further).phrase, "content": _PROBLEM}
    if or_else is not None:
        success["model"] = success["model"] | or_else
    other_types = [each.media_type for each in contract.get("formats", ()) if each.media_type != "application/json"]
    if other_types:
        schemas = {False: {"type": "string"}, True: {"type": "object", "additionalProperties": True}}
        success["content"] = {name: {"schema": schemas[name.endswith("+json")]} for name in other_types}
    extra: dict[str, Any] = {"parameters": query_parameters(contract.get("query", NoParameters))}
    if "header" in contract:
        extra["parameters"].append(dict(contract["header"]))
    if "body" in contract:
        extra["requestBody"] = dict(contract["body"])
    return route | {"responses": responses, "openapi_extra": extra}


def body_schema(schema: str, example: Mapping[str, Any] | None = None, **examples: Mapping[str, Any]) -> dict[str, Any]:
    by_name = examples or {"example": example or {}}
    documented_examples = {name: {"summary": name, "value": dict(value)} for name, value in by_name.items()}
    return {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": _REF + schema}, "examples": documented_examples}},
    }


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app, made once."""
    if app.openapi_schema is None:
        for route in app.routes:
            if isinstance(route, APIRoute):
                route.operation_id = route.name
                route.summary = route.name.replace("_", " ").capitalize()
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = {name: _plain(schema) for name, schema in document["components"]["schemas"].items()}
        document["components"]["schemas"] = schemas
        _add_body_schemas(schemas)
        complete_document(document)
        app.openapi_schema = document
    return app.openapi_schema


_BODIES: dict[str, Any] = {
    "Entry": Entry,
    "Jurisdiction": Jurisdiction,
    "Problem": ProblemShown,
    "Correction": EntryCorrected,
    "Dispute": EntryDisputed,
    "Reason": EntryRetracted,
    "Subscription": SubscriptionRequest,
}


def _add_body_schemas(schemas: dict[str, Any]) -> None:
    """Adds the schemas of the bodies, which FastAPI does not know, since the routes parse them themselves."""
    for name, body in _BODIES.items():
        schema = _plain(TypeAdapter(body).json_schema(ref_template=f"{_REF}{{model}}"))
        for referenced, definition in schema.pop("$defs", {}).items():
            if schemas.setdefault(referenced, definition) != definition:
                raise ValueError(f"two shapes have the name {referenced}")
        if "entry" in schema.get("properties", {}):
            # The entry is in the address.
            del schema["properties"]["entry"]
            schema["required"].remove("entry")
        schemas[name] = schema
    fields = schemas["Subscription"]["properties"]
    schemas["SubscriptionChange"] = {
        "type": "object",
        "description": "Fields that get another value; null gives a field its default back.",
        "additionalProperties": False,
        "properties": {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in fields.items()},
    }
    for reference in schemas["Entry"]["oneOf"]:
        act = schemas[reference["$ref"].removeprefix(_REF)]
        act["required"].remove("id")
        act["properties"]["id"] = {
            **act["properties"]["id"],
            "description": "Left out, it is made of the day and the summary.",
        }


def _plain(schema: Any) -> Any:  # noqa: ANN401 - JSON, at any depth
    """A schema without titles, which only repeat names, and without null as a default."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: _plain(each) for field, each in value.items()} if name in _NAMED else _plain(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str)) and not (name == "default" and value is None)
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
A_DISPUTE: dict[str, Any] = {"by": "City of New Orleans", "what": "It was not sent that day.", "source": A_SOURCE}
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
