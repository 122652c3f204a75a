"""The past must always load: one stored state of every event and version ever shipped, read as the log is read."""

import json
from pathlib import Path

import pytest

from eventlog.records import Recorded
from projections.projector import MAPPER

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def topic_of(path: Path) -> str:
    name, _, version = path.stem.rpartition("-")
    return f"{name}/{version}"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_was_ever_stored_still_loads(path: Path) -> None:
    event = MAPPER.event(Recorded(1, "a-stream", 1, topic_of(path), path.read_bytes(), "2026-01-01T00:00:00Z", "test"))
    written = MAPPER.new("a-stream", 1, event)
    name, _, version = written.topic.partition("/")
    assert name == topic_of(path).partition("/")[0]
    if topic_of(path) == f"{name}/{version}":
        assert json.loads(written.state) == json.loads(path.read_bytes()), "what is read is what was written"
