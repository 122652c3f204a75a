"""Templates made into answers: everything escaped, and a policy by which the browser runs and loads only our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.formats.words import web_address
from api.pages import dates_in_words, words
from api.pages.files import static
from api.pages.glossary import definitions

NOBODY, ANYBODY = "'none'", "*"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was made: its bytes, its status, who may show it in a frame, or where to look instead."""

    body: bytes
    status: int = 200
    ancestors: str = NOBODY
    media_type: str = "text/html; charset=utf-8"
    location: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What is said with it. Always asked for again: a pinned page, too, names files that a release renames."""
        return {
            "Content-Security-Policy": _POLICY + self.ancestors,
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Cache-Control": "no-cache",
        }


def html(template: str, context: Mapping[str, Any]) -> bytes:
    """A template filled in."""
    return environment().get_template(template).render(context).encode()


@cache
def environment() -> Environment:
    """The templates, and the words that they share."""
    its = Environment(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    its.globals |= {
        "static": static,
        "word": words.word,
        "may_be": words.may_be,
        "tones": words.TONES,
        "tracks": words.TRACKS,
        "kinds": words.KINDS,
        "parties": words.PARTIES,
        "roles": words.ROLES,
        "place_kinds": words.PLACE_KINDS,
        "states": words.STATES,
        "meaning": lambda track, value: definitions().get((track, value), ""),
    }
    its.filters |= {
        "in_words": dates_in_words.in_words,
        "on_day": dates_in_words.on_day,
        "since_day": dates_in_words.since_day,
        "short": dates_in_words.short,
        "short_edtf": dates_in_words.short_edtf,
        "moment": dates_in_words.moment,
        "upfirst": lambda text: text[:1].upper() + text[1:],
        "web_address": web_address,
    }
    return its
