"""How to check us: the checkpoint as it is now, the program that verifies, and the page of docs/ that says how."""

from __future__ import annotations

from fastapi import Request
from markupsafe import Markup

from api.pages.context import context_of
from api.pages.glossary import rendered, text
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.visits import Look, Visit
from application.proving import proving
from projections.snapshot import Snapshot

_PRINTED = "http://127.0.0.1:8000"
_PROGRAM = "verify.py"


def _audit(_request: Request, visit: Visit, _asked: Look, snapshot: Snapshot) -> Page:
    with proving(visit.service) as proofs:
        checkpoint, key = proofs.checkpoint(), proofs.key
    how = rendered("audit.md").replace(_PRINTED, str(Markup.escape(visit.root)))
    context = context_of(
        visit,
        snapshot,
        title="How to audit us",
        description="Everything that this service ever recorded is bound by a signed hash: how to check it yourself.",
        checkpoint=checkpoint,
        key=key,
        how=Markup(how.replace(f'href="{_PROGRAM}"', f'href="/audit/{_PROGRAM}"')),  # noqa: S704 - our own text
    )
    return Page(html("audit.html", context))


def _program(_request: Request, _visit: Visit, _asked: Look, _snapshot: Snapshot) -> Page:
    return Page(text(_PROGRAM).encode(), media_type="text/x-python; charset=utf-8")


ROUTES = [page_route("/audit", Look, _audit), page_route(f"/audit/{_PROGRAM}", Look, _program)]
