"""What the document says of every operation by rule: headers, problems, examples and links.

A route declares what is its own (`api.http.routes`). The rest follows from its method, its parameters and its body, as
the edge and the error table treat them, and is written here once.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from api import DOCS
from api.http.errors import PROBLEM_JSON
from api.openapi.texts import (
    HEADERS,
    PARAMETERS,
    PROBLEM_EXTRAS,
    PROBLEM_HEADERS,
    PROBLEM_NAMES,
    PROBLEM_ROWS,
    PROBLEM_TEXTS,
    TAGS,
)

Operation = dict[str, Any]
_FASTAPIS = "HTTPValidationError"
_METHODS = ("get", "post", "put", "patch", "delete")
_EXAMPLE_ANSWERS = DOCS / "examples.json"


def complete_document(document: dict[str, Any]) -> None:
    """Adds to every operation of a document what follows from its kind."""
    components = document["components"]
    components["headers"] = HEADERS
    components["parameters"] = {
        _camel(name): {"name": name, "in": "header", **parameter} for name, parameter in PARAMETERS.items()
    }
    components["responses"] = {name: _problem(status) for status, name in PROBLEM_NAMES.items()}
    document["servers"] = [{"url": "/", "description": "Here."}]
    for path, method, operation in operations(document):
        operation.setdefault("security", [])  # open to all, and it says so
        _add_header_parameters(method, operation)
        _complete_responses(path, method, operation)
    _add_links(document)
    for name in (_FASTAPIS, "ValidationError"):
        components["schemas"].pop(name, None)
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Every operation of a document: path, method, and what is said of it."""
    for path, methods in document["paths"].items():
        yield from ((path, method, methods[method]) for method in _METHODS if method in methods)


def _add_header_parameters(method: str, operation: Operation) -> None:
    streams = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    names = {"get": [] if streams else ["If-None-Match"], "post": ["Idempotency-Key"]}.get(method, [])
    if method == "get" and "recorded_by" in _query_names(operation):
        names.append("Accept-Datetime")
    if "428" in operation["responses"]:
        names.append("If-Match")
    parameters = [{"$ref": f"#/components/parameters/{_camel(name)}"} for name in names]
    operation["parameters"] = operation.get("parameters", []) + parameters


def _complete_responses(path: str, method: str, operation: Operation) -> None:
    reads = method == "get" and "text/event-stream" not in operation["responses"]["200"]["content"]
    in_path = any(parameter.get("in") == "path" for parameter in operation["parameters"])
    problems = {"400", "414", "429", "431", "500"}
    problems |= {"401"} if operation["security"] else set()
    problems |= {"404"} if in_path or _query_names(operation) & {"jurisdiction", "recorded_by"} else set()
    problems |= {"406"} if reads and "." not in path.rpartition("/")[2] else set()
    problems |= {"409", "413", "422"} if method == "post" else set()
    problems |= {"413", "415", "422"} if "requestBody" in operation else set()
    responses: dict[str, Any] = operation["responses"]
    problems |= {"503"} - responses.keys()  # `/readyz` has its own
    if _FASTAPIS in str(responses.get("422")):
        del responses["422"]  # FastAPI adds it to every route with parameters
    problems |= {status for status, response in responses.items() if PROBLEM_JSON in response.get("content", {})}
    for status in problems:
        responses[status] = {"$ref": f"#/components/responses/{PROBLEM_NAMES[status]}"}
    for status, response in responses.items():
        if "$ref" not in response:
            response["headers"] = _named_headers(reads=reads, status=status, operation=operation)
            _add_example(operation["operationId"], response)
    if reads:
        unchanged = {"description": "It is what you have: `If-None-Match` fits.", "headers": _references("ETag")}
        responses["304"] = unchanged
    operation["responses"] = dict(sorted(responses.items()))


def _named_headers(status: str, operation: Operation, *, reads: bool) -> dict[str, Any]:
    names = ["RateLimit", "RateLimit-Policy"]
    if reads:
        names += ["Log-Position", "Last-Modified"]
        names += ["ETag", "Cache-Control"] if status == "200" else []
        names += ["Link"] if _query_names(operation) & {"recorded_by", "cursor"} else []
        names += ["Memento-Datetime", "Content-Location"] if "recorded_by" in _query_names(operation) else []
    if "409" in operation["responses"]:
        names.append("Idempotency-Replayed")
        names += ["Location"] if status == "201" and "requestBody" in operation else []
    if not reads and "EntryShown" in str(operation["responses"][status]):
        names.append("ETag")
    return _references(*names)


def _problem(status: str) -> dict[str, Any]:
    examples = {
        row.name or "bug": {
            "value": {
                "type": f"urn:problem-type:{row.name}" if row.name else "about:blank",
                "title": row.title,
                "status": row.status,
                "detail": PROBLEM_TEXTS[status],
                **PROBLEM_EXTRAS.get(row.name, {}),
            }
        }
        for row in PROBLEM_ROWS
        if str(row.status) == status
    }
    return {
        "description": PROBLEM_TEXTS[status],
        "headers": _references("RateLimit", "RateLimit-Policy", *PROBLEM_HEADERS.get(status, ())),
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }


def _add_example(operation_id: str, response: dict[str, Any]) -> None:
    """Adds an answer in each of its media types, as the service gave it when the examples were made."""
    by_media_type = _kept_examples().get(operation_id, {})
    for media_type, content in response.get("content", {}).items():
        example = by_media_type.get(media_type)
        if example is not None:
            content["examples"] = {"answer": {"summary": example["asked"], "value": example["answer"]}}


@cache
def _kept_examples() -> dict[str, Any]:
    if not _EXAMPLE_ANSWERS.exists():
        return {}
    examples: dict[str, Any] = json.loads(_EXAMPLE_ANSWERS.read_text(encoding="utf-8"))
    return examples


def _add_links(document: dict[str, Any]) -> None:
    """Adds links from an answer to the operations on what was created or listed, and to the next page."""
    by_path = [(path, operation) for path, _, operation in operations(document)]
    for path, method, operation in operations(document):
        plural = path.rpartition("/")[2]
        for status in ("200", "201"):
            response = operation["responses"].get(status)
            if response is None or "application/json" not in response.get("content", {}):
                continue
            links = {}
            if "cursor" in _query_names(operation):
                links["next_page"] = _link_to(operation, {"query.cursor": "$response.body#/next"})
                items = f"{plural}/0/id"
            else:
                items = "id"
            if plural in ("entries", "jurisdictions", "subscriptions", "reminders"):
                parameters = {"path.id": f"$response.body#/{items}"}
                for target_path, target in by_path:
                    if target_path.startswith(f"{path}/{{id}}"):
                        links[target["operationId"]] = _link_to(target, parameters, method)
            if links:
                response["links"] = links


def _link_to(operation: Operation, parameters: dict[str, str], method: str = "get") -> dict[str, Any]:
    if method == "post" and "428" in operation["responses"]:
        parameters = {**parameters, "header.If-Match": "$response.header.ETag"}
    return {"operationId": operation["operationId"], "parameters": parameters}


def _query_names(operation: Operation) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each.get("in") == "query"}


def _references(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _camel(name: str) -> str:
    return name.replace("-", "")
