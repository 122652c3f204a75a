"""Events of any version ever written are read, and one that cannot be read is named."""

import json
from typing import Any

import pytest
from eventsourcing.persistence import MapperDeserialisationError

from eventlog.log import NewEvent, Recorded
from eventlog.mapper import Mapper, topic_of

Warned = dict[str, Any]
PRESENT = {"warned/3": json.loads, "answered/1": json.loads}
UPCASTS = {
    ("warned", 1): lambda fields: {**fields, "jurisdictions": [fields["city"]]},
    ("warned", 2): lambda fields: {name: value for name, value in fields.items() if name != "city"},
}


def encode(event: Warned) -> tuple[str, bytes]:
    return "warned/3", json.dumps(event, separators=(",", ":")).encode()


mapper = Mapper[Warned](encode, PRESENT, UPCASTS)


def recorded(topic: str, state: bytes) -> Recorded:
    return Recorded(7, "a", 2, topic, state, "2017-04-21T12:00:00.000000Z", "ana")


def test_an_event_is_its_topic_and_its_fields_and_comes_back() -> None:
    new = mapper.new("a", 2, {"jurisdictions": ["new-orleans-la"]})
    assert new == NewEvent("a", 2, "warned/3", b'{"jurisdictions":["new-orleans-la"]}')
    assert mapper.event(recorded(new.topic, new.state)) == {"jurisdictions": ["new-orleans-la"]}


@pytest.mark.parametrize("version", [1, 2])
def test_an_old_version_is_led_step_by_step_to_the_present(version: int) -> None:
    state = b'{"city":"Cook \xe2\x80\x94 IL"}' if version == 1 else b'{"city":"x","jurisdictions":["y"]}'
    expected = ["Cook — IL"] if version == 1 else ["y"]
    assert mapper.event(recorded(topic_of("warned", version), state)) == {"jurisdictions": expected}


def test_an_upcast_that_leads_nowhere_is_found_when_the_mapper_is_made() -> None:
    with pytest.raises(ValueError, match="'warned' lead to version 2, which nothing reads"):
        Mapper[Warned](encode, PRESENT, {("warned", 1): dict})


@pytest.mark.parametrize(
    ("topic", "state", "reason"),
    [
        ("vanished/1", b"{}", "unknown topic"),
        ("warned/4", b"{}", "unknown topic"),
        ("warned/3", b"{", "Expecting"),
    ],
)
def test_what_cannot_be_read_is_named_by_position_and_topic(topic: str, state: bytes, reason: str) -> None:
    with pytest.raises(MapperDeserialisationError, match=f"position 7, topic '{topic}': {reason}"):
        mapper.event(recorded(topic, state))
