"""A page request: its clocks and filters, the links that lead on from it with the clocks kept, and the time machine."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request

from api.http.exchange import root_url
from api.http.parameters import ClockQuery, service_of
from api.pages.dates import end_of_day, in_words, washington_day
from application.clocks import parse_clocks, parse_day
from application.service import Service
from domain.errors import NotFound
from projections.lru import LRUCache
from projections.snapshot import WASHINGTON, Snapshot

CLOCKS = ("as_of", "public_by", "recorded_by")
_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid")
"""Parameters that other sites append to links: they are dropped by a redirect, not refused as unknown."""
_ID = re.compile(r"(?:geoid:[0-9]{2,10}|[a-z0-9]+(?:-[a-z0-9]+)*)")
_LONGEST_ID = 160


class PageQuery(ClockQuery):
    """The three clocks, which every page takes."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page."""

    service: Service
    answers: LRUCache[Hashable, Any]
    """What several pages are made of, by what it depends on: clocks, and the position of the log."""
    root: str
    """The beginning of absolute URLs: scheme and host."""
    path: str
    path_params: Mapping[str, str]
    clocks: Mapping[str, str]
    filters: Mapping[str, str]

    def url(self, path: str, **parameters: object) -> str:
        return _url(path, {**self.clocks, **parameters})

    def place_url(self, id_: str) -> str:
        return self.url(f"/places/{quote(id_)}")

    def entry_url(self, id_: str) -> str:
        return self.url(f"/entries/{quote(id_)}")

    def with_changes(self, **parameters: object) -> str:
        """This page with other filters or clocks; None leaves one out."""
        return _url(self.path, {**self.clocks, **self.filters, **parameters})

    def without_clocks(self) -> str:
        return _url(self.path, self.filters)

    def absolute(self, url: str) -> str:
        return self.root + url

    @property
    def canonical_url(self) -> str:
        """Clocks and filters belong to it, since they change what the page says."""
        return self.absolute(self.with_changes())


def checked_id(id_: str, kind: str) -> str:
    """An id from a URL; NotFound where nothing on record can have it."""
    if not _ID.fullmatch(id_) or len(id_) > _LONGEST_ID:
        raise NotFound(f"no {kind} {id_!r} is on record")
    return id_


def parse_page_request(request: Request, query: PageQuery, answers: LRUCache[Hashable, Any]) -> PageRequest:
    given = {
        name: str(_parameter(value)) for name, value in query.model_dump(by_alias=True).items() if value is not None
    }
    defaults = type(query)().model_dump(by_alias=True)
    return PageRequest(
        service_of(request),
        answers,
        root_url(request),
        request.url.path,
        request.path_params,
        clocks={name: given[name] for name in CLOCKS if name in given},
        filters={
            name: value for name, value in given.items() if name not in CLOCKS and value != _parameter(defaults[name])
        },
    )


def cleaned_url(request: Request) -> str | None:
    """The URL that asks the same without a form's empty fields, or None where there is nothing to clean.

    `recorded_on`, the day that the form of the clocks sends, becomes `recorded_by`, an instant.
    """
    query = request.scope["query_string"].decode("utf-8", "replace")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if value.strip() and not name.startswith(_TRACKING)]
    if len({name for name, _ in kept}) < len(kept):
        return None  # a parameter given twice: the query model refuses it
    parameters = dict(kept)
    service = service_of(request)
    today = washington_day(service.now())
    if (day := parameters.pop("recorded_on", None)) is not None:
        parse_day("recorded_on", day)
        if day >= today:
            parameters.pop("recorded_by", None)
        elif parameters.get("recorded_by") is None or _recorded_day(service, parameters["recorded_by"]) != day:
            parameters["recorded_by"] = end_of_day(day)
    if parameters.get("as_of") == today and "public_by" not in parameters and "recorded_by" not in parameters:
        del parameters["as_of"]
    return None if list(parameters.items()) == pairs else _url(request.url.path, parameters)


def time_machine(request: PageRequest, snapshot: Snapshot, time_zone: str = WASHINGTON) -> dict[str, Any]:
    """The form with the three clocks, and the sentence that says which question the page answers."""
    clocks, asked = request.clocks, snapshot.asked
    recorded_on = "" if asked.recorded_day is None else washington_day(asked.recorded_day)
    as_of = snapshot.clocks(time_zone).as_of
    return {
        "sentence": _clocks_sentence(
            as_of,
            asked.public_by,
            None if asked.position is None else (recorded_on, asked.position),
            moved="as_of" in clocks or bool(asked.public_by) or bool(recorded_on),
            today=snapshot.now.astimezone(ZoneInfo(time_zone)).date().isoformat(),
        ),
        "as_of": as_of,
        "public_by": asked.public_by or "",
        "recorded_on": recorded_on,
        "recorded_by": clocks.get("recorded_by", ""),
        "moved": bool(clocks),
        "hidden_fields": [(name, value) for name, value in request.filters.items() if name != "cursor"],
    }


def _clocks_sentence(
    as_of: str, public_by: str | None, recorded: tuple[str, int] | None, *, moved: bool, today: str
) -> str:
    """The question that the clocks ask, in one sentence; `recorded`: the day and log position of the recorded clock."""
    if as_of > today:
        state = f"Where things would stand on {in_words(as_of)} if nothing more happened"
    elif moved:
        state = f"Where things stood on {in_words(as_of)}"
    else:
        state = f"Where things stand today, {in_words(as_of)}"
    if recorded is None:
        if public_by is None:
            return f"{state}, by everything that the record has{' today' if moved else ''}."
        return f"{state}, by what the public could know on {in_words(public_by)}."
    day, position = recorded
    known = "" if public_by is None else f"by what the public could know on {in_words(public_by)} and "
    on = f" on {in_words(day)}" if day else ""
    return f"{state}, {known}as this service had it on record{on} (log position {position})."


def _recorded_day(service: Service, recorded_by: str) -> str | None:
    instant = parse_clocks(service, recorded_by=recorded_by).recorded_day
    return None if instant is None else washington_day(instant)


def _url(path: str, parameters: Mapping[str, Any]) -> str:
    given = {name.rstrip("_"): _parameter(value) for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _parameter(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
