"""The answers that the documentation shows: what the service says to its own examples. `make examples` keeps them."""

import json
import re
import tempfile
from typing import Any

from api import DOCS
from api import app as api_app
from api.http.negotiation import BY_SUFFIX
from api.openapi.document import A_CORRECTION, A_DISPUTE, A_JURISDICTION, A_POLICY, A_REASON, A_RESPONSE, A_WARNING
from api.openapi.rules import operations
from delivery_world import SEVEN_DAYS_BEFORE, DeliveryWorld, delivery_world

KEPT = DOCS / "examples.json"
LETTERS = "2017-04-21-doj-letters-nine"
A_REVIEW = {"id": "section-1373-jag", "title": "Compliance with 8 U.S.C. 1373 as a condition of Byrne JAG"}
ANSWERED = "2017-06-23-the-mayor-answered"
WEBHOOK = {"jurisdictions": ["new-orleans-la"], "channel": "webhook", "url": "http://127.0.0.1:9/hooks/reminders"}
# Made anew with each log, so that no two runs say the same.
OPAQUE = {
    r"\b(sub|rem)_[A-Za-z0-9]{8,64}": r"\1_7Qp2vXcR9tLmK4sZ",
    r"whsec_[A-Za-z0-9+/=]+": "whsec_...",
    r"http://127.0.0.1:9": "https://example.org",
}
VOLATILE = (r"dispute-timeline/[0-9a-f]{8}", r"\+[0-9a-f]{8}\+", r"[A-Za-z0-9+/]{43,}=*")
Shown = dict[str, dict[str, dict[str, Any]]]


def made() -> Shown:
    """Every operation's answer by media type, with the question that it answers."""
    with tempfile.TemporaryDirectory() as folder, delivery_world(f"sqlite:///{folder}/examples.db") as world:
        document = api_app.create_app(world.timeline.service).openapi()
        shown: Shown = {}
        written(world, shown)
        for path, method, operation in operations(document):
            if method == "get" and operation["operationId"] != "stream":
                read(world, path, operation, shown)
    text = json.dumps(shown)
    for pattern, instead in OPAQUE.items():
        text = re.sub(pattern, instead, text)
    found: Shown = json.loads(text)
    return found


def written(world: DeliveryWorld, shown: Shown) -> None:
    """Records the examples, and what they need, through every operation that writes."""
    chicago = {**A_JURISDICTION, "id": "chicago-il", "name": "Chicago", "state": "IL", "geoid": "1714000", "ocd": None}
    say(world, shown, "add_a_jurisdiction", "POST", "jurisdictions", A_JURISDICTION)
    world.timeline.places({name: its for name, its in chicago.items() if its is not None})
    say(world, shown, "record_an_entry", "POST", "entries", {"id": LETTERS, **A_WARNING, "review": A_REVIEW})
    rows = [{"id": ANSWERED, **A_RESPONSE}, {"id": "2016-02-nopd-policy", **A_POLICY}]
    say(world, shown, "record_a_batch", "POST", "entries:batch", rows)
    for name, verb, fields in (
        ("correct", "corrections", A_CORRECTION),
        ("dispute", "disputes", A_DISPUTE),
        ("retract", "retraction", A_REASON),
        ("reinstate", "reinstatement", A_REASON),
    ):
        say(world, shown, name, "POST", f"entries/{ANSWERED}/{verb}", fields, headers={"If-Match": "*"})
    log = world.subscribe(channel="log", plan=[-7], jurisdictions=["alameda"])
    world.come_due(at=SEVEN_DAYS_BEFORE)
    reminder = world.reminders(state="due")[0]["id"]
    say(world, shown, "acknowledge_a_reminder", "POST", f"reminders/{reminder}/acknowledgement")
    webhook = say(world, shown, "subscribe", "POST", "subscriptions", WEBHOOK)["id"]
    say(world, shown, "rotate_the_secret", "POST", f"subscriptions/{webhook}/secret")
    say(world, shown, "change_a_subscription", "PATCH", f"subscriptions/{webhook}", {"plan": [-7, -1]})
    assert world.ask("DELETE", f"subscriptions/{log['id']}").status_code == 204


def read(world: DeliveryWorld, path: str, operation: dict[str, Any], shown: Shown) -> None:
    """Asks one operation that reads, in each of its media types."""
    name = operation["operationId"]
    subscription = next(iter(world.ask("GET", "subscriptions").json()["subscriptions"]))["id"]
    ids = {"entries": LETTERS, "jurisdictions": "new-orleans-la", "subscriptions": subscription, "log": "2"}
    names = {one.get("name") for one in operation["parameters"]}
    query = {"from": "2"} if name == "proof_of_consistency" else {"limit": "1"} if "limit" in names else {}
    for media_type in operation["responses"]["200"]["content"]:
        where = path.removeprefix("/api/v1/")
        where = re.sub(r"\{(id|position)\}", ids.get(where.partition("/")[0], ""), where)
        accept = {"Accept": media_type}
        if "{format}" in where:
            suffix = next(suffix for suffix, its in BY_SUFFIX.items() if its.media_type == media_type)
            where, accept = where.replace("{format}", suffix), {}
        outside = {"url": where} if where.startswith("/") else {}
        headers = world.headers | accept if operation["security"] else accept
        address = outside.get("url", f"/api/v1/{where}")
        answer = world.client.get(address, params=query, headers=headers)
        assert answer.status_code == 200, (address, answer.text)
        asked = f"GET {answer.url.raw_path.decode()}" + (f"  Accept: {media_type}" if accept and len(names) > 9 else "")
        # Below the gauges /metrics has timings, of which no two runs have the same.
        text, _, _ = answer.text.partition("# HELP dispute_timeline_append_seconds")
        keep(shown, name, media_type, asked, answer.json() if re.search("[/+]json$", media_type) else text)


def say(
    world: DeliveryWorld, shown: Shown, name: str, method: str, address: str, fields: object = None, **more: Any
) -> dict[str, Any]:
    headers = world.headers | more.pop("headers", {})
    answer = world.client.request(method, f"/api/v1/{address}", json=fields, headers=headers)
    assert answer.status_code in {200, 201}, (address, answer.text)
    keep(shown, name, "application/json", f"{method} /api/v1/{address}", answer.json())
    said: dict[str, Any] = answer.json()
    return said


def keep(shown: Shown, name: str, media_type: str, asked: str, answer: object) -> None:
    shown.setdefault(name, {})[media_type] = {"asked": asked.strip(), "answer": answer}


def masked(shown: Shown) -> str:
    """The same without what no two logs have in common: keys, signatures and hashes."""
    text = json.dumps(shown, indent=1, sort_keys=True)
    for pattern in VOLATILE:
        text = re.sub(pattern, "...", text)
    return text


if __name__ == "__main__":
    KEPT.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
