"""Citations: what they name, in which order, and that nothing breaks out of them."""

import re
from typing import Any

from api.resources.citations import citation

LINK = "https://record.example/entries/a-letter?recorded_by=521"


def entry(**more: Any) -> dict[str, Any]:
    return {
        "id": "a-letter",
        "kind": "document_demand",
        "occurred": "2018-01-24",
        "actor": {"name": "Jon Adler", "office": "Director, Bureau of Justice Assistance", "party": "federal"},
        "jurisdictions": ["chicago-il"],
        "summary": "The bureau asked for documents.",
        "sources": [
            {"id": "s1", "title": "A report", "publisher": "A Paper", "rank": "secondary"},
            {"id": "s2", "title": "The letter", "publisher": "US Department of Justice", "date": "2018-01-24",
             "url": "https://justice.example/letter", "rank": "primary"},
        ],
        "standing": "stands",
        "log": {"position": 7, "recorded_at": "2026-11-24T17:00:00.000000Z", "recorder": "load", "version": 2,
                "revised": {"position": 521, "recorded_at": "2026-11-25T17:00:00.000000Z", "recorder": "load"}},
        **more,
    }  # fmt: skip


def test_a_plain_citation_says_what_by_whom_when_the_source_and_where() -> None:
    assert citation(entry(), LINK)["plain"] == (
        "“The bureau asked for documents.” Document demand by Jon Adler, Director, Bureau of Justice Assistance, "
        "January 24, 2018. Source: US Department of Justice, The letter, January 24, 2018, "
        "https://justice.example/letter. "
        f"Dispute Timeline, entry a-letter, version 2, recorded November 25, 2026. {LINK}"
    )


def test_a_legal_citation_is_in_lawyers_order() -> None:
    assert citation(entry(), LINK)["legal"] == (
        "Document demand by Jon Adler, Director, Bureau of Justice Assistance, January 24, 2018, citing "
        "US Department of Justice, The letter, January 24, 2018, https://justice.example/letter, as recorded in "
        f"Dispute Timeline, entry a-letter, log position 521 (version 2, recorded November 25, 2026), {LINK}."
    )


def test_an_uncertain_date_is_cited_as_uncertain() -> None:
    said = citation(entry(occurred="2017-04-21/2017-06-30"), LINK)
    for form in ("plain", "legal", "bibtex"):
        assert "between April 21, 2017 and June 30, 2017" in said[form]


def test_nobody_is_made_an_author_of_our_words() -> None:
    said = citation(entry(actor={"party": "federal"}), LINK)
    assert " by " not in said["plain"]
    assert said["legal"].startswith("Document demand, January 24, 2018")
    assert "author = {{Dispute Timeline}}" in citation(entry(), LINK)["bibtex"]


def test_what_was_taken_back_is_cited_as_that() -> None:
    assert all("(retracted)" in citation(entry(standing="retracted"), LINK)[form] for form in ("plain", "legal"))


def test_nothing_breaks_out_of_bibtex() -> None:
    hostile = entry(summary="50% of {all} \\ $5 & more_\n@misc{x, }", actor={"name": "A } B", "party": "other"})
    written = re.sub(r"\\.", "", citation(hostile, LINK)["bibtex"].replace(r"\textbackslash{}", ""))
    assert written.count("{") == written.count("}")
    assert written.count("@misc{a-letter,") == 1
    assert len(written.splitlines()) == 8
