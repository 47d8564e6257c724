"""The statements that use cases read by, compiled once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, Table, bindparam, or_, select

from pratique.store.changes import table_named
from pratique.store.queries import Query, one_of


def _table(name: str) -> Table:
    import pratique.store.tables  # noqa: F401 - registers the tables

    return table_named(name)


model_version = _table("model_version")
event = _table("event")
gate_spec = _table("gate_spec")
gate_run = _table("gate_run")
evidence = _table("evidence")
decision = _table("decision")
waiver = _table("waiver")
notice = _table("notice")
delivery = _table("delivery")
flow_run = _table("flow_run")
token = _table("token")
outbox = _table("outbox")
occurrence = _table("occurrence")
clock = _table("clock")
provider = _table("provider")
compute = _table("compute")
calendar_feed = _table("calendar_feed")
hook_delivery = _table("hook_delivery")
answer = _table("answer")
asking = _table("asking")
asking_run = _table("asking_run")


def _by(table: Table, *columns: str, order: Any = None, lock: bool = False) -> Query:
    statement = select(table)
    for column in columns:
        statement = statement.where(table.c[column] == bindparam(column))
    if order is not None:
        statement = statement.order_by(*order)
    return Query(statement.with_for_update() if lock else statement)


MODEL_VERSION = _by(model_version, "model", "version")
MODEL_VERSION_BY_ID = _by(model_version, "id")
#: Locks the row on PostgreSQL, so that two replicas never plan the clocks of one version at once.
MODEL_VERSION_LOCKED = _by(model_version, "id", lock=True)
#: The same by name: whose authors are told anew must not lose those of another replica.
MODEL_VERSION_NAMED_LOCKED = _by(model_version, "model", "version", lock=True)
MODEL_VERSION_IDS = Query(select(model_version.c.id).order_by(model_version.c.id))
#: All of them locked in one order: what is planned for every version is not planned on rows that are just changing.
MODEL_VERSION_IDS_LOCKED = Query(select(model_version.c.id).order_by(model_version.c.id).with_for_update())
#: Those that say in their profile that they continue another; `named` is the member as canonical JSON writes it.
MODEL_VERSIONS_CONTINUING = Query(
    select(model_version)
    .where(model_version.c.profile.contains(bindparam("named", type_=String)))
    .order_by(model_version.c.id)
)
PROVIDER = Query(select(provider).limit(1))
PROVIDER_LOCKED = Query(select(provider).limit(1).with_for_update())
COMPUTE = _by(compute, "id")
COMPUTE_OF_VERSION = Query(
    select(compute)
    .where(compute.c.model_version_id == bindparam("model_version_id"), compute.c.withdrawn_at.is_(None))
    .order_by(compute.c.begins_at, compute.c.id)
)
#: Withdrawn ones too.
COMPUTE_EVER = _by(compute, "model_version_id", order=(compute.c.begins_at, compute.c.id))
EVENT = _by(event, "source", "event_id")
GATE_SPEC = _by(gate_spec, "digest")
#: Locks the row on PostgreSQL, so that two replicas never advance one gate at once; SQLite has one writer.
GATE_RUN = _by(gate_run, "id", lock=True)
GATE_RUN_PLAIN = _by(gate_run, "id")
#: Locked before the gate run is, by whoever moves it: see `services.version_locks`.
MODEL_VERSION_OF_RUN = Query(
    select(model_version)
    .where(
        model_version.c.id
        == select(gate_run.c.model_version_id).where(gate_run.c.id == bindparam("id")).scalar_subquery()
    )
    .with_for_update()
)
GATE_RUN_ON = _by(gate_run, "model_version_id", "gate", "occasion", lock=True)
GATE_RUN_ON_PLAIN = _by(gate_run, "model_version_id", "gate", "occasion")
GATE_RUN_LATEST = Query(
    select(gate_run).where(
        gate_run.c.model_version_id == bindparam("model_version_id"),
        gate_run.c.gate == bindparam("gate"),
        gate_run.c.is_latest,
    )
)
#: Which run of a gate was the first; later ones ask for evidence of their own.
GATE_RUN_FIRST = Query(
    select(gate_run.c.id)
    .where(gate_run.c.model_version_id == bindparam("model_version_id"), gate_run.c.gate == bindparam("gate"))
    .order_by(gate_run.c.opened_at, gate_run.c.id)
    .limit(1)
)
LATEST_RUNS = Query(
    select(gate_run)
    .where(gate_run.c.model_version_id == bindparam("model_version_id"), gate_run.c.is_latest)
    .order_by(gate_run.c.opened_at, gate_run.c.id)
)
LATEST_STATES = Query(
    select(gate_run.c.id, gate_run.c.gate, gate_run.c.state, gate_run.c.spec_digest, gate_run.c.recheck_at).where(
        gate_run.c.model_version_id == bindparam("model_version_id"), gate_run.c.is_latest
    )
)
#: What new evidence can move: the latest run of each gate, and earlier ones that still wait.
LIVE_RUNS = Query(
    select(gate_run.c.id, gate_run.c.gate, gate_run.c.is_latest)
    .where(
        gate_run.c.model_version_id == bindparam("model_version_id"),
        ~one_of(gate_run.c.state, ("rejected", "withdrawn")),
        or_(gate_run.c.is_latest, gate_run.c.state != "cleared"),
    )
    .order_by(gate_run.c.opened_at, gate_run.c.id)
)
EVIDENCE = _by(evidence, "id")
#: What identifies the facts of evidence: rows are never changed but by being read.
READINGS_OF_VERSION = Query(
    select(evidence.c.id, evidence.c.reading)
    .where(evidence.c.model_version_id == bindparam("model_version_id"))
    .order_by(evidence.c.received_at, evidence.c.id)
)
EVIDENCE_OF_VERSION = _by(evidence, "model_version_id", order=(evidence.c.received_at, evidence.c.id))
EVIDENCE_SAME = _by(evidence, "model_version_id", "sha256", "filename", order=(evidence.c.received_at, evidence.c.id))
DECISIONS_OF_RUN = _by(decision, "gate_run_id", order=(decision.c.at, decision.c.id))
WAIVERS_OF_RUN = _by(waiver, "gate_run_id", order=(waiver.c.granted_at, waiver.c.id))
WAIVER = _by(waiver, "id")
NOTICE = _by(notice, "id")
NOTICE_BY_KEY = Query(select(notice.c.id).where(notice.c.key == bindparam("key")))
NOTICES_OF_KIND = Query(
    select(notice.c.person, notice.c.content).where(
        notice.c.gate_run_id == bindparam("gate_run_id"), notice.c.kind == bindparam("kind")
    )
)
NOTICES_OF_RUN = Query(select(notice.c.person, notice.c.kind).where(notice.c.gate_run_id == bindparam("gate_run_id")))
DELIVERY = _by(delivery, "id")
FLOW_RUN = _by(flow_run, "id")
FLOW_RUN_BY_PREFECT = _by(flow_run, "prefect_run_id")
FLOW_URL_OF_GATE = Query(
    select(flow_run.c.url)
    .where(flow_run.c.gate_run_id == bindparam("gate_run_id"))
    .order_by(flow_run.c.started_at.desc())
    .limit(1)
)
TOKEN = _by(token, "id")
TOKENS = Query(select(token).order_by(token.c.issued_at, token.c.id))
OCCURRENCE = _by(occurrence, "id")
#: What the clocks of a model version run from: its own occurrences, and those of the provider.
OCCURRENCES_THAT_COUNT = Query(
    select(occurrence)
    .where(
        or_(
            occurrence.c.model_version_id == bindparam("model_version_id"),
            occurrence.c.model_version_id.is_(None),
        ),
        occurrence.c.withdrawn_at.is_(None),
    )
    .order_by(occurrence.c.at, occurrence.c.id)
)
#: The same, withdrawn ones too.
OCCURRENCES_CONCERNING = Query(
    select(occurrence)
    .where(
        or_(
            occurrence.c.model_version_id == bindparam("model_version_id"),
            occurrence.c.model_version_id.is_(None),
        )
    )
    .order_by(occurrence.c.at, occurrence.c.id)
)
#: Of a model version alone, withdrawn ones too.
OCCURRENCES_EVER = _by(occurrence, "model_version_id", order=(occurrence.c.at, occurrence.c.id))
#: Kinds of occurrences that classify a model under Art. 51, and so every version that continues it.
CLASSIFYING = ("designated", "threshold_known", "threshold_met")
#: Which of them were recorded of a version.
CLASSIFYING_KINDS = Query(
    select(occurrence.c.kind)
    .where(
        occurrence.c.model_version_id == bindparam("model_version_id"),
        one_of(occurrence.c.kind, CLASSIFYING),
        occurrence.c.withdrawn_at.is_(None),
    )
    .distinct()
    .order_by(occurrence.c.kind)
)
#: Safe references of a version that ceased to be safe ones.
REFERENCES_LOST = Query(
    select(occurrence)
    .where(
        occurrence.c.model_version_id == bindparam("model_version_id"),
        occurrence.c.kind == "safe_reference_lost",
        occurrence.c.withdrawn_at.is_(None),
    )
    .order_by(occurrence.c.at, occurrence.c.id)
)
#: One incident, request or complaint, from its beginning; withdrawn ones too.
OCCURRENCES_ABOUT = _by(occurrence, "model_version_id", "about", order=(occurrence.c.at, occurrence.c.id))
CLOCK = _by(clock, "id")
CLOCKS_OF_VERSION = _by(clock, "model_version_id", order=(clock.c.key,))
CLOCKS_ABOUT = _by(clock, "model_version_id", "about", order=(clock.c.start_at, clock.c.key))
CALENDAR_FEED = _by(calendar_feed, "id")
ANSWER = _by(answer, "id")
ANSWER_LOCKED = _by(answer, "id", lock=True)
ASKING = _by(asking, "id")
ASKING_ONCE = _by(asking, "subscription", "delivery")
#: Pipelines that wait for a gate run.
ASKINGS_OF_RUN = Query(
    select(asking)
    .join(asking_run, asking_run.c.asking_id == asking.c.id)
    .where(asking_run.c.gate_run_id == bindparam("gate_run_id"))
    .order_by(asking.c.id)
)
RUNS_OF_ASKING = Query(
    select(gate_run)
    .join(asking_run, asking_run.c.gate_run_id == gate_run.c.id)
    .where(asking_run.c.asking_id == bindparam("asking_id"))
    .order_by(gate_run.c.id)
)
HOOK_DELIVERY = _by(hook_delivery, "id")
#: Locked by whoever settles it: the lane of one replica and the sweep of another must not both.
HOOK_DELIVERY_LOCKED = _by(hook_delivery, "id", lock=True)
HOOK_DELIVERY_NAMED = _by(hook_delivery, "source", "delivery")
CALENDAR_FEED_BY_SECRET = _by(calendar_feed, "secret_sha256")
CALENDAR_FEEDS_OF = _by(calendar_feed, "person", order=(calendar_feed.c.made_at, calendar_feed.c.id))
