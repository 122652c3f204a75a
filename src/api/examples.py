"""Bodies to try: acts of the real record, as the documentation shows them."""

from __future__ import annotations

from typing import Any

A_WARNING: dict[str, Any] = {
    "kind": "warning",
    "occurred": "2017-04-21",
    "actor": {
        "name": "Alan R. Hanson",
        "office": "Acting Assistant Attorney General, Office of Justice Programs",
        "party": "federal",
    },
    "jurisdictions": ["chicago-il", "new-orleans-la"],
    "review": {"id": "section-1373-jag"},
    "grants": ["jag-fy2016"],
    "summary": "The Office of Justice Programs wrote to grant recipients, asking for proof of compliance.",
    "respond_by": {
        "date": "2017-06-30",
        "words": "by June 30, 2017, the deadline imposed by the grant agreement",
        "source": "s1",
    },
    "sources": [
        {
            "id": "s1",
            "title": "Department of Justice Sends Letter to Nine Jurisdictions Requiring Proof of Compliance",
            "publisher": "US Department of Justice",
            "date": "2017-04-21",
            "rank": "primary",
        }
    ],
}
A_RESPONSE: dict[str, Any] = {
    "kind": "response",
    "occurred": "2017-06-23/2017-06-30",
    "actor": {"name": "Mitch Landrieu", "office": "Mayor of New Orleans", "party": "jurisdiction"},
    "jurisdictions": ["new-orleans-la"],
    "form": "letter",
    "answers": ["2017-04-21-doj-letters-nine"],
    "summary": "The mayor answered for New Orleans.",
    "quotes": [
        {
            "text": "We will send all the documents requested by the federal government again",
            "speaker": "Mitch Landrieu",
            "source": "s1",
        }
    ],
    "sources": [{"id": "s1", "title": "The letters of nine jurisdictions", "rank": "secondary"}],
}
A_POLICY: dict[str, Any] = {
    "kind": "policy_change",
    "occurred": "2016-02",
    "actor": {"party": "jurisdiction"},
    "jurisdictions": ["new-orleans-la"],
    "policy": {"id": "nopd-immigration-policy", "title": "The police department's policy on immigration status"},
    "effect": "adopted",
    "direction": "limits",
    "summary": "The police department adopted a policy on immigration status.",
    "sources": [{"id": "s1", "title": "The policy", "rank": "primary"}],
}
ENTRIES = {"warning": A_WARNING, "response": A_RESPONSE, "policy_change": A_POLICY}
A_JURISDICTION: dict[str, Any] = {
    "id": "new-orleans-la",
    "name": "New Orleans",
    "kind": "city",
    "state": "LA",
    "time_zone": "America/Chicago",
    "geoid": "2255000",
    "ocd": "ocd-division/country:us/state:la/place:new_orleans",
}
A_SOURCE: dict[str, Any] = {"title": "The letter itself", "publisher": "City of New Orleans", "rank": "primary"}
A_CORRECTION: dict[str, Any] = {
    "fields": {"occurred": "2017-06-28", "note": None},
    "reason": "The letter was found, and bears its day.",
    "source": A_SOURCE,
}
A_DISPUTE: dict[str, Any] = {
    "by": "City of New Orleans",
    "what": "It was not sent that day.",
    "source": A_SOURCE,
}
A_WEBHOOK: dict[str, Any] = {
    "jurisdictions": ["new-orleans-la"],
    "channel": "webhook",
    "url": "https://example.org/hooks/reminders",
    "plan": [-14, -7, -3, -1, 0, 1],
    "hour": "09:00",
}
BY_MAIL: dict[str, Any] = {"states": ["LA"], "channel": "email", "address": "attorney@example.org", "plan": [-7, -1]}
TO_THE_LOG: dict[str, Any] = {"all": True, "channel": "log", "kinds": ["reminder", "entry", "correction"]}
SUBSCRIPTIONS = {"webhook": A_WEBHOOK, "email": BY_MAIL, "log": TO_THE_LOG}
A_REASON: dict[str, Any] = {"reason": "It was recorded twice."}
