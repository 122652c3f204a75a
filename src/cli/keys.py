"""`keys`: who may write."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.session import Json, open_record
from cli.terminal import print_json, print_line, print_table

app = typer.Typer(name="keys", help="Add, list and revoke the keys that may write.", no_args_is_help=True)
LONGEST_NAME = 200


def _valid_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} printable characters")
    return name


Name = Annotated[
    str, typer.Argument(metavar="NAME", callback=_valid_name, help="Whose key: the recorder of its entries.")
]


@app.command()
def add(name: Name, *, json: Json = False) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    with open_record() as service:
        from application.keys import add_key

        key = add_key(service, name)
    if json:
        print_json({"name": name, "key": key})
    else:
        print_line(key)
        typer.echo("Keep it now: it is shown this once. Send it as: Authorization: Bearer KEY", err=True)


@app.command(name="list")
def list_(*, json: Json = False) -> None:
    """List every key there ever was, without its secret."""
    with open_record() as service:
        from application.keys import list_keys

        keys = list_keys(service)
    if json:
        print_json(
            {"keys": [{"name": key.name, "added_at": key.added_at, "revoked_at": key.revoked_at} for key in keys]}
        )
    else:
        print_table(["Name", "Added", "Revoked"], [(key.name, key.added_at, key.revoked_at) for key in keys])


@app.command()
def revoke(name: Name, *, json: Json = False) -> None:
    """End a key. What it recorded stays."""
    with open_record() as service:
        from application.keys import revoke_key

        revoke_key(service, name)
    if json:
        print_json({"name": name, "revoked": True})
    else:
        print_line(f"The key of {name} is revoked.")
