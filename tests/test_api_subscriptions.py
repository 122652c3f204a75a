"""Subscriptions and reminders over HTTP: who sees what, and what may be asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from api.resources.subscriptions import ReminderShown, SubscriptionShown
from application import keys
from application.reminders.scheduler import Scheduler
from application.reminders.tables import secrets_table
from delivery_world import LOOPBACK, DeliveryWorld, delivery_world

HOOK = "http://127.0.0.1:9/hook"
WEBHOOK = {"all": True, "channel": "webhook", "url": HOOK}
TO_LOG = {"all": True, "channel": "log"}
BY_MAIL = {"all": True, "channel": "email", "address": "attorney@example.org"}
WITH_MAIL = LOOPBACK.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeliveryWorld]:
    with delivery_world(f"sqlite:///{tmp_path_factory.mktemp('subscriptions')}/timeline.db", WITH_MAIL) as world:
        yield world


def test_a_subscription_is_made_shown_changed_and_ended(database_url: str) -> None:
    with delivery_world(database_url) as world:
        answer = world.ask("POST", "subscriptions", {**WEBHOOK, "all": False, "states": ["CA"], "plan": [1, -3]})
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        made = answer.json()
        secret = made.pop("secret")
        assert secret.startswith("whsec_")
        address = answer.headers["location"].removeprefix("/api/v1/")
        assert world.ask("GET", address).json() == made
        assert world.ask("GET", "subscriptions").json() == {"subscriptions": [made], "next": None}
        SubscriptionShown.model_validate(made)
        expected = {"states": ["CA"], "plan": [-3, 1], "hour": "09:00", "kinds": ["reminder"], "url": HOOK}
        assert made.items() >= expected.items()
        world.timeline.demand("a-letter", "2026-03-20")
        world.timeline.tick()
        assert [one["offset"] for one in world.reminders()] == [-3, 1]
        changed = world.ask("PATCH", address, {"plan": [-1], "hour": "08:30"})
        assert changed.status_code == 200
        assert (changed.json()["plan"], changed.json()["hour"]) == ([-1], "08:30")
        assert [one["planned_for"] for one in world.reminders(state="planned")] == ["2026-03-19T15:30:00.000000Z"]
        assert world.ask("PATCH", address, {"hour": None}).json()["hour"] == "09:00"
        assert world.ask("DELETE", address).status_code == 204
        for method in ("GET", "DELETE"):
            assert world.ask(method, address).status_code == 404
        assert world.ask("GET", "subscriptions").json()["subscriptions"] == []
        assert {one["state"] for one in world.reminders()} == {"cancelled"}
        for one in world.reminders():
            ReminderShown.model_validate(one)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"smtp_url": None}, "SMTP_URL is not set"),
        ({"smtp_url": "http://mail.example.org"}, "SMTP_URL is no address"),
        ({"smtp_url": "smtp://127.0.0.1:1", "mail_from": None}, "MAIL_FROM is not set"),
    ],
)
def test_e_mail_is_refused_in_words_where_the_server_sends_none(
    sqlite_url: str, settings: dict[str, Any], why: str
) -> None:
    with delivery_world(sqlite_url, LOOPBACK.model_copy(update=settings)) as world:
        answer = world.ask("POST", "subscriptions", BY_MAIL)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["value"]) == ("channel", "email")
        assert error["message"].startswith(f"this server sends no mail ({why}")
        assert "choose webhook or log" in error["message"]
        assert world.ask("GET", "subscriptions").json()["subscriptions"] == []


def test_an_address_is_not_changed_where_the_server_sends_no_mail_and_other_fields_are(sqlite_url: str) -> None:
    with delivery_world(sqlite_url, WITH_MAIL) as world:
        address = f"subscriptions/{world.ask('POST', 'subscriptions', BY_MAIL).json()['id']}"
        world.client.app.state.settings = LOOPBACK  # type: ignore[attr-defined]  # what its setting was taken away from
        assert world.ask("PATCH", address, {"address": "another@example.org"}).status_code == 422
        assert world.ask("PATCH", address, {"plan": [-1]}).status_code == 200


def test_revoking_a_key_ends_its_subscriptions_and_cancels_what_they_planned(sqlite_url: str) -> None:
    with delivery_world(sqlite_url) as world:
        service = world.timeline.service
        key = keys.add_key(service, "Leaving")
        theirs = {"Authorization": f"Bearer {key}"}
        made = [world.client.post("/api/v1/subscriptions", json=fields, headers=theirs) for fields in (TO_LOG, WEBHOOK)]
        assert [answer.status_code for answer in made] == [201, 201]
        ids = {answer.json()["id"] for answer in made}
        mine = world.ask("POST", "subscriptions", TO_LOG).json()["id"]
        world.timeline.demand("a-letter", "2026-03-20")
        world.timeline.tick()
        assert {row.subscription for row in world.timeline.rows("planned")} == {*ids, mine}
        assert set(keys.revoke_key(service, "Leaving")) == ids
        assert {row.subscription for row in world.timeline.rows("planned")} == {mine}
        assert {row.subscription for row in world.timeline.rows("cancelled")} == ids
        assert world.timeline.reasons() == {"the subscription no longer asks for it"}
        assert {event.TOPIC for event in world.timeline.events()} == {"reminder-cancelled"}
        assert world.client.get("/api/v1/subscriptions", headers=theirs).status_code == 401
        world.timeline.tick("2026-03-21")
        assert {row.subscription for row in world.timeline.rows("due")} == {mine}
        with service.engine.connect() as connection:
            assert connection.execute(select(secrets_table)).all() == [], "nothing signs for it any more"


def test_nobody_else_sees_or_changes_it(world: DeliveryWorld) -> None:
    mine = world.ask("POST", "subscriptions", TO_LOG).json()
    world.timeline.demand("for-mine", "2026-03-20")
    world.timeline.tick("2026-03-13T17:00:00+00:00")
    reminder = next(one for one in world.reminders(subscription=mine["id"]) if one["state"] == "due")
    other = {"Authorization": f"Bearer {keys.add_key(world.timeline.service, 'Somebody else')}"}
    for headers, status in ((other, 404), ({}, 401), ({"Authorization": "Bearer dt_wrong"}, 401)):
        for method, address, fields in (
            ("GET", f"subscriptions/{mine['id']}", None),
            ("PATCH", f"subscriptions/{mine['id']}", {"hour": "10:00"}),
            ("DELETE", f"subscriptions/{mine['id']}", None),
            ("POST", f"subscriptions/{mine['id']}/secret", None),
            ("POST", f"reminders/{reminder['id']}/acknowledgement", None),
        ):
            answer = world.ask(method, address, fields, headers=headers)
            assert answer.status_code == status, (method, address)
        for plural in ("subscriptions", "reminders"):
            answer = world.ask("GET", plural, headers=headers)
            assert answer.status_code == (200 if headers == other else 401)
            if headers == other:
                assert answer.json() == {plural: [], "next": None}
    told = world.ask("POST", "subscriptions", {**TO_LOG, "escalate_to": mine["id"]}, headers=other)
    assert [one["field"] for one in told.json()["errors"]] == ["escalate_to"]
    assert world.ask("GET", f"subscriptions/{mine['id']}").json() == mine


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, "channel"),
        ({"channel": "log"}, "jurisdictions"),
        ({"channel": "fax", "all": True}, "channel"),
        ({**TO_LOG, "surprise": 1}, "surprise"),
        ({**TO_LOG, "all": "yes"}, "all"),
        ({**TO_LOG, "kinds": []}, "kinds"),
        ({**TO_LOG, "kinds": ["reminder", "gossip"]}, "kinds.1"),
        ({**TO_LOG, "kinds": ["entry", "entry"]}, "kinds"),
        ({**TO_LOG, "plan": []}, "plan"),
        ({**TO_LOG, "plan": [-366]}, "plan.0"),
        ({**TO_LOG, "plan": [31]}, "plan.0"),
        ({**TO_LOG, "plan": [-1.5]}, "plan.0"),
        ({**TO_LOG, "plan": ["-1"]}, "plan.0"),
        ({**TO_LOG, "plan": [True]}, "plan.0"),
        ({**TO_LOG, "plan": [-1, -1]}, "plan"),
        ({**TO_LOG, "hour": "9:00"}, "hour"),
        ({**TO_LOG, "hour": "24:00"}, "hour"),
        ({**TO_LOG, "hour": "09:00:00"}, "hour"),
        ({**TO_LOG, "hour": "09:00\n"}, "hour"),
        ({**TO_LOG, "jurisdictions": ["atlantis"]}, "jurisdictions.0"),
        ({**TO_LOG, "jurisdictions": ["alameda", "alameda"]}, "jurisdictions"),
        ({**TO_LOG, "states": ["XX"]}, "states.0"),
        ({**TO_LOG, "states": ["ca"]}, "states.0"),
        ({**TO_LOG, "url": HOOK}, "url"),
        ({**TO_LOG, "address": "a@example.org"}, "address"),
        ({"all": True, "channel": "webhook"}, "url"),
        ({"all": True, "channel": "email"}, "address"),
        ({**WEBHOOK, "url": "http://10.0.0.1/"}, "url"),
        ({**WEBHOOK, "url": "https://169.254.169.254/"}, "url"),
        ({**WEBHOOK, "url": "https://user:word@8.8.8.8/"}, "url"),
        ({**WEBHOOK, "url": "javascript:alert(1)"}, "url"),
        ({**WEBHOOK, "url": 7}, "url"),
        ({**TO_LOG, "escalate_to": "sub_nothing1"}, "escalate_to"),
        ({**TO_LOG, "escalate_to": "somebody"}, "escalate_to"),
        ({**TO_LOG, "escalate_after": "PT1H"}, "escalate_after"),
        ({**TO_LOG, "escalate_to": "sub_nothing1", "escalate_after": "soon"}, "escalate_after"),
        ({**TO_LOG, "escalate_to": "sub_nothing1", "escalate_after": "P1M"}, "escalate_after"),
        ({**TO_LOG, "escalate_to": "sub_nothing1", "escalate_after": "PT1S"}, "escalate_after"),
        ({**TO_LOG, "escalate_to": "sub_nothing1", "escalate_after": "P40D"}, "escalate_after"),
        ({**TO_LOG, "id": "sub_12345678"}, "id"),
        ({**TO_LOG, "owner": "Somebody"}, "owner"),
    ],
)
def test_what_cannot_be_asked_names_its_field(world: DeliveryWorld, fields: dict[str, Any], at_fault: str) -> None:
    before = world.ask("GET", "subscriptions").text
    answer = world.ask("POST", "subscriptions", fields)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert at_fault in [one["field"] for one in answer.json()["errors"]]
    assert world.ask("GET", "subscriptions").text == before


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "subscriptions/sub_12345678", 404),
        ("GET", "subscriptions/x", 404),
        ("GET", "subscriptions?limit=0", 400),
        ("GET", "subscriptions?cursor=x", 400),
        ("GET", "reminders?state=x", 400),
        ("GET", "reminders?jurisdiction=atlantis", 404),
        ("GET", "reminders?subscription=x", 400),
        ("GET", "reminders?cursor=WzEsMl0", 400),
        ("POST", "reminders/rem_12345678/acknowledgement", 404),
        ("POST", "reminders/%00/acknowledgement", 404),
    ],
)
def test_what_is_not_there_or_not_well_asked(world: DeliveryWorld, method: str, address: str, status: int) -> None:
    answer = world.ask(method, address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_none_is_told(world: DeliveryWorld) -> None:
    for body, status in ((b"", 400), (b"[]", 422), (b'{"all": true, "all": false}', 400), (b"\xff", 400)):
        sent = {**world.headers, "Content-Type": "application/json"}
        assert world.ask("POST", "subscriptions", headers=sent, content=body).status_code == status


def test_messages_never_go_round_in_a_circle(world: DeliveryWorld) -> None:
    first = world.ask("POST", "subscriptions", TO_LOG).json()["id"]
    second = world.ask("POST", "subscriptions", {**TO_LOG, "escalate_to": first}).json()
    third = world.ask("POST", "subscriptions", {**TO_LOG, "escalate_to": second["id"], "escalate_after": "P1D"}).json()
    assert (second["escalate_after"], third["escalate_after"]) == ("PT24H", "PT24H")
    for target in (first, second["id"], third["id"]):
        answer = world.ask("PATCH", f"subscriptions/{first}", {"escalate_to": target})
        assert [one["field"] for one in answer.json()["errors"]] == ["escalate_to"]
    cleared = world.ask("PATCH", f"subscriptions/{third['id']}", {"escalate_to": None, "escalate_after": None})
    assert cleared.json()["escalate_to"] is None


def test_a_change_is_judged_as_a_whole(world: DeliveryWorld) -> None:
    made = world.ask("POST", "subscriptions", WEBHOOK).json()
    address = f"subscriptions/{made['id']}"
    for fields, at_fault in (
        ({"url": None}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"all": False}, "jurisdictions"),
        ({"channel": "log", "url": None}, "channel"),
        ({"secret": "whsec_mine"}, "secret"),
    ):
        answer = world.ask("PATCH", address, fields)
        assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [at_fault])
    assert world.ask("PATCH", address, {}).json() == world.ask("GET", address).json()
    log = world.ask("POST", "subscriptions", TO_LOG).json()
    assert world.ask("POST", f"subscriptions/{log['id']}/secret").status_code == 422


def test_lists_come_in_pages(sqlite_url: str) -> None:
    with delivery_world(sqlite_url) as world:
        made = {world.ask("POST", "subscriptions", {**TO_LOG, "plan": [-3, -2, -1]}).json()["id"] for _ in range(3)}
        world.timeline.demand("a-letter", "2026-03-20")
        world.timeline.tick()
        for plural, whole in (("subscriptions", 3), ("reminders", 9)):
            seen: list[str] = []
            cursor: str | None = None
            while True:
                asked = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
                page = world.ask("GET", plural, params=asked).json()
                seen += [one["id"] for one in page[plural]]
                cursor = page["next"]
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)) == whole
        assert set(made) == {one["id"] for one in world.ask("GET", "subscriptions").json()["subscriptions"]}
        assert len(world.reminders(jurisdiction="alameda", state="planned")) == 9
        assert world.reminders(jurisdiction="boston") == []
        assert len(world.reminders(subscription=made.pop())) == 3


def test_the_documentation_shows_bodies_answers_and_keys(world: DeliveryWorld) -> None:
    document = world.client.get("/openapi.json").json()
    of_subscriptions = document["paths"]["/api/v1/subscriptions"]
    body = of_subscriptions["post"]["requestBody"]["content"]["application/json"]
    assert set(body["examples"]) == {"webhook", "email", "log"}
    for example in body["examples"].values():
        fields = {**example["value"]}
        if "url" in fields or "jurisdictions" in fields:
            fields |= {"url": HOOK, "jurisdictions": ["alameda"]}
        assert world.ask("POST", "subscriptions", fields).status_code == 201
    for path in ("/api/v1/subscriptions", "/api/v1/reminders"):
        assert document["paths"][path]["get"]["security"]
        assert {"200", "401"} <= document["paths"][path]["get"]["responses"].keys()
    schemas = document["components"]["schemas"]
    assert "required" not in schemas["SubscriptionChange"]
    assert "secret" not in schemas["SubscriptionShown"]["properties"]


def test_watchers_see_when_the_ticker_last_ran_and_what_waits(sqlite_url: str) -> None:
    with delivery_world(sqlite_url) as world:
        assert world.client.get("/healthz").json()["reminders"] == {"last_tick": None, "late_s": None}
        world.ask("POST", "subscriptions", {**TO_LOG, "plan": [-7]})
        world.timeline.demand("a-letter", "2026-03-20")
        ticker = Scheduler(world.timeline.service, world.settings)
        ticker.tick()
        world.timeline.clock.turn("2026-03-13T16:10:00+00:00")
        ticker.tick()
        health = world.client.get("/healthz").json()
        assert health["reminders"] == {"last_tick": "2026-03-13T16:10:00.000000Z", "late_s": 600}
        world.timeline.clock.turn("2026-03-13T17:10:00+00:00")
        assert world.client.get("/readyz").json()["reminders"]["late_s"] == 3_595
        measures = world.client.get("/metrics")
        assert measures.headers["content-type"].startswith("text/plain; version=0.0.4")
        for line in (
            'dispute_timeline_reminders{state="due"} 1.0',
            "dispute_timeline_outbox_pending 1.0",
            "dispute_timeline_last_tick_age_seconds 3600.0",
        ):
            assert line in measures.text.splitlines()
        ticker.sender.close()
