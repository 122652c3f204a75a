"""What a stranger sends twice as much of costs twice the work, and no more: counted, not timed."""

import asyncio
import json
import sys
from collections.abc import Callable
from io import BytesIO
from types import FrameType
from typing import Any

import pytest
from starlette.requests import Request

from api.http.errors import MalformedQuery, TooSlow
from api.http.exchange import RequestContext
from api.http.limits import (
    MOST_FIELDS,
    MOST_PARAMETERS,
    BodyInTime,
    OpenRequests,
    RefusedKeys,
    head_fault,
    who_asks,
)
from api.http.negotiation import ranges
from api.http.parameters import parse_query
from api.resources.timeline import TimelineQuery
from application.bulk.json_rows import json_list_rows
from application.strict_json import MOST_NAMES, MOST_NESTED, NotJson, fields_in

TWICE = 2.3
"""Twice, with room for what is done once."""


def work_of(do: Callable[[], Any]) -> int:
    """How many functions were called, those of C among them."""
    calls = 0

    def count(_frame: FrameType, event: str, _about: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


class ReadText(str):
    """A text that counts the characters that are searched in it."""

    __slots__ = ("looked_at",)
    looked_at: int

    def __contains__(self, part: object) -> bool:
        self.looked_at += len(self)
        return super().__contains__(str(part))

    def find(self, part: str, first: int = 0, last: int = sys.maxsize) -> int:  # type: ignore[override]  # None as a bound, which nobody gives
        self.looked_at += min(last, len(self)) - first
        return super().find(part, first, last)

    def count(self, part: str, first: int = 0, last: int = sys.maxsize) -> int:  # type: ignore[override]  # None as a bound, which nobody gives
        self.looked_at += min(last, len(self)) - first
        return super().count(part, first, last)

    def removeprefix(self, _prefix: str) -> "ReadText":
        return self


class ReadBytes(bytes):
    """A body whose text is a `ReadText`."""

    text: ReadText

    def decode(self, *_: Any, **__: Any) -> ReadText:
        self.text = ReadText(super().decode())
        self.text.looked_at = 0
        return self.text


class ReadFile(BytesIO):
    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = ReadBytes(body)

    def read(self, _size: int | None = -1) -> bytes:
        return self.body


def characters_looked_at(rows: int, row: str) -> int:
    file = ReadFile(f"[{','.join([row] * rows)}]".encode())
    assert sum(1 for _ in json_list_rows(file)) == rows
    return file.body.text.looked_at


@pytest.mark.parametrize("row", ["{}", '{"a":"\\u00e9"}', '{"a":"é"}'])
def test_a_list_of_twice_as_many_rows_is_searched_twice_as_much(row: str) -> None:
    once, twice = characters_looked_at(500, row), characters_looked_at(1_000, row)
    assert 0 < once < twice < TWICE * once
    assert twice < 10 * 1_000 * len(row) + 10_000


def no_text(texts: int, depth: int) -> bytes:
    """Texts that are none, deep in objects with long names."""
    return b'{"%b":' % (b"n" * 2_000) * depth + b"[" + b'"\\ud800",' * texts + b"1]" + b"}" * depth


def test_texts_that_are_none_are_named_at_a_price_that_does_not_grow_with_their_depth() -> None:
    def read(body: bytes) -> None:
        with pytest.raises(NotJson, match="is not UTF-8 text"):
            fields_in(body)

    once = work_of(lambda: read(no_text(2_000, 30)))
    assert work_of(lambda: read(no_text(4_000, 30))) < TWICE * once
    assert work_of(lambda: read(no_text(2_000, 60))) < TWICE * once


def test_an_object_with_more_names_than_any_has_is_refused_before_they_are_compared() -> None:
    def read(names: int) -> None:
        body = "{" + ",".join(f'"{number}":1' for number in range(names)) + ',"0":1}'
        with pytest.raises(NotJson, match=f"more than {MOST_NAMES:,} are not read"):
            fields_in(body.encode())

    assert work_of(lambda: read(4_000)) < TWICE * work_of(lambda: read(2_000))
    with pytest.raises(NotJson, match="0: is given twice"):
        fields_in(json.dumps(dict.fromkeys(map(str, range(500)), 1)).replace("}", ',"0":1}').encode())


@pytest.mark.parametrize("body", [b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 500 + b"1" + b"}" * 500, b'{"a":[[[[[' * 90])
def test_what_is_nested_deeper_than_anything_on_record_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        fields_in(body)
    assert fields_in(b'{"a":' * MOST_NESTED + b"1" + b"}" * MOST_NESTED)


def scope(**parts: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
        "client": ("203.0.113.7", 1),
        **parts,
    }


def asked_with(parameters: int) -> Request:
    return Request(scope(query_string="&".join(f"p{number}=1" for number in range(parameters)).encode()))


def test_twice_as_many_unknown_parameters_cost_twice_the_work() -> None:
    def ask(parameters: int) -> None:
        with pytest.raises(MalformedQuery, match="is no parameter of this address"):
            parse_query(TimelineQuery, asked_with(parameters))

    ask(1)
    once, twice = work_of(lambda: ask(40)), work_of(lambda: ask(80))
    assert twice < TWICE * once
    assert once < 40 * 100  # a schema has thousands of steps


def test_twice_as_many_repeated_parameters_cost_twice_the_work() -> None:
    def ask(times: int) -> None:
        request = Request(
            scope(query_string=b"&".join([b"kind=warning"] * times + [b"p%d=1" % n for n in range(times)]))
        )
        with pytest.raises(MalformedQuery, match="is given more than once"):
            parse_query(TimelineQuery, request)

    assert work_of(lambda: ask(2_000)) < TWICE * work_of(lambda: ask(1_000))


def test_repeated_header_fields_are_joined_once() -> None:
    context = RequestContext(scope(headers=[(b"accept", b"text/html;q=0.1")] * 50), b"")
    assert context.accept == b", ".join([b"text/html;q=0.1"] * 50)

    def parse(fields: int) -> None:
        RequestContext(scope(headers=[(b"accept", b"a/b")] * fields), b"")

    assert work_of(lambda: parse(2_000)) < TWICE * work_of(lambda: parse(1_000))


def test_twice_as_many_media_ranges_cost_twice_the_work() -> None:
    def read(count: int) -> None:
        ranges(b",".join([b"a/b;q=0.5;c=d"] * count))

    assert work_of(lambda: read(1_000)) < TWICE * work_of(lambda: read(500))


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"headers": [(b"accept", b"*/*")] * (MOST_FIELDS + 1)}, "header fields"),
        ({"headers": [(b"cookie", b"c" * 40_000)]}, "more than 32,768 bytes"),
        ({"query_string": b"a" * 9_000}, "the address has more than 8,192 bytes"),
        ({"query_string": b"a=1&" * MOST_PARAMETERS}, "at most 100 parameters"),
    ],
)
def test_a_head_that_is_too_large_is_refused(parts: dict[str, Any], status: str) -> None:
    fault = head_fault(scope(**parts))
    assert fault is not None
    assert status in fault.detail


def test_a_head_as_browsers_send_them_is_taken() -> None:
    assert head_fault(scope(headers=[(b"accept", b"*/*")] * 40, query_string=b"as_of=2017-07-07&limit=10")) is None


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_all_of_a_network_of_ipv6_is_somebody(address: str, who: str) -> None:
    assert who_asks(scope(client=(address, 1))) == who


def test_requests_of_an_address_wait_for_each_other_and_for_nobody_else() -> None:
    async def ask() -> None:
        requests = OpenRequests(most=2, most_waiting=1, turn_s=5)
        assert [await requests.enter("a"), await requests.enter("a")] == [True, True]
        third = asyncio.create_task(requests.enter("a"))
        await asyncio.sleep(0)
        assert await requests.enter("a") is False  # as many wait as may
        assert await requests.enter("b") is True
        assert not third.done()
        requests.leave("a")
        assert await third is True
        requests.leave("a")
        requests.leave("a")
        requests.leave("b")
        assert await requests.enter("a") is True

    asyncio.run(ask())


def test_whoever_does_not_get_a_turn_in_time_leaves_the_line() -> None:
    async def ask() -> None:
        requests = OpenRequests(most=1, most_waiting=1, turn_s=0.01)
        assert await requests.enter("a") is True
        assert await requests.enter("a") is False
        gone = asyncio.create_task(requests.enter("a"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        requests.leave("a")
        assert await requests.enter("a") is True

    asyncio.run(ask())


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def nothing() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def read() -> None:
        with pytest.raises(TooSlow):
            await BodyInTime(nothing, seconds=0.01)()

    asyncio.run(read())


def test_refused_keys_are_noted_once_a_minute_for_each_address(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refused = RefusedKeys(lambda: now[0])
    for _ in range(5):
        refused.note("203.0.113.7", "GET", "/api/v1/reminders\n")
    refused.note("203.0.113.8", "POST", "/api/v1/entries")
    now[0] = 61
    refused.note("203.0.113.7", "GET", "/" + "x" * 1_000)
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "a key was refused: GET '/api/v1/reminders\\n' from 203.0.113.7"
    assert lines[1] == "a key was refused: POST '/api/v1/entries' from 203.0.113.8"
    assert lines[2].endswith("from 203.0.113.7; 4 more since the last such line")
    assert len(lines) == 3
    assert max(map(len, lines)) < 400
