"""The campaign of `make soak-faults` notices faults: here it is given some without a server."""

from collections import Counter

import pytest
from bench.client import Answer
from bench.hostile_requests import Hostility
from bench.soak_report import IN_TIME_S, LATE_ONCE, FaultsOutcome
from bench.soak_writers import a_request, held_against_log

SAYS_WHY = b'{"type": "urn:problem-type:database-trouble"}'
HEAD = b"http/1.1 503 x\r\ncontent-type: application/problem+json\r\nretry-after: 5"


@pytest.fixture
def outcome() -> FaultsOutcome:
    return FaultsOutcome("sqlite", lambda _doing: None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (None, "a request: no answer"),
        (Answer(500, b"", b""), "a request: 500"),
        (Answer(502, b"", b""), "a request: 502"),
        (Answer(503, HEAD.replace(b"retry-after", b"x"), SAYS_WHY), "a 503 that does not say why and when"),
        (Answer(503, HEAD, b'{"type": "about:blank"}'), "a 503 that does not say why and when"),
    ],
)
def test_what_is_no_right_answer_is_a_fault(outcome: FaultsOutcome, answer: Answer | None, fault: str) -> None:
    outcome.judge("a request", answer, 0.1)
    assert len(outcome.faults) == 1
    assert fault in outcome.faults[0]


def test_right_answers_and_troubles_that_are_said_are_none(outcome: FaultsOutcome) -> None:
    for answer in (Answer(200, b"", b""), Answer(404, b"", b""), Answer(503, HEAD, SAYS_WHY)):
        outcome.part(lambda answer=answer: outcome.judge("a request", answer, IN_TIME_S))  # type: ignore[misc]  # mypy takes no lambda with a default
    assert outcome.faults == []
    assert outcome.counts["answers 503"] == 1


@pytest.mark.parametrize(("again_s", "faults"), [(1.0, []), (6.0, ["a request: after 6.0 s"])])
def test_a_late_answer_is_a_fault_where_it_is_late_again(
    outcome: FaultsOutcome, again_s: float, faults: list[str]
) -> None:
    took = iter([IN_TIME_S + 2, again_s])
    outcome.part(lambda: outcome.judge("a request", Answer(200, b"", b""), next(took)))
    assert outcome.faults == faults
    assert outcome.counts[LATE_ONCE] == 1
    assert outcome.as_json()["late_once"] == ["a request: after 7.0 s"]


def test_what_is_lost_doubled_or_nobody_sent_is_told() -> None:
    streams = Counter({"entry:twice": 2, "entry:once": 1, "entry:strange": 1, "reminder:1": 3})
    assert list(held_against_log(["twice", "once", "lost", "refused"], ["twice", "once", "lost"], streams)) == [
        "lost: acknowledged, and not on record",
        "entry:twice: recorded 2 times",
        "entry:strange: nobody sent it",
    ]


def test_every_eighth_request_of_a_writer_is_a_batch() -> None:
    requests = [a_request("ana", number) for number in range(1, 17)]
    assert [len(request.ids) for request in requests] == ([1] * 7 + [5]) * 2
    assert len({request.key for request in requests}) == 16


def test_the_same_requests_come_of_the_same_seed_and_of_every_kind() -> None:
    document = {"paths": {"/api/v1/entries/{id}": {"get": {"parameters": [{"in": "query", "name": "as_of"}]}},
                          "/api/v1/entries": {"post": {}}}}  # fmt: skip
    once, again, other = (list(Hostility(seed, document, "dt_key").requests(200)) for seed in (1, 1, 2))
    assert once == again != other
    assert len({request.kind for request in once}) == 8
