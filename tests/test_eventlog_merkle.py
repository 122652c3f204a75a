"""The tree of RFC 6962: published test vectors, an independent library and the RFC's definitions as oracles."""

from collections.abc import Callable
from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import merkle
from eventlog.merkle import HASH_BYTES, Node, consistency, grow, inclusion, leaf_hash, node_hash, proof, root_of
from eventlog.verify_proof import NotProved, check_consistency, root_by_inclusion

# The eight leaves of Certificate Transparency's own tests, and the roots as they come in one by one.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): INCLUSIONS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
sizes = st.integers(1, 200)


class Tree:
    """Nodes kept as the log keeps them: in the row of their last leaf."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.frontier: list[bytes] = []
        self.rows = [grow(self.frontier, size, leaf_hash(leaf)) for size, leaf in enumerate(leaves)]

    def __call__(self, node: Node) -> bytes:
        return self.rows[node.last][node.level * HASH_BYTES :][:HASH_BYTES]


def leaves_of(size: int) -> list[bytes]:
    return [b"%d" % n for n in range(size)]


# The definitions of RFC 6962, section 2.1, word for word.


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha256().digest()
    if len(d) == 1:
        return sha256(b"\0" + d[0]).digest()
    k = split(len(d))
    return sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], *, b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b=b), mth(d[k:])]
    return [*subproof(m - k, d[k:], b=False), mth(d[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_the_roots_are_those_of_the_published_vectors() -> None:
    tree = Tree(LEAVES)
    assert [merkle.root(size, tree).hex() for size in range(9)] == ROOTS
    assert root_of(tree.frontier).hex() == ROOTS[8]
    assert merkle.EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_an_audit_path_is_that_of_the_published_vectors(index: int, size: int) -> None:
    found = proof(inclusion(index, size), Tree(LEAVES))
    assert [one.hex() for one in found] == INCLUSIONS[index, size]
    assert root_by_inclusion(leaf_hash(LEAVES[index]), index, size, found).hex() == ROOTS[size]


@pytest.mark.parametrize(("first", "second"), CONSISTENCIES)
def test_a_consistency_proof_is_that_of_the_published_vectors(first: int, second: int) -> None:
    found = proof(consistency(first, second), Tree(LEAVES))
    assert [one.hex() for one in found] == CONSISTENCIES[first, second]
    check_consistency(first, second, (bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])), found)


@given(sizes, st.data())
def test_everything_is_as_the_rfc_defines_it(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    assert merkle.root(size, tree) == root_of(tree.frontier) == mth(leaves)
    assert proof(inclusion(index, size), tree) == path(index, leaves)
    assert proof(consistency(first, size), tree) == subproof(first, leaves, b=True)


@given(sizes, st.data())
def test_an_independent_library_agrees(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    tree, other = Tree(leaves), pymerkle.InmemoryTree.init_from_entries(leaves, algorithm="sha256")
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    assert merkle.root(size, tree) == other.get_root(size)
    # Its paths begin with the leaf's own hash, and its proofs of consistency name the peaks of the old tree: it
    # checks its own against our roots.
    theirs = other.prove_inclusion(index + 1, size)
    assert [leaf_hash(leaves[index]), *proof(inclusion(index, size), tree)] == theirs.path
    pymerkle.verify_inclusion(leaf_hash(leaves[index]), merkle.root(size, tree), theirs)
    growth = other.prove_consistency(first, size)
    pymerkle.verify_consistency(merkle.root(first, tree), merkle.root(size, tree), growth)


@given(sizes, st.data())
def test_what_was_proved_stays_proved_at_any_size_there_ever_was(size: int, data: st.DataObject) -> None:
    tree = Tree(leaves_of(size))
    then = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, then - 1))
    first = data.draw(st.integers(0, then))
    root = merkle.root(then, tree)
    assert root_by_inclusion(leaf_hash(b"%d" % index), index, then, proof(inclusion(index, then), tree)) == root
    check_consistency(first, then, (merkle.root(first, tree), root), proof(consistency(first, then), tree))


Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, Change] = {
    "one bit": lambda hashes: [bytes([hashes[0][0] ^ 1]) + hashes[0][1:], *hashes[1:]],
    "the first left out": lambda hashes: hashes[1:],
    "the last left out": lambda hashes: hashes[:-1],
    "one too many": lambda hashes: [*hashes, hashes[-1]],
    "the last first": lambda hashes: [hashes[-1], *hashes[:-1]],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@given(size=st.integers(3, 100), data=st.data())
def test_a_proof_that_was_changed_proves_nothing(change: Change, size: int, data: st.DataObject) -> None:
    tree = Tree(leaves_of(size))
    root = merkle.root(size, tree)
    index = data.draw(st.integers(0, size - 1))
    hashes = proof(inclusion(index, size), tree)
    if (changed := change(hashes)) != hashes:
        assert not proves_inclusion(leaf_hash(b"%d" % index), index, size, changed, root)
    assert not proves_inclusion(leaf_hash(b"another"), index, size, hashes, root)
    assert not proves_inclusion(leaf_hash(b"%d" % index), (index + 1) % size, size, hashes, root)
    first = data.draw(st.integers(1, size - 1))
    hashes = proof(consistency(first, size), tree)
    if (changed := change(hashes)) != hashes:
        with pytest.raises(NotProved):
            check_consistency(first, size, (merkle.root(first, tree), root), changed)
    with pytest.raises(NotProved):
        check_consistency(first, size, (leaf_hash(b"another"), root), hashes)


def proves_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        return root_by_inclusion(leaf, index, size, path) == root
    except NotProved:
        return False


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_no_leaf_outside_the_tree_is_in_it(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion(index, size)
    with pytest.raises(NotProved):
        root_by_inclusion(leaf_hash(b""), index, size, [])


@pytest.mark.parametrize(("first", "second"), [(3, 2), (-1, 2)])
def test_no_tree_grows_from_a_larger_one(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="does not grow"):
        consistency(first, second)
    with pytest.raises(NotProved):
        check_consistency(first, second, (b"", b""), [])


def test_two_trees_of_one_size_must_be_the_same() -> None:
    with pytest.raises(NotProved):
        check_consistency(3, 3, (leaf_hash(b"a"), leaf_hash(b"b")), [])


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_the_right_edge_of_a_million_million_leaves_is_forty_hashes() -> None:
    assert len(merkle.Span(0, 10**12).nodes()) <= 40
    assert len(inclusion(10**12 // 3, 10**12)) <= 40
