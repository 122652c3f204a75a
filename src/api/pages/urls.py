"""A visit: which page is asked for, on which clocks, and how links go on from there with the clocks kept."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request

from api.http.exchange import root_url
from api.http.parameters import ClockQuery, service_of
from api.pages.dates import end_of_day, washington_day
from application.clocks import parse_clocks, parse_day
from application.service import Service
from projections.lru import LRUCache

CLOCKS = ("as_of", "public_by", "recorded_by")
_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid")
"""What other sites append to links: it is no question to us, and the address is cleaned of it."""


class PageQuery(ClockQuery):
    """What every page can be asked: the three clocks."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page, the clocks and filters it was asked with, and the place where this service is found."""

    service: Service
    answers: LRUCache[Hashable, Any]
    root: str
    path: str
    clocks: Mapping[str, str]
    filters: Mapping[str, str]

    def link(self, path: str, **parameters: object) -> str:
        """An address here with the clocks kept."""
        return _address(path, {**self.clocks, **parameters})

    def here(self, **changes: object) -> str:
        """This page with other filters or clocks; None leaves one out."""
        return _address(self.path, {**self.clocks, **self.filters, **changes})

    def today(self) -> str:
        """This page as it stands today."""
        return _address(self.path, self.filters)

    def place(self, id_: str) -> str:
        """A place's page."""
        return self.link(f"/places/{quote(id_)}")

    def entry(self, id_: str) -> str:
        """An entry's page."""
        return self.link(f"/entries/{quote(id_)}")

    def whole(self, address: str) -> str:
        """An address as others would follow it."""
        return self.root + address

    @property
    def canonical(self) -> str:
        """The address under which this page is to be known: its clocks and filters are part of what it says."""
        return self.whole(self.here())


def page_request(request: Request, question: PageQuery, answers: LRUCache[Hashable, Any]) -> PageRequest:
    """The visit that a request is."""
    given = {
        name: str(_written(value)) for name, value in question.model_dump(by_alias=True).items() if value is not None
    }
    defaults = type(question)().model_dump(by_alias=True)
    return PageRequest(
        service_of(request),
        answers,
        root_url(request),
        request.url.path,
        {name: given[name] for name in CLOCKS if name in given},
        {name: value for name, value in given.items() if name not in CLOCKS and value != _written(defaults[name])},
    )


def cleaner_address(request: Request) -> str | None:
    """The address that says the same as a form sent: no empty fields, and a day in `recorded_on` made an instant."""
    written = request.scope["query_string"].decode("utf-8", "replace")
    pairs = parse_qsl(written, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if value.strip() and not name.startswith(_TRACKING)]
    if len({name for name, _ in kept}) < len(kept):
        return None  # given twice: for the question to refuse
    given = dict(kept)
    service = service_of(request)
    today = washington_day(service.now())
    if (on := given.pop("recorded_on", None)) is not None:
        parse_day("recorded_on", on)
        if on >= today:
            given.pop("recorded_by", None)
        elif given.get("recorded_by") is None or _day_of(service, given["recorded_by"]) != on:
            given["recorded_by"] = end_of_day(on)
    if given.get("as_of") == today and "public_by" not in given and "recorded_by" not in given:
        del given["as_of"]
    return None if list(given.items()) == pairs else _address(request.url.path, given)


def _day_of(service: Service, recorded_by: str) -> str | None:
    moment = parse_clocks(service, recorded_by=recorded_by).recorded_day
    return None if moment is None else washington_day(moment)


def _address(path: str, parameters: Mapping[str, Any]) -> str:
    given = {name.rstrip("_"): _written(value) for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
