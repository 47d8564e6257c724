"""Pages of the dashboard, over HTTP from the real engine."""

from __future__ import annotations

from functools import partial
from statistics import median

from bench.filled import GATES, fill, fill_history
from bench.load import Job, run_load
from bench.measure import Sample, Series, quantile
from bench.report import Claim, Figure, Result, number
from bench.servers import engine_arguments, running
from bench.sizes import Sizes
from bench.world import GATE, MODEL, World, event_body, open_world, populate
from pratique.domain.events import parse_structured
from pratique.services.access import make_login_link, use_login_link
from pratique.services.events import record_event
from pratique.store.transaction import Transaction

NOOP, PORTFOLIO, GATE_PAGE, GATE_JSON = (
    "no-op request",
    "portfolio, first page",
    "gate page, 50 requirements",
    "gate as JSON, 50 requirements",
)
#: Pages over everything there is, each with the goal for the engine's answer.
WIDE = {
    "portfolio, overdue alone": "/?state=overdue",
    "runs, first page": "/runs",
    "runs, failed alone": "/runs?state=Failed",
    "overdue, first page": "/overdue",
    "journal, newest": "/journal",
    "journal, a tag that none has": "/journal?tag=access:token:revoked",
}
ANSWER_MS = 50


def run(sizes: Sizes) -> Result:
    """Measure pages as one signed-in person gets them, one after the other."""
    result = Result(
        "pages",
        "dashboard",
        f"One signed-in person, one keep-alive connection; {sizes.matrix_versions:,} model versions by {GATES} gates, "
        f"a sixteenth of them overdue, {sizes.flow_runs:,} flow runs and {sizes.entries:,} journal entries in the "
        "ledger; the gate page shows 50 requirements with their evidence. Gzip is off.",
        columns=("server CPU µs/op", "p50 ms", "p99 ms", "bytes"),
    )
    with open_world(50) as world:
        gates = sizes.matrix_versions * GATES
        fill(world, gates)
        fill_history(world, runs=sizes.flow_runs, entries=sizes.entries, overdue=gates // 16)
        populate(world, 1)
        session = _prepare(world)
        world.parts.ledger.close()
        with running(*engine_arguments(world.environment)) as engine:
            cookie = (f"Cookie: pratique_session={session}",)
            bearer = (f"Authorization: Bearer {world.token('pipeline')}",)
            targets = {
                NOOP: ("/healthz", ()),
                PORTFOLIO: ("/", cookie),
                GATE_PAGE: (f"/models/{MODEL}/1.0/gates/{GATE}", cookie),
                GATE_JSON: (f"/v1/models/{MODEL}/versions/1.0/gates/{GATE}", bearer),
                **{name: (path, cookie) for name, path in WIDE.items()},
            }
            series: dict[str, Series] = {name: Series() for name in targets}
            latencies: dict[str, list[float]] = {name: [] for name in targets}
            size = dict.fromkeys(targets, 0.0)
            for turn in range(sizes.rounds + 1):  # the first one warms up
                for name, (path, headers) in targets.items():
                    job = Job(port=engine.port, clients=1, path=path, gets=sizes.pages, headers=headers)
                    before = engine.cpu
                    seen = run_load(job)
                    if turn:
                        series[name].samples.append(Sample(engine.cpu - before, seen.wall, sizes.pages))
                        latencies[name] += seen.latencies
                        size[name] = seen.bytes_received / sizes.pages
    _report(result, series, latencies, size)
    return result


def _report(
    result: Result, series: dict[str, Series], latencies: dict[str, list[float]], size: dict[str, float]
) -> None:
    for name in series:
        figures = (series[name].cpu_us, median(latencies[name]), quantile(latencies[name], 0.99), size[name])
        result.figures.append(Figure(name, tuple(map(number, figures))))
    for name in (PORTFOLIO, GATE_PAGE, *WIDE):
        p50 = median(latencies[name])
        result.claims.append(Claim(what=f"{name}: p50", measured=p50, at_most=ANSWER_MS, unit="ms"))
    for name in (PORTFOLIO, GATE_PAGE, GATE_JSON):
        ratio = series[name].cpu_ratio(series[NOOP])
        result.claims.append(Claim(what=f"{name}: server CPU / no-op", measured=ratio))


def _prepare(world: World) -> str:
    parts = world.parts
    event = parse_structured(event_body(0, "1.0", "default"))
    parts.ledger.write("bench", partial(record_event, parts=parts, event=event))

    def sign_in(tx: Transaction) -> str:
        link = make_login_link(tx, parts, "mira")
        return use_login_link(tx, link["url"].rpartition("t=")[2])[0]

    return parts.ledger.write("bench", sign_in)
