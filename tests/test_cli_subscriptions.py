"""`subscriptions list` and `end`, for the keeper; and what revoking a key ends."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import text

from application import keys
from application.reminders.subscriptions import create_subscription, read_subscription
from application.service import Service
from application.versions import migration_config
from command_line import run
from domain.errors import NotFound

TO_LOG = {"all": True, "channel": "log"}


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = Service(database_url)
    for name in ("attorney", "newsroom"):
        keys.add_key(service, name)
    yield service
    service.close()


def made(service: Service, owner: str) -> str:
    return create_subscription(service, TO_LOG, owner=owner)[0].id


def test_the_keeper_lists_every_keys_subscriptions_and_ends_one(service: Service, database_url: str) -> None:
    ids = {owner: made(service, owner) for owner in ("newsroom", "attorney")}
    listed = run(database_url, "subscriptions", "list", "--json").json["subscriptions"]
    assert [(shown["id"], shown["key"], shown["ended_at"]) for shown in listed] == [
        (ids["attorney"], "attorney", None),
        (ids["newsroom"], "newsroom", None),
    ]
    assert listed[0].items() >= {"channel": "log", "all": True, "hour": "09:00"}.items()
    (only,) = run(database_url, "subscriptions", "list", "--key", "newsroom", "--json").json["subscriptions"]
    assert only["id"] == ids["newsroom"]
    ended = run(database_url, "subscriptions", "end", ids["newsroom"])
    assert (ended.code, ended.out.split()) == (0, f"{ids['newsroom']}, of the key newsroom, has ended.".split())
    assert read_subscription(service, ids["newsroom"], owner="newsroom").why_ended == "ended by the keeper"
    again = run(database_url, "subscriptions", "end", ids["newsroom"])
    assert again.code == 1
    assert "has ended: ended by the keeper" in " ".join(again.err.split())
    unknown = run(database_url, "subscriptions", "end", "sub_00000000")
    assert (unknown.code, unknown.err) == (1, "dispute-timeline: no subscription 'sub_00000000' is known\n")


def test_the_list_for_people_names_key_channel_and_why_one_ended(service: Service, database_url: str) -> None:
    id_ = made(service, "attorney")
    run(database_url, "subscriptions", "end", id_)
    said = run(database_url, "subscriptions", "list").out
    for word in ("attorney", "log", "keeper"):
        assert word in said
    assert "whsec_" not in said


def test_a_revoked_keys_subscriptions_end_with_it_and_it_says_how_many(service: Service, database_url: str) -> None:
    ids = sorted(made(service, "attorney") for _ in range(2))
    made(service, "newsroom")
    said = run(database_url, "keys", "revoke", "attorney", "--json").json
    assert said == {"name": "attorney", "revoked": True, "ended": ids}
    listed = run(database_url, "subscriptions", "list", "--json").json["subscriptions"]
    assert {shown["key"]: shown["why_ended"] for shown in listed} == {
        "attorney": "its key was revoked",
        "newsroom": None,
    }
    one = run(database_url, "keys", "revoke", "newsroom")
    assert one.out == "The key of newsroom is revoked, and 1 subscription ended with it.\n"


def test_nothing_ends_where_no_key_is_revoked(service: Service, database_url: str) -> None:
    id_ = made(service, "attorney")
    assert run(database_url, "keys", "revoke", "nobody").code == 1
    assert read_subscription(service, id_, owner="attorney").ended_at is None
    with pytest.raises(NotFound):
        read_subscription(service, id_, owner="newsroom")


def test_what_a_key_revoked_by_an_earlier_version_left_ends_when_the_database_is_opened(
    service: Service, database_url: str
) -> None:
    left, kept = made(service, "attorney"), made(service, "newsroom")
    with service.engine.begin() as connection:
        connection.execute(text("UPDATE keys SET revoked_at = added_at WHERE name = 'attorney'"))
        config = migration_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
    later = Service(database_url)
    assert read_subscription(later, left, owner="attorney").why_ended == "its key was revoked"
    assert read_subscription(later, kept, owner="newsroom").ended_at is None
    later.close()
