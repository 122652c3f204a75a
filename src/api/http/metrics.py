"""What Prometheus is told of an app: how long requests and appends take, in a registry of the app's own.

A registry for each app and not the library's global one: a process may have several apps, as the tests do.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from starlette.routing import BaseRoute, Mount, Route

from eventlog.log import EventLog

# When each series was first seen: as many lines again, which no graph asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives this one function no types

PREFIX = "dispute_timeline"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# A method may be any word that a client thinks of: those that no route has are one series.
_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))


class RequestMetrics:
    """Counts requests and times them, by method, template of the route and status."""

    def __init__(self, registry: CollectorRegistry, routes: Iterable[BaseRoute]) -> None:
        self._seconds = Histogram(
            f"{PREFIX}_http_request_seconds",
            "How many requests there were, and the seconds until their response began. No route: it was not looked for "
            "(too many requests, a repeated Idempotency-Key), or there is none.",
            ("method", "route", "status"),
            registry=registry,
            buckets=_BUCKETS,
        )
        # By endpoint, since only FastAPI's own routes name themselves in the scope, and Starlette's do not.
        self._templates: dict[object, str] = {
            route.app if isinstance(route, Mount) else route.endpoint: route.path
            for route in routes
            if isinstance(route, Mount | Route)
        }
        # The library's own look-up by labels costs as much again as the rest of `observe`.
        self._series: dict[tuple[str, object, int], Histogram] = {}

    def observe(self, method: str, endpoint: object, status: int, seconds: float) -> None:
        """Counts one request, given to an endpoint or (None) to none."""
        key = (method if method in _METHODS else "other", endpoint, status)
        series = self._series.get(key)
        if series is None:
            series = self._seconds.labels(key[0], self._templates.get(endpoint, ""), status)
            self._series[key] = series
        series.observe(seconds)


def measure_appends(log: EventLog, registry: CollectorRegistry) -> None:
    seconds = Histogram(
        f"{PREFIX}_append_seconds",
        "How many appends there were, and the seconds from asking for the lock of the log to the commit.",
        registry=registry,
        buckets=_BUCKETS,
    )
    log.append_observers.append(seconds.observe)
