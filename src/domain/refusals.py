"""Refusals in plain words: what pydantic finds wrong, told as a reader of the record would say it.

Each names the field as files write it, shows the value as it was written, and says what would be right.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from domain.acts import Act
from domain.errors import Problem
from domain.events import ACT_CLASSES
from domain.shapes import fields_of, model_at
from domain.values import SLUG

WHOLE = "(the whole)"
_MOST_NEAREST = 3
_MOST_HELPED = 20
"""Names that are no field, and are told what they may be meant for: each is a comparison with all fields."""
# What pydantic puts into the path of an error that is no field: that a key is meant, not its value, and the member of
# a union that it tried.
_NO_FIELDS = ("[key]", "constrained-int", "literal['dc']")
_CALLED: dict[str, tuple[str, ...]] = {
    "letter": ("warning", "document_demand", "response"),
    "memo": ("guidance", "report"),
    "audit": ("report",),
    "subpoena": ("document_demand",),
    "lawsuit": ("lawsuit_filed",),
    "complaint": ("lawsuit_filed",),
    "suit": ("lawsuit_filed",),
    "decision": ("ruling",),
    "opinion": ("ruling",),
    "judgment": ("ruling",),
    "injunction": ("ruling",),
    "dismissal": ("case_closed", "ruling"),
    "settlement": ("agreement", "case_closed"),
    "executive_order": ("order",),
    "press_release": ("statement",),
    "speech": ("statement",),
    "article": ("press_report",),
    "news": ("press_report",),
    "answer": ("response",),
    "reply": ("response",),
    "law": ("policy_change",),
    "ordinance": ("policy_change",),
    "resolution": ("policy_change",),
    "bill": ("policy_change",),
    "list": ("list_published", "list_changed"),
    "condition": ("condition_imposed",),
    "extension": ("deadline_extended",),
    "demand": ("inquiry", "document_demand"),
}
"""What an act may be called elsewhere, and its kinds here."""


def nearest(written: object, known: Collection[str]) -> list[str]:
    """Those of the names known that are most like what was written, the likest first."""
    if not isinstance(written, str):
        return []
    folded = {name.casefold().replace("_", "-"): name for name in known}
    sought = written.strip().casefold().replace("_", "-").replace(" ", "-")
    close = [sought] if sought in folded else get_close_matches(sought, folded, _MOST_NEAREST, 0.7)
    return [folded[name] for name in close]


def did_you_mean(names: Sequence[str]) -> str:
    """The end of a message; nothing where there are no names."""
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else ""


def problems_of(error: ValidationError, model: type[BaseModel] | None = None) -> list[Problem]:
    """What pydantic found, with paths as the record's files write them: `respond_by.date`, `quotes.0.text`.

    `model` is what was validated: with it a name that is no field is told the fields that there are.
    """
    return _problems_of(error.errors(include_url=False), model, "")


def problems_of_entry(error: ValidationError, fields: Mapping[str, Any]) -> list[Problem]:
    """The same of an entry's fields: where its kind is none, all that is wrong with them whatever the kind."""
    kind = fields.get("kind")
    model = ACT_CLASSES.get(kind) if isinstance(kind, str) else None
    if model is not None:
        # In the union of kinds, the path of an error begins with the kind.
        details = [fault | {"loc": fault["loc"][1:]} for fault in error.errors(include_url=False)]
        return _problems_of(details, model, f"a {kind}")
    problems = [Problem("kind", kind, _no_kind(kind))]
    try:
        _entry_of_any_kind().model_validate(fields)
    except ValidationError as others:
        problems += _problems_of(others.errors(include_url=False), _entry_of_any_kind(), "an entry")
    return problems


def _no_kind(kind: object) -> str:
    kinds = ", ".join(ACT_CLASSES)
    if kind is None:
        return f"is missing: it says what sort of act this is ({kinds})"
    called = kind.strip().casefold().replace(" ", "_").replace("-", "_") if isinstance(kind, str) else ""
    near = _CALLED.get(called) or nearest(kind, ACT_CLASSES)
    return f"{kind!r} is no kind of entry{did_you_mean(near)}" if near else f"{kind!r} is none of the kinds: {kinds}"


@cache
def _entry_of_any_kind() -> type[BaseModel]:
    """An entry with the common fields and those of every kind, none of which it must have."""
    known = Act.model_fields
    others = {
        name: (info.annotation, None)
        for act in ACT_CLASSES.values()
        for name, info in act.model_fields.items()
        if name not in known
    }
    definitions: dict[str, Any] = {**others, "kind": (Any, None)}
    return create_model("EntryOfAnyKind", __base__=Act, **definitions)


def _problems_of(errors: Sequence[ErrorDetails], model: type[BaseModel] | None, name: str) -> list[Problem]:
    paths = [tuple(part for part in details["loc"] if part not in _NO_FIELDS) for details in errors]
    problems: list[Problem] = []
    for path, alike in groupby(zip(paths, errors, strict=True), key=lambda pair: pair[0]):
        faults = [details for _, details in alike if not _follows_from_another(details, path, paths)]
        if faults:
            if faults[0]["type"] == "extra_forbidden":
                message = _no_field(path, model, name, helpful=len(problems) < _MOST_HELPED)
            else:
                # Of a field that may be one thing or another, there is an error for each.
                message = ", or ".join(dict.fromkeys(map(plain_message, faults)))
            # The input of a missing field is the whole object around it, which is not its value.
            value = None if faults[0]["type"] == "missing" else faults[0]["input"]
            problems.append(Problem(".".join(map(str, path)) or WHOLE, value, message))
    return problems


def _follows_from_another(details: ErrorDetails, path: tuple[Any, ...], paths: Sequence[tuple[Any, ...]]) -> bool:
    """Whether a list seems too short only because an item of it is wrong."""
    return details["type"] == "too_short" and any(
        len(other) > len(path) and other[: len(path)] == path for other in paths
    )


def plain_message(details: Mapping[str, Any]) -> str:
    """The words for one error of pydantic's."""
    words = MESSAGES.get(details["type"])
    return str(details["msg"]) if words is None else words(details["input"], details.get("ctx", {}))


def _no_field(path: Sequence[Any], model: type[BaseModel] | None, name: str, *, helpful: bool) -> str:
    around = next((str(part) for part in reversed(path[:-1]) if isinstance(part, str)), name)
    within = None if model is None else model_at(model, path[:-1])
    if within is None or not helpful:
        return f"is no field of {around}" if around else "is no field"
    known = fields_of(within)
    near = did_you_mean(nearest(path[-1], known)) or f", whose fields are {', '.join(known)}"
    return f"is no field of {around or within.__name__}{near}"


def _is(value: object) -> str:
    """What a value is, in a word."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    return "null" if value is None else "an object with fields"


def _text(value: object, _: Mapping[str, Any]) -> str:
    how = f': put it into quotes, "{value}"' if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return f"is to be text, and is {_is(value)}{how}"


def _pattern(value: object, context: Mapping[str, Any]) -> str:
    what, right = PATTERNS.get(context["pattern"], (f"is not of the form {context['pattern']}", lambda _: ""))
    suggested = right(str(value))
    return f"{what}: perhaps {suggested!r}" if suggested and re.fullmatch(context["pattern"], suggested) else what


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.casefold()))


PATTERNS: dict[str, tuple[str, Callable[[str], str]]] = {
    SLUG: ("is no id, which is lower-case letters and digits, joined by hyphens", _slug),
    r"^[A-Z]{2}$": ("is no state, which is its two capital letters, such as LA", str.upper),
    r"^[0-9]{2,10}$": ("is no GEOID, which is 2 to 10 digits", lambda text: re.sub(r"[^0-9]", "", text)),
    r"^ocd-division/country:us(?:/[a-z_]+:[^/\s]+)*$": (
        "is no OCD id such as ocd-division/country:us/state:la/place:new_orleans",
        str.strip,
    ),
    r"^[a-z]+_[A-Za-z0-9]{8,64}$": ("is no id such as sub_7Qp2vXcR9tLmK4sZ", str.strip),
    r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$": ("is no hour such as 09:00", lambda text: text.zfill(len("09:00"))),
}
"""By the pattern of a text: what one of another form is not, and what may be meant by it."""


def _no_choice(value: object, context: Mapping[str, Any]) -> str:
    known = re.findall(r"'([^']*)'", context["expected"])
    return f"is none of {', '.join(known)}{did_you_mean(nearest(value, known))}"


def _whole_number(value: object, _: Mapping[str, Any]) -> str:
    what = "" if isinstance(value, str | float) else f", and is {_is(value)}"
    return f"is to be a whole number, without quotes{what}"


def _list(value: object, _: Mapping[str, Any]) -> str:
    return f"is to be a list, also of a single item, and is {_is(value)}"


def _object(value: object, _: Mapping[str, Any]) -> str:
    how = f': write {{"id": "{value}"}} where it is an id' if isinstance(value, str) and value == _slug(value) else ""
    return f"is to have fields of its own, and is {_is(value)}{how}"


def _too_short(_: object, context: Mapping[str, Any]) -> str:
    wanted, given = context["min_length"], context["actual_length"]
    return f"has {given or 'nothing in it'}, and at least {wanted} {'is' if wanted == 1 else 'are'} needed"


def _too_long(value: object, context: Mapping[str, Any]) -> str:
    has = f", and this has {len(value):,}" if isinstance(value, str | list | tuple) else ""
    what = "characters" if isinstance(value, str) else "items"
    return f"may have at most {context['max_length']:,} {what}{has}"


MESSAGES: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "missing": lambda _, __: "is missing",
    "value_error": lambda _, context: str(context["error"]),
    "string_type": _text,
    "string_unicode": lambda _, __: "is not UTF-8 text",
    "string_too_short": lambda _, __: "is empty: leave the field out, or say something",
    "string_too_long": _too_long,
    "string_pattern_mismatch": _pattern,
    "literal_error": _no_choice,
    "int_type": _whole_number,
    "int_from_float": _whole_number,
    "int_parsing": lambda _, __: "is no whole number",
    "int_parsing_size": lambda _, __: "is no whole number of a size that is read here",
    "finite_number": lambda _, __: "is no whole number",
    "bool_type": lambda value, _: f"is to be true or false, without quotes, and is {_is(value)}",
    "bool_parsing": lambda _, __: "is neither true nor false",
    "greater_than_equal": lambda _, context: f"is below {context['ge']}",
    "less_than_equal": lambda _, context: f"is above {context['le']}",
    "tuple_type": _list,
    "list_type": _list,
    "too_short": _too_short,
    "too_long": _too_long,
    "dict_type": _object,
    "model_type": _object,
    "model_attributes_type": _object,
    "invalid-json-value": lambda _, __: "is nothing that JSON can write",
}
"""By pydantic's type of an error: the words for it, from the value and what pydantic says of the rule."""
