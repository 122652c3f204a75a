"""JSON-LD in the vocabulary of schema.org: our account of an act is a work, and the act that it is about an event.

The two have different dates, and a retraction takes back the account and not the act.
"""

from collections.abc import Mapping
from typing import Any

from api.formats.words import Fields, day_words, kind_words
from domain.dates import bounds
from domain.web_addresses import link_to

_PARTIES = {"federal": "GovernmentOrganization", "jurisdiction": "GovernmentOrganization", "court": "Organization"}
_KINDS = {"state": "State", "city": "City", "county": "AdministrativeArea", "agency": "GovernmentOrganization"}


def json_ld(entry: Fields, places: Mapping[str, Fields], root: str) -> dict[str, Any]:
    """An entry. `places`: those that it names, by id; `root`: how addresses begin."""
    api = f"{root}/api/v1"
    log = entry["log"]
    citations = {source["id"]: _source(source) for source in entry["sources"]}
    work: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": f"{api}/entries/{entry['id']}",
        "url": f"{root}/entries/{entry['id']}",
        "identifier": entry["id"],
        "name": f"{kind_words(entry['kind'])}, {day_words(entry['occurred'])}",
        "abstract": entry["summary"],
        "inLanguage": "en",
        "dateCreated": log["recorded_at"],
        "dateModified": log["revised"]["recorded_at"],
        "version": log["version"],
        "creativeWorkStatus": entry["standing"],
        "about": _event(entry, places, api),
        "citation": list(citations.values()),
    }
    quotes = [_quotation(quote, citations) for quote in entry.get("quotes", ())]
    return work | ({"hasPart": quotes} if quotes else {})


def _event(entry: Fields, places: Mapping[str, Fields], api: str) -> dict[str, Any]:
    first, last = bounds(entry["occurred"])
    event: dict[str, Any] = {
        "@type": "Event",
        "name": f"{kind_words(entry['kind'])}, {day_words(entry['occurred'])}",
        "description": entry["summary"],
        "startDate": first,
        "endDate": last,
        "about": [_place(slug, places.get(slug), api) for slug in entry["jurisdictions"]],
    }
    actor = entry["actor"]
    name, office = actor.get("name"), actor.get("office")
    if name:
        event["organizer"] = {"@type": "Person", "name": name} | ({"jobTitle": office} if office else {})
    elif office:
        event["organizer"] = {"@type": _PARTIES.get(actor["party"], "Organization"), "name": office}
    return event


def _place(id_: str, place: Fields | None, api: str) -> dict[str, Any]:
    linked: dict[str, Any] = {"@type": "AdministrativeArea", "@id": f"{api}/jurisdictions/{id_}", "name": id_}
    if place is not None:
        linked |= {"@type": _KINDS[place["kind"]], "name": place["name"]}
        ids = [place[name] for name in ("ocd", "geoid") if place.get(name)]
        linked |= {"identifier": ids} if ids else {}
    return linked


def _source(source: Fields) -> dict[str, Any]:
    work: dict[str, Any] = {"@type": "CreativeWork", "name": source["title"]}
    if address := link_to(source.get("url")):
        work["url"] = address
    if source.get("publisher"):
        work["publisher"] = {"@type": "Organization", "name": source["publisher"]}
    if source.get("date"):
        work["datePublished"] = source["date"]
    return work


def _quotation(quote: Fields, citations: Mapping[str, Any]) -> dict[str, Any]:
    quotation: dict[str, Any] = {"@type": "Quotation", "text": quote["text"]}
    if quote.get("speaker"):
        quotation["creator"] = {"@type": "Person", "name": quote["speaker"]}
    return quotation | ({"isPartOf": citations[quote["source"]]} if quote["source"] in citations else {})
