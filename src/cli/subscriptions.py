"""`subscriptions`: for the keeper, every key's subscriptions, to list and to end."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.session import Json, open_record
from cli.terminal import print_answer, print_json, print_table

subscriptions_app = typer.Typer(
    name="subscriptions", help="List and end subscriptions, whoever's key made them.", no_args_is_help=True
)


@subscriptions_app.command(name="list")
def list_(
    *,
    key: Annotated[str | None, typer.Option(metavar="NAME", help="Those of one key.")] = None,
    json: Json = False,
) -> None:
    """List every subscription there ever was, by the name of its key. Secrets are not shown."""
    with open_record() as service:
        from application.reminders.subscriptions import all_subscriptions, requested

        subscriptions = all_subscriptions(service, owner=key)
    if json:
        stamps = ("created_at", "confirmed_at", "ended_at", "why_ended")
        shown = [
            {
                "id": subscription.id,
                "key": subscription.owner,
                **requested(subscription),
                **{name: getattr(subscription, name) for name in stamps},
            }
            for subscription in subscriptions
        ]
        print_json({"subscriptions": shown})
        return
    rows = (
        [
            subscription.id,
            subscription.owner,
            f"{subscription.channel}\n{subscription.target}" if subscription.target else subscription.channel,
            subscription.created_at,
            f"{subscription.ended_at}\n{subscription.why_ended}" if subscription.ended_at else "",
        ]
        for subscription in subscriptions
    )
    print_table(["Id", "Key", "Channel", "Created", "Ended"], rows)


@subscriptions_app.command()
def end(id_: Annotated[str, typer.Argument(metavar="ID", help="The subscription.")], *, json: Json = False) -> None:
    """End a subscription and cancel what is planned for it. Its past reminders stay to be read."""
    with open_record() as service:
        from application.reminders.subscriptions import end_as_keeper

        subscription = end_as_keeper(service, id_)
    answer = {"id": id_, "key": subscription.owner, "ended": True}
    print_answer(answer, f"{id_}, of the key {subscription.owner}, has ended.", json=json)
