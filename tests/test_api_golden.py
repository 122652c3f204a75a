"""Every question of the golden file, asked over HTTP of the real record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
import golden_questions
from api_world import DATABASES, World

QUESTIONS = golden_questions.load(Path(__file__).parent / "golden.yaml")


@pytest.fixture(scope="module", params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("golden")) as world:
        yield api_world.with_the_record(world)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["ask"])
def test_the_answer_is_the_one_worked_out_by_hand(question: dict[str, Any], world: World) -> None:
    answer = world.client.get(question["get"])
    assert answer.status_code == question.get("status", 200)
    assert golden_questions.differences(question, answer.json()) == []
