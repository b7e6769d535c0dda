"""The pages: what the fleet shows, for reading. The templates escape every text; nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from modelgate.domain.errors import ModelgateError
from modelgate.domain.fleet import MARKS, FleetSlot
from modelgate.domain.rows import Scope
from modelgate.domain.secret import Secret
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.fleet.answers import Drawn, Packed
from modelgate.fleet.guard import Guard
from modelgate.fleet.picture import SORTS, Gallery
from modelgate.render import calendar, openmetrics

PAGE = 100
"""Slots on one page."""
FOLDER = Path(__file__).parent / "pages"


def app(gallery: Gallery, token: Secret | None) -> Guard:
    """The pages as an ASGI application."""
    site = Site(gallery)
    routes = [
        Route("/", site.fleet),
        Route("/service/{service}/{environment}", site.service),
        Route("/run/{run_id}", site.run),
        Route("/model", site.model),
        Route("/retirements", site.retirements),
        Route("/metrics", lambda _: Drawn(gallery.picture.metrics, media_type=openmetrics.CONTENT_TYPE)),
        Route("/retirements.ics", lambda _: Drawn(gallery.picture.calendar, media_type=calendar.CONTENT_TYPE)),
        Route("/api/fleet", lambda _: Packed(gallery.picture.document, media_type="application/json")),
        Route("/style.css", lambda _: Response((FOLDER / "style.css").read_text("utf-8"), media_type="text/css")),
        Route("/favicon.ico", lambda _: Response(status_code=204)),
        Route("/healthz", site.health),
    ]
    return Guard(Starlette(routes=routes), token)


class Site:
    """What answers."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._templates = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
        self._templates.filters |= {
            "text": lambda value: printable(str(value), 300),
            "moment": lambda value: to_the_minute(value) if isinstance(value, datetime) else "-",
            "service_address": lambda s: f"/service/{quote(s.service, safe='')}/{quote(s.environment, safe='')}",
            "model_address": lambda model: f"/model?id={quote(model, safe='')}",
            "run_address": lambda run_id: f"/run/{quote(run_id, safe='')}",
        }

    async def fleet(self, request: Request) -> Response:
        """Every slot, the worst first; searched, sorted and in pages."""
        asked, picture = request.query_params, self._gallery.picture
        query, state, sort = asked.get("q", "")[:200], asked.get("state", ""), asked.get("sort", "state")
        sort = sort if sort in SORTS else "state"
        slots = picture.found(query, state, sort)
        return self._page(
            "fleet.html", "Fleet", "/", **_one_page(slots, request), query=query, state=state, sort=sort, sorts=SORTS,
            marks=MARKS, counts=picture.counts, more={"q": query, "state": state, "sort": sort},
        )  # fmt: skip

    def service(self, request: Request) -> Response:
        """The slots of one service in one environment, with their history."""
        scope = Scope(request.path_params["service"], request.path_params["environment"])
        rows = self._gallery.picture.scopes.get(scope)
        if not rows:
            return self._missing("no such service and environment")
        try:
            events = self._gallery.store.history(scope, limit=50)
        except ModelgateError as error:
            return self._missing(error.message, 503)
        verdicts = sorted(rows[0].verdicts.items())
        return self._page("service.html", str(scope), "", rows=rows, events=events, verdicts=verdicts)

    def run(self, request: Request) -> Response:
        """One run with its findings."""
        try:
            store = self._gallery.store
            run = store.run(request.path_params["run_id"])
            findings = store.findings(run) if run else ()
        except ModelgateError as error:
            return self._missing(error.message, 503)
        if run is None:
            return self._missing("no such run")
        return self._page("run.html", f"Run {run.run.run_id}", "", run=run, findings=findings)

    async def model(self, request: Request) -> Response:
        """Who may run a model, was handed it, or asks for it."""
        model_id = request.query_params.get("id", "")[:300]
        rows = self._gallery.picture.concerned.get(model_id, [])
        facts = next((slot.facts for slot in rows if slot.model == model_id and slot.facts), None)
        services = len({slot.scope.service for slot in rows})
        return self._page(
            "model.html", model_id or "No model", "", **_one_page(rows, request), facts=facts, services=services,
            more={"id": model_id},
        )  # fmt: skip

    async def retirements(self, _request: Request) -> Response:
        """The dates, the nearest first."""
        return self._page("retirements.html", "Retirements", "/retirements", dates=self._gallery.picture.dates)

    async def health(self, _request: Request) -> Response:
        """200 while the picture is young; 503 where the store was not read for long."""
        young = self._gallery.age < 300
        return PlainTextResponse("ok\n" if young else "the audit store cannot be read\n", 200 if young else 503)

    def _page(self, template: str, title: str, here: str, **words: Any) -> Response:
        age, problem = int(self._gallery.age), printable(self._gallery.problem)
        told = {"title": printable(title, 300), "here": here, "age": age, "problem": problem, **words}
        return HTMLResponse(self._templates.get_template(template).render(told))

    def _missing(self, why: str, status: int = 404) -> Response:
        return PlainTextResponse(f"{printable(why)}\n", status)


def _one_page(slots: Sequence[FleetSlot], request: Request) -> dict[str, Any]:
    """The part of the slots that was asked for, and where it is."""
    pages, wanted = max(1, -(-len(slots) // PAGE)), request.query_params.get("page", "1")
    page = min(max(1, int(wanted)), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1
    return {"rows": slots[(page - 1) * PAGE : page * PAGE], "total": len(slots), "page": page, "pages": pages}
