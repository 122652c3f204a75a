"""The words that are searched: rebuilt and verified as every read model is, also where there were none before."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text, update

from api_world import SEEDS
from application.bulk.files import load
from application.service import Service
from command_line import run
from domain.folding import words_of
from eventlog.engine import writing
from projections.schema import generations, live_tables
from projections.search_text import fold_text, parse_search

ASKED = ("timeline", "--q", '"new orleans" -lawsuit', "--facets", "kind", "--json")


@pytest.fixture
def seeded(database_url: str) -> Iterator[Service]:
    service = Service(database_url)
    load(service, [SEEDS], recorder="seeds")
    yield service
    service.close()


def test_a_record_from_before_there_was_a_search_can_be_searched(seeded: Service, database_url: str) -> None:
    known = run(database_url, *ASKED).json
    assert len(known["entries"]) > 5
    with writing(seeded.engine) as connection:
        connection.execute(text("DROP TABLE words"))
        connection.execute(update(generations).values(version=1))
    assert run(database_url, *ASKED).json == known
    assert run(database_url, "verify").code == 0


@pytest.mark.usefixtures("seeded")
def test_what_is_rebuilt_twice_is_searched_as_before(database_url: str) -> None:
    known = run(database_url, *ASKED).json
    for _ in range(2):
        assert run(database_url, "rebuild").code == 0
        assert run(database_url, *ASKED).json == known
    assert run(database_url, "verify").code == 0


def test_words_that_differ_from_the_log_are_named(seeded: Service, database_url: str) -> None:
    words = live_tables().words
    with writing(seeded.engine) as connection:
        connection.execute(update(words).where(words.c.position == 200).values(summary="something else"))
    said = run(database_url, "verify")
    assert said.code == 1
    assert "words row (200): summary is 'something else'" in said.out


def test_words_have_neither_case_nor_marks_nor_anything_between() -> None:
    words = words_of("The MAYOR’s “Résumé” of §1373(a): co-operation, 8 U.S.C.")
    assert " ".join(words) == "the mayor s resume of 1373 a co operation 8 u s c"
    assert words_of("Stra\u00dfe stra\u00adsse \ufb01n e\u0301 \u0130 \U0001f600 \0 _") == [
        "strasse",
        "strasse",
        "fin",
        "e",
        "i",
    ]
    assert fold_text(None, "", "!") == "_"
    assert fold_text("One, two", None, "three") == "one two _ three"
    assert len(fold_text("word " * 40_000)) <= 80_000


def test_a_question_may_say_more_than_words() -> None:
    asked = parse_search('Détainer* "8 U.S.C." -“new orleans” co-operate - -! *')
    assert [(" ".join(term.words), term.prefix) for term in asked.terms] == [
        ("detainer", True),
        ("8 u s c", False),
        ("co operate", False),
    ]
    assert [" ".join(term.words) for term in asked.without] == ["new orleans"]
    for nothing in ("", "-", "-no", "😀", "x" * 201):
        with pytest.raises(ValueError, match=r"no words|201"):
            parse_search(nothing)
