"""Requests as nobody means them: a few hundred from a seed, sent over raw sockets, and what a server made of each."""

from __future__ import annotations

import json
import random
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Any, NamedTuple

from bench.client import Answer
from bench.soak_report import FaultsOutcome
from bench.soak_writers import PLACE, Server, an_entry, asked

from application.service import Service

_GIVEN_UP_S = 30.0
_ENDED_S = 40.0
"""Seconds in which the server must have ended what is sent too slowly: twenty for a body, and time to spare."""
_HELD = 40
_WORDS = (
    "", " ", ".", "..", "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/", "%c0%ae%c0%ae/",
    "//evil.example", "\\\\evil\\share", "/", "%00", "a%00.json", "%0d%0aSet-Cookie:%20a=b", "%ff%fe", "%ed%a0%80",
    "%e2%80%ae", "%", "%zz", "%F0%9F%92%A5", "a" * 3_000, "0", "-1", "1e999", "9" * 400, "NaN", "null", "true", "[]",
    "{}", "*", "~", ";a=b", "'%20OR%201=1%20--", "{{7*7}}", "$(id)", "0001-01-01", "9999-12-31",
    "9999-12-31T23:59:59Z", "10000-01-01", "-0001-01-01", "2026-02-30", "0217-04-21", "2026-13", "2017-04-21/..",
    "../2017", "2026-06-02T25:00:00Z", "2026-06-02T00:00:00+99:99", "springfield-zz", "geoid:2255000", "geoid:06037",
    "San%20Jos%C3%A9", "%EF%BC%A1", "lanes.svg", ".json", ".atom.json", "%E0%A4%A",
)  # fmt: skip
"""For addresses and parameters; what is not ASCII is percent-encoded."""
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, -(10**30), 1e308, 0.1, "", " ", "\n", "\x00", "a\x00b", "\x1b[31m", "\x85", "\ufffe",
    "\ud800", "\u202eabc", "<script>alert(1)</script>", "=1+1", "a" * 100_000, "é" * 3_000, "0001-01-01", "9999-12-31",
    "10000-01-01", "2026-02-30", "0217-04-21", "2062-06-02", "2017-04-21/2016-01-01", "11/01/2026",
    "2026-06-02T00:00:00Z", "javascript:alert(1)", "https://[::1", "http://169.254.169.254/", "nowhere-xx",
    "Springfield-ZZ", "springfield-zz", [], {}, [None], [[]], {"": ""}, ["springfield-zz"] * 3, list(range(3_000)),
    {str(number): 1 for number in range(2_000)}, {"__proto__": {}}, {"date": "9999-12-31", "words": "w"},
)  # fmt: skip
"""For fields of bodies."""
_HEADERS = (
    "Accept: text/html", "Accept: a/b;q=9", "Accept: " + "a/b," * 2_000, "Accept: \xff",
    "Accept-Encoding: gzip;q=0, *;q=0", "Accept-Language: ../..", "Accept-Datetime: Thu, 31 Feb 9999 99:99:99 GMT",
    "Accept-Datetime: Fri, 31 Dec 9999 23:59:59 GMT", "If-None-Match: " + '"a",' * 3_000, 'If-Match: W/"',
    "If-Modified-Since: yesterday", "Range: bytes=0-0,-1,9999999999999999999-", "Host: evil.example:99999",
    "Host: [::1", "X-Forwarded-For: ::1, evil", "X-Forwarded-Proto: javascript", "Authorization: Bearer \xff\xfe",
    "Authorization: Basic !!!!", "Authorization: " + "Bearer " * 900, "Cookie: " + "a=b; " * 900, "Origin: null",
    "Last-Event-ID: 9999999999999999999999", "Last-Event-ID: -1", "Idempotency-Key: \x01",
    "Idempotency-Key: " + "k" * 300, "Content-Encoding: gzip", "Expect: 100-continue", "Expect: nothing",
    "Upgrade: websocket", "TE: trailers", "Content-Length: 0", "X-A: " + "a" * 40_000,
    "X-HTTP-Method-Override: DELETE", "Connection: keep-alive, Upgrade, close, \x0b", "Prefer: respond-async",
    "Content-Type: \xff", "Accept: " + ",".join(["*/*;q=0.001"] * 400),
)  # fmt: skip
_MEDIA_TYPES = (
    "application/json", "application/json; charset=utf-7", "application/JSON;;", "text/csv",
    "text/csv; charset=utf-16", "text/csv; charset=nothing", "application/x-ndjson", "application/yaml", "text/plain",
    "multipart/form-data", "multipart/form-data; boundary=", "application/xml", "application/x-www-form-urlencoded",
    "application/json\x00", "", "/", "application/json, text/csv",
)  # fmt: skip
_BODIES = (
    b"", b"\x00", b"null", b"[]", b"{}", b"[" * 20_000, b'{"a":' * 20_000, b'{"a":1,"a":2}', b'{"a":NaN}',
    b'{"a":1e99999}', b'"\\ud800"', b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"id":"\xed\xa0\x80"}',
    b"a: &a [*a]\n", b"&a [&b [*a, *b]]", b"!!python/object/apply:os.system [id]\n", b"- " * 5_000, b"? " * 3_000,
    b"id;kind\r\n;\r\n", b"id,kind\n" + b"," * 20_000, b'"' * 9_001, b"\x1f\x8b\x08\x00" + b"\x00" * 40,
    b"{}\n" * 3_000, b"PK\x03\x04", b"a" * 300_000, b"9" * 9_000, b"--\r\n\r\n--",
)  # fmt: skip
_BROKEN = (
    b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n", b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n", b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET ?a HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"G\xffT / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nothing\r\n\r\n",
    b"POST /docs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /?" + b"a=1&" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
)  # fmt: skip
_HELD_OPEN = (
    b"GET / HTTP/1.1\r\nHost: x\r\n", b"GE",
    b"POST /api/v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /api/v1/entries:batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", b"",
)  # fmt: skip
"""Beginnings that nothing follows."""
_METHODS = (
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "GET" * 20,
)  # fmt: skip
_PAGES = (
    "/", "/places/{id}", "/entries/{id}", "/deadlines", "/changes", "/audit", "/places/{id}/lanes.png",
    "/embed/places/{id}", "/oembed", "/docs", "/docs/files/{id}",
)  # fmt: skip


_AFTERWARDS = (
    "/", "/changes", "/deadlines", "/places/springfield-zz", "/places/springfield-zz/lanes.svg", "/entries/said-1",
    "/api/v1/timeline?limit=1000", "/api/v1/timeline.csv", "/api/v1/timeline.atom", "/api/v1/deadlines.ics",
    "/api/v1/changes?from=1&to=5", "/api/v1/jurisdictions/springfield-zz/history", "/healthz", "/readyz",
)  # fmt: skip
"""What must answer with whatever was recorded in between."""


class Hostile(NamedTuple):
    """A request: of which kind, its bytes, and whether it is HTTP at all, so that an answer is due."""

    kind: str
    sent: bytes
    is_http: bool = True


class Hostility:
    """Requests drawn from a seed, for the addresses that a server's own document has."""

    def __init__(self, seed: int, document: dict[str, Any], key: str) -> None:
        self._chance = random.Random(seed)
        self._key = key
        self._addresses: list[tuple[str, str, list[str]]] = [("GET", path, ["as_of", "q", "url"]) for path in _PAGES]
        self._addresses += [
            (method.upper(), path, _query_names(operation))
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if method in ("get", "post", "patch", "delete")
        ]
        self._posts = [path for method, path, _ in self._addresses if method in ("POST", "PATCH")]

    def requests(self, count: int) -> Iterator[Hostile]:
        """So many, each kind in turn."""
        kinds: tuple[Callable[[], Hostile], ...] = (
            self._address, self._parameters, self._header, self._field,
            self._body, self._method, self._media_type, self._broken,
        )  # fmt: skip
        for number in range(count):
            yield kinds[number % len(kinds)]()

    def _http(self, kind: str, method: str, target: str, *fields: str, body: bytes = b"") -> Hostile:
        lines = [f"{method} {target} HTTP/1.1", "Host: x", *fields, f"Authorization: Bearer {self._key}"]
        if body and not any(field.startswith("Content-Length") for field in fields):
            lines.append(f"Content-Length: {len(body)}")
        return Hostile(kind, "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)

    def _filled(self, path: str, value: str | None = None) -> str:
        """A path with something for each of its parameters."""
        some = ["springfield-zz", "said-1", "1"]
        filled = re.sub(r"\{[^}]*\}", lambda _: self._chance.choice(some) if value is None else value, path)
        return filled.replace(" ", "%20")

    def _drawn(self) -> tuple[str, str, list[str]]:
        """A method, a path and the names of its parameters."""
        return self._chance.choice(self._addresses)

    def _address(self) -> Hostile:
        method, path, _ = self._drawn()
        word = self._chance.choice(_WORDS)
        path = self._filled(path, word) if "{" in path else f"{path}{self._chance.choice(['/', '', '.', '//'])}{word}"
        return self._http("address", method, path.replace(" ", "%20"), body=b"{}" if method == "POST" else b"")

    def _parameters(self) -> Hostile:
        _, path, names = self._chance.choice([drawn for drawn in self._addresses if drawn[0] == "GET"])
        some = [self._chance.choice([*names, "limit", "nothing"]) for _ in range(self._chance.choice([1, 1, 2, 90]))]
        query = "&".join(f"{name}={self._chance.choice(_WORDS)}" for name in some).replace(" ", "%20")
        return self._http("parameters", "GET", f"{self._filled(path)}?{query}")

    def _header(self) -> Hostile:
        method, path, _ = self._drawn()
        fields = self._chance.sample(_HEADERS, self._chance.choice([1, 1, 2, 5]))
        return self._http("header", method, self._filled(path), *fields, body=b"{}" if method == "POST" else b"")

    def _field(self) -> Hostile:
        """A valid body with one to three fields that are not."""
        number = self._chance.randrange(10**9)
        asks = {"date": "2026-03-20", "words": "by March 20", "source": "s1"}
        quote = {"id": "q1", "text": "so", "speaker": "who", "source": "s1"}
        signer = {"name": "A", "role": "signer"}
        entry = an_entry(f"hostile-{number}") | {
            "kind": "inquiry", "public": "2026-02-20", "respond_by": asks, "quotes": [quote], "people": [signer],
            "follows": [], "sequence": 0, "confidence": "low", "note": "None.",
        }  # fmt: skip
        place = {**PLACE, "id": f"hostile-{number}-zz", "geoid": "2255000", "ocd": "ocd-division/country:us"}
        subscription = {"jurisdictions": [PLACE["id"]], "channel": "webhook", "url": "https://example.org/hook"}
        source = {"title": "A page", "rank": "primary"}
        correction = {"fields": {"summary": "Other."}, "reason": "It was not.", "source": source}
        bodies: list[tuple[str, dict[str, Any]]] = [
            *[("/api/v1/entries", entry)] * 5,
            ("/api/v1/jurisdictions", place),
            ("/api/v1/subscriptions", subscription | {"plan": [-1], "hour": "09:00"}),
            ("/api/v1/entries/said-1/corrections", correction),
        ]
        path, body = self._chance.choice(bodies)
        for _ in range(self._chance.choice([1, 1, 3])):
            self._spoil(body)
        return self._http("field", "POST", path, "Content-Type: application/json", "If-Match: *", body=_json(body))

    def _spoil(self, body: dict[str, Any]) -> None:
        name = self._chance.choice([*body, "unknown"])
        inner = body.get(name)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = inner[0]
        if isinstance(inner, dict) and inner and self._chance.random() < 0.7:
            self._spoil(inner)
        else:
            body[name] = self._chance.choice(_VALUES)

    def _body(self) -> Hostile:
        path = self._filled(self._chance.choice(self._posts), "said-1")
        media_type = self._chance.choice(_MEDIA_TYPES[:8])
        return self._http(
            "body", "POST", path, f"Content-Type: {media_type}", "If-Match: *", body=self._chance.choice(_BODIES)
        )

    def _method(self) -> Hostile:
        _, path, _ = self._drawn()
        return self._http(
            "method", self._chance.choice(_METHODS), self._filled(path), body=self._chance.choice(_BODIES[:5])
        )

    def _media_type(self) -> Hostile:
        body = _json(an_entry(f"typed-{self._chance.randrange(10**9)}"))
        path = self._chance.choice(["/api/v1/entries", "/api/v1/entries:batch", "/api/v1/jurisdictions"])
        return self._http("media type", "POST", path, f"Content-Type: {self._chance.choice(_MEDIA_TYPES)}", body=body)

    def _broken(self) -> Hostile:
        return Hostile("broken HTTP", self._chance.choice(_BROKEN), is_http=False)


def _query_names(operation: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", ()) if parameter.get("in") == "query"]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def attack(server: Server, outcome: FaultsOutcome, seed: int, count: int) -> None:
    """Sends so many to a server that has a little on record, and looks after each what it did to the log."""
    document = asked(server, outcome, "/openapi.json", "/openapi.json")
    assert document
    service = Service(server.url)
    with ExitStack() as held:
        slow = [_connected(server, held) for _ in range(_HELD)]
        begun = monotonic()
        for number, connection in enumerate(slow):
            connection.sendall(_HELD_OPEN[number % len(_HELD_OPEN)])
        for number, request in enumerate(Hostility(seed, json.loads(document.body), server.key).requests(count)):
            outcome.say(f"hostile request {number + 1} of {count}: {request.kind}")
            _attack(server, service, outcome, number, request)
        for connection in slow:
            connection.settimeout(max(0.1, begun + _ENDED_S - monotonic()))
            try:
                with suppress(ConnectionError):
                    while connection.recv(65_536):
                        pass
            except TimeoutError:
                outcome.faults.append(f"a connection that sent half a request was open after {_ENDED_S:.0f} s")
    outcome.count("connections held open with half a request", _HELD)
    service.close()
    for path in _AFTERWARDS:
        answer = asked(server, outcome, f"afterwards: GET {path}", path)
        if answer is not None and answer.status != 200:
            outcome.faults.append(f"afterwards: GET {path}: {answer.status}")


def _connected(server: Server, held: ExitStack) -> socket.socket:
    return held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=_GIVEN_UP_S))


def _attack(server: Server, service: Service, outcome: FaultsOutcome, number: int, request: Hostile) -> None:
    what = f"hostile request {number + 1} ({request.kind}) {request.sent[:120]!r}"
    before = _head(service)
    begun = monotonic()
    answer = _answer_to(server, request.sent)
    if answer is not None or request.is_http:
        outcome.judge(what, answer, monotonic() - begun)
    outcome.count("hostile requests")
    outcome.count("of these answered" if answer else "of these broken HTTP, closed without an answer")
    if answer is not None and answer.status == 503:
        outcome.faults.append(f"{what}: a 503 without any trouble")
    if _head(service) != before:
        outcome.count("of these valid after all, and recorded")
        if answer is None or not 200 <= answer.status < 300:
            outcome.faults.append(f"{what}: recorded, and not acknowledged")


def _head(service: Service) -> int:
    with service.snapshot() as snapshot:
        return snapshot.head


def _answer_to(server: Server, sent: bytes) -> Answer | None:
    """The first answer, as far as it is to be had; None where the server closes without one."""
    received = b""
    with suppress(ConnectionError), ExitStack() as held:
        connection = _connected(server, held)
        connection.sendall(sent)
        while not _whole(received, sent) and (more := connection.recv(262_144)):
            received += more
    return _final(received)


def _final(received: bytes) -> Answer | None:
    """The answer whose head is here, whatever invitations to go on came before it."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"HTTP/1.1 "):
        return None
    answer = Answer(int(head[9:12]), head.lower(), body)
    return _final(body) if answer.status == 100 else answer


def _whole(received: bytes, sent: bytes) -> bool:
    answer = _final(received)
    if answer is None:
        return False
    if sent.startswith(b"HEAD ") or b"text/event-stream" in answer.header(b"content-type"):
        return True
    length = answer.header(b"content-length")
    return len(answer.body) >= int(length) if length else answer.body.endswith(b"0\r\n\r\n")
