"""The one cache: bounded by number or by bytes, and what was used least lately goes first."""

from projections.lru import LRUCache


def test_what_was_used_least_lately_goes_first() -> None:
    cache = LRUCache[str, int](2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert cache.get_many(["a", "b", "c", "never"]) == [1, None, 3, None]
    assert len(cache) == 2


def test_where_values_are_large_their_bytes_are_counted() -> None:
    cache = LRUCache[str, bytes](10, len)
    cache.put("a", b"1234")
    cache.put("b", b"1234")
    cache.put("c", b"123")
    assert cache.get_many("abc") == [None, b"1234", b"123"]
    cache.put("d", b"12345678901")
    assert cache.get_many("abcd") == [None, b"1234", b"123", None], "it alone is larger than the cache"


def test_a_value_is_made_once() -> None:
    cache = LRUCache[str, list[int]](2)
    first = cache.get_or_make("a", lambda: [1])
    assert cache.get_or_make("a", lambda: [2]) is first
