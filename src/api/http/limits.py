"""What a stranger may take: the size of a request's head, requests of an address at once, and time to send a body."""

import logging
from asyncio import Future, get_running_loop, timeout
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from time import monotonic
from typing import Any

from starlette.types import Message, Receive

from api.http.errors import AddressTooLong, HeadTooLarge, TooSlow, malformed
from domain.errors import RecordError
from projections.lru import LRUCache

MOST_FIELDS = 100
"""Header fields of a request: browsers send some twenty."""
LARGEST_HEAD = 32_768
"""Bytes of a request's header fields."""
LONGEST_ADDRESS = 8_192
"""Bytes of an address, its query included."""
MOST_PARAMETERS = 100
MOST_OPEN = 16
"""Requests of an address that are worked on at once: fewer than half of the threads that there are."""
MOST_WAITING = 64
"""Requests of an address that wait for those."""
TURN_S = 3.0
"""Seconds that a request waits for its turn among those of its address."""
BODY_S = 20.0
"""Seconds to send a body in, and one more for each `BODY_RATE` bytes that have come."""
BODY_RATE = 16_384
_NOTED_EVERY_S = 60.0
_ADDRESSES = 10_000
_LONGEST_NOTED = 200
log = logging.getLogger("keys")
_NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all that begin so."""


def head_fault(scope: Any) -> RecordError | None:  # noqa: ANN401 - ASGI's own type is a mapping of anything
    """What is too large about a request's head; looked at before anything is made of it."""
    headers = scope["headers"]
    if len(headers) > MOST_FIELDS:
        return HeadTooLarge(f"there are {len(headers):,} header fields: send at most {MOST_FIELDS}")
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEAD:
        return HeadTooLarge(f"the header fields have more than {LARGEST_HEAD:,} bytes")
    query: bytes = scope["query_string"]
    if len(query) + len(scope.get("raw_path") or scope["path"]) > LONGEST_ADDRESS:
        return AddressTooLong(f"the address has more than {LONGEST_ADDRESS:,} bytes")
    if (count := query.count(b"&") + 1) > MOST_PARAMETERS:
        return malformed("(the whole)", f"{count:,} parameters", f"send at most {MOST_PARAMETERS} parameters")
    return None


def who_asks(scope: Any) -> str:  # noqa: ANN401 - as above
    """The address that a request came from, or the network where it is one of IPv6."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    if ":" not in address:
        return address
    try:
        number = int(IPv6Address(ip_address(address.partition("%")[0])))
    except ValueError:
        return address
    return f"{IPv6Address(number >> _NETWORK_BITS << _NETWORK_BITS)}/{_NETWORK_BITS}"


class RefusedKeys:
    """Notes in the server's log that keys were refused, never the keys: a line a minute for each address."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._noted = LRUCache[str, tuple[float, int]](_ADDRESSES)

    def note(self, who: str, method: str, path: str) -> None:
        now = self._clock()
        since, more = self._noted.get(who) or (-_NOTED_EVERY_S, 0)
        if now - since < _NOTED_EVERY_S:
            self._noted.put(who, (since, more + 1))
            return
        before = f"; {more:,} more since the last such line" if more else ""
        log.warning("a key was refused: %s %s from %s%s", method, ascii(path[:_LONGEST_NOTED]), who, before)
        self._noted.put(who, (now, 0))


@dataclass(slots=True)
class _Line:
    open: int = 0
    waiting: deque[Future[None]] = field(default_factory=deque)


class OpenRequests:
    """How many requests of each address are worked on: beyond `most`, the next ones wait for their turn."""

    def __init__(self, most: int = MOST_OPEN, most_waiting: int = MOST_WAITING, turn_s: float = TURN_S) -> None:
        self._most = most
        self._most_waiting = most_waiting
        self._turn_s = turn_s
        self._lines: dict[str, _Line] = {}

    async def enter(self, who: str) -> bool:
        """Whether the request may be worked on, perhaps after a while; whoever enters has to `leave`."""
        line = self._lines.setdefault(who, _Line())
        if line.open < self._most:
            line.open += 1
            return True
        if len(line.waiting) >= self._most_waiting:
            return False
        turn = get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            async with timeout(self._turn_s):
                await turn
        except BaseException as error:
            if not turn.cancelled():  # the turn came at the moment at which nobody waited for it any more
                self.leave(who)
            elif turn in line.waiting:
                line.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def leave(self, who: str) -> None:
        """Gives the place to whoever waits longest."""
        line = self._lines[who]
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.open -= 1
        if not line.open:
            del self._lines[who]


class BodyInTime:
    """The messages of a request: TooSlow where its body does not come in time."""

    def __init__(self, receive: Receive, seconds: float | None = None) -> None:
        """`seconds`: to begin with, `BODY_S` where left out."""
        self._receive = receive
        self._until = monotonic() + (BODY_S if seconds is None else seconds)
        self.whole = False
        """Whether the body has been read to its end."""

    async def __call__(self) -> Message:
        if self.whole:
            return await self._receive()
        try:
            async with timeout(self._until - monotonic()):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow("the body did not come in time: send it at once") from error
        self._until += len(message.get("body", b"")) / BODY_RATE
        self.whole = not message.get("more_body")
        return message
