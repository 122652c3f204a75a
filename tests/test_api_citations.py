"""Citations: what they name, in which order, and that nothing breaks out of them."""

import re
from typing import Any

from api.citations import citation

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
        "log": {"position": 7, "recorded_at": "2026-11-24T17:00:00.000000Z", "recorder": "load", "version": 2,
                "revised": {"position": 521, "recorded_at": "2026-11-25T17:00:00.000000Z", "recorder": "load"}},
        **more,
    }  # fmt: skip


def test_a_plain_citation_says_who_what_when_the_source_and_where() -> None:
    assert citation(entry(), LINK)["plain"] == (
        "Jon Adler, Director, Bureau of Justice Assistance: The bureau asked for documents. Jan. 24, 2018. "
        "Source: US Department of Justice, The letter, Jan. 24, 2018, https://justice.example/letter. "
        f"In: Dispute timeline, entry a-letter, version 2, recorded Nov. 25, 2026. {LINK}"
    )


def test_a_legal_citation_is_in_lawyers_order() -> None:
    assert citation(entry(), LINK)["legal"] == (
        "Jon Adler, Director, Bureau of Justice Assistance, Document Demand (Jan. 24, 2018), citing "
        "US Department of Justice, The letter (Jan. 24, 2018), https://justice.example/letter, as recorded in "
        f"Dispute timeline, a-letter, v. 2 (Nov. 25, 2026), {LINK}."
    )


def test_an_uncertain_date_is_cited_as_uncertain() -> None:
    said = citation(entry(occurred="2017-04-21/2017-06-30"), LINK)
    assert "Between Apr. 21, 2017 and June 30, 2017." in said["plain"]
    assert "(between Apr. 21, 2017 and June 30, 2017)" in said["legal"]
    assert "date = {2017-04-21/2017-06-30}" in said["bibtex"]


def test_nobody_is_made_an_author_whom_the_entry_does_not_name() -> None:
    said = citation(entry(actor={"party": "federal"}), LINK)
    assert said["plain"].startswith("The bureau asked")
    assert said["legal"].startswith("Document Demand (")
    assert "author = {{Dispute timeline}}" in said["bibtex"]


def test_nothing_breaks_out_of_bibtex() -> None:
    hostile = entry(summary="50% of {all} \\ $5 & more_\n@misc{x, }", actor={"name": "A } B", "party": "other"})
    written = re.sub(r"\\.", "", citation(hostile, LINK)["bibtex"].replace(r"\textbackslash{}", ""))
    assert written.count("{") == written.count("}")
    assert written.count("@misc{a-letter,") == 1
    assert len(written.splitlines()) == 9
