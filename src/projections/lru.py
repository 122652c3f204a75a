"""The one cache of this program: what was used least lately goes first, and threads share it."""

from collections.abc import Callable, Hashable, Iterable
from threading import Lock
from typing import Any, Generic, TypeVar

import cachetools

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Values(cachetools.LRUCache[K, V]):
    def __missing__(self, key: K) -> Any:  # noqa: ANN401  # None, which the library does not foresee here
        """None, and nothing kept: asking first whether a key is there would double the price of a look-up."""


class LRUCache(Generic[K, V]):
    """Holds `most` values, or values of `most` bytes where `size_of` says how many a value has."""

    def __init__(self, most: int, size_of: Callable[[V], int] | None = None) -> None:
        self._most = most
        self._size_of = size_of
        self._values: _Values[K, V] = _Values(most, size_of)
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        with self._lock:
            return self._values[key]

    def get_many(self, keys: Iterable[K]) -> list[V | None]:
        """The values of many keys under one lock, each at half the price: a status looks at every act of a place."""
        with self._lock:
            return list(map(self._values.__getitem__, keys))

    def put(self, key: K, value: V) -> None:
        """Keeps a value, unless it alone is larger than the whole cache."""
        if self._size_of is None or self._size_of(value) <= self._most:
            with self._lock:
                self._values[key] = value

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made now where there is none. Two threads may make it at once: the same, and no harm."""
        value = self.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value
