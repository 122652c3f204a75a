"""The lists by suffix: for whoever cannot say `Accept`, such as a spreadsheet or a feed reader."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.convertors import Convertor, register_url_convertor

from api.formats.publish import ForTimelineJS
from api.http.negotiation import BY_SUFFIX, LISTS, SUFFIXES_OF_LISTS, TIMELINEJS
from api.http.parameters import PlaceId, parse_query
from api.openapi.document import documented_in_formats
from api.openapi.schemas import AccountChanges, Deadlines, StatusHistory, Timeline
from api.resources.changes import ChangesQuery, changes_response
from api.resources.deadlines import DeadlineQuery as DeadlineFilters
from api.resources.deadlines import deadlines_response
from api.resources.history import HistoryQuery, history_response
from api.resources.timeline import EveryonesTimelineQuery, TimelineQuery, timeline_response

router = APIRouter(prefix="/api/v1", tags=["formats"])
_SUFFIXES_OF_TIMELINES = (*SUFFIXES_OF_LISTS, TIMELINEJS.suffix)


def _pattern(suffixes: tuple[str, ...]) -> str:
    return "|".join(one.replace(".", r"\.") for one in suffixes)


class _Suffix(Convertor[str]):
    """Matches suffixes that there are and no others, so that other addresses may have other suffixes."""

    regex = _pattern(SUFFIXES_OF_LISTS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _SuffixOfATimeline(_Suffix):
    regex = _pattern(_SUFFIXES_OF_TIMELINES)


register_url_convertor("of_a_list", _Suffix())
register_url_convertor("of_a_timeline", _SuffixOfATimeline())
OfAList = Annotated[
    str, Field(description="The format.", json_schema_extra={"enum": [*SUFFIXES_OF_LISTS]}, examples=["csv"])
]
OfATimeline = Annotated[
    str, Field(description="The format.", json_schema_extra={"enum": [*_SUFFIXES_OF_TIMELINES]}, examples=["csv"])
]


@router.get(
    "/timeline.{format:of_a_timeline}",
    **documented_in_formats(EveryonesTimelineQuery, Timeline, LISTS, 400, 404, or_else=ForTimelineJS),
)
def timeline_as(request: Request, format: OfATimeline) -> Response:
    """The timeline in a format; in feeds what was recorded or corrected last comes first."""
    filters = parse_query(EveryonesTimelineQuery, request)
    return timeline_response(request, filters, filters.jurisdiction, BY_SUFFIX[format])


@router.get(
    "/jurisdictions/{id}/timeline.{format:of_a_timeline}",
    **documented_in_formats(TimelineQuery, Timeline, LISTS, 400, 404, or_else=ForTimelineJS),
)
def timeline_of_a_place_as(request: Request, id: PlaceId, format: OfATimeline) -> Response:
    """A place's timeline in a format."""
    return timeline_response(request, parse_query(TimelineQuery, request), id, BY_SUFFIX[format])


@router.get("/deadlines.{format:of_a_list}", **documented_in_formats(DeadlineFilters, Deadlines, LISTS, 400, 404))
def deadlines_as(request: Request, format: OfAList) -> Response:
    """Everyone's deadlines in a format."""
    return deadlines_response(request, parse_query(DeadlineFilters, request), None, BY_SUFFIX[format])


@router.get(
    "/jurisdictions/{id}/deadlines.{format:of_a_list}",
    **documented_in_formats(DeadlineFilters, Deadlines, LISTS, 400, 404),
)
def deadlines_of_a_place_as(request: Request, id: PlaceId, format: OfAList) -> Response:
    """A place's deadlines in a format."""
    return deadlines_response(request, parse_query(DeadlineFilters, request), id, BY_SUFFIX[format])


@router.get("/history.{format:of_a_list}", **documented_in_formats(HistoryQuery, StatusHistory, LISTS, 400, 404))
def history_as(request: Request, format: OfAList) -> Response:
    """Everyone's transitions in a format."""
    return history_response(request, parse_query(HistoryQuery, request), None, BY_SUFFIX[format])


@router.get(
    "/jurisdictions/{id}/history.{format:of_a_list}",
    **documented_in_formats(HistoryQuery, StatusHistory, LISTS, 400, 404),
)
def history_of_a_place_as(request: Request, id: PlaceId, format: OfAList) -> Response:
    """A place's transitions in a format."""
    return history_response(request, parse_query(HistoryQuery, request), id, BY_SUFFIX[format])


@router.get("/changes.{format:of_a_list}", **documented_in_formats(ChangesQuery, AccountChanges, LISTS, 400, 404))
def changes_as(request: Request, format: OfAList) -> Response:
    """What changed in our account, in a format."""
    return changes_response(request, parse_query(ChangesQuery, request), BY_SUFFIX[format])
