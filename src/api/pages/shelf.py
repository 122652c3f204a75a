"""What pages keep in memory: answers under keys that say everything that they depend on, the least used thrown out.

Nothing here can be stale: the log up to a position never changes, and a key has the position (and the day) in it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Shelf:
    """A few answers, shared by the threads that serve."""

    def __init__(self, size: int) -> None:
        """Room for so many."""
        self._size = size
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def known(self, key: Hashable) -> Any | None:  # noqa: ANN401 - whatever was put there
        """What stands there, or None."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, answer: Any) -> None:  # noqa: ANN401 - whatever is to be kept
        """Keeps an answer, in place of the one that was asked for least lately."""
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What stands there, made now where nothing does. Two threads may make it at once: the same, and no harm."""
        known = self.known(key)
        if known is None:
            known = make()
            self.put(key, known)
        return cast("T", known)
