"""`keys`: made, listed, revoked; shown once, kept as a hash."""

import hashlib

import pytest
import sqlalchemy
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from application.service import Service
from command_line import entry, run


def test_a_key_is_shown_once_and_kept_as_a_hash(database_url: str) -> None:
    made = run(database_url, "keys", "add", "newsroom", "--json").json
    assert made["name"] == "newsroom"
    service = Service(database_url)
    with service.engine.connect() as connection:
        rows = [list(row) for row in connection.execute(text("SELECT * FROM keys"))]
    service.close()
    assert made["key"] not in str(rows)
    assert hashlib.sha256(made["key"].encode()).hexdigest() in rows[0]
    listed = run(database_url, "keys", "list")
    assert "newsroom" in listed.out
    assert made["key"] not in listed.out


def test_a_key_writes_until_it_is_revoked(database_url: str) -> None:
    said = run(database_url, "keys", "add", "newsroom")
    key = said.out.strip()
    assert key.startswith("dt_")
    assert "this once" in said.err, "the key alone is on stdout, so that a script can take it"
    service = Service(database_url)
    with TestClient(create_app(service), headers={"Authorization": f"Bearer {key}"}) as client:
        body = entry("2017-national", jurisdictions=[])
        assert client.post("/api/v1/entries", json=body).status_code == 201
        assert run(database_url, "keys", "revoke", "newsroom").code == 0
        assert client.post("/api/v1/entries", json=body).status_code == 401
    service.close()
    (listed,) = run(database_url, "keys", "list", "--json").json["keys"]
    assert listed["name"] == "newsroom"
    assert listed["revoked_at"] > listed["added_at"]


def test_a_name_is_given_once_and_revoked_once(sqlite_url: str) -> None:
    run(sqlite_url, "keys", "add", "newsroom")
    again = run(sqlite_url, "keys", "add", "newsroom")
    assert (again.code, again.out) == (1, "")
    assert again.err == "dispute-timeline: there is a key named 'newsroom' already\n"
    assert run(sqlite_url, "keys", "revoke", "newsroom", "--json").json == {"name": "newsroom", "revoked": True}
    assert run(sqlite_url, "keys", "revoke", "newsroom").code == 1
    assert run(sqlite_url, "keys", "revoke", "nobody").code == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_name_that_cannot_be_spoken_is_refused(sqlite_url: str, name: str) -> None:
    assert run(sqlite_url, "keys", "add", name).code == 2
    assert run(sqlite_url, "keys", "list", "--json").json == {"keys": []}


def test_the_table_of_keys_has_no_column_for_a_key(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    columns = {column["name"] for column in sqlalchemy.inspect(service.engine).get_columns("keys")}
    service.close()
    assert columns == {"name", "hash", "added_at", "revoked_at"}
