"""`serve`: it prints where it is, answers there, and says so where it cannot."""

import json
import socket
import urllib.request
from pathlib import Path

from command_line import SEEDS, run
from serving import served


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def test_it_prints_its_addresses_and_they_answer(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, "load", SEEDS)
    with served(tmp_path, DATABASE_URL=sqlite_url) as (root, lines):
        addresses = [line.split()[-1] for line in lines if "http" in line]
        assert addresses[0] == f"{root}/api/v1"
        assert json.loads(get(addresses[-1]))["reviews"][0]["stage"]["value"] == "warned"
        assert all(get(address) for address in addresses[1:])


def test_a_port_that_is_taken_is_said_in_one_line(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run(sqlite_url, "serve", "--port", str(port))
    assert (said.code, said.out) == (1, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in said.err
    assert "choose another with --port or PORT" in said.err
    assert said.err.count("\n") == 1


def test_a_port_that_is_none_is_a_matter_of_usage(sqlite_url: str) -> None:
    assert run(sqlite_url, "serve", "--port", "70000").code == 2
    assert run(sqlite_url, "serve", "--port", "http").code == 2
