"""Inspect logs: one meaning for both of their forms, `.eval` (ZIP) and `.json`.

Source: the fields were read from logs of inspect-ai 0.3.285, log schema version 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import (
    at,
    count_at,
    instant_at,
    list_at,
    mapping_at,
    named,
    number_at,
    sha256_at,
    text_at,
    without_credentials,
)
from pratique.collectors.inspect_samples import SampleTally
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

COLLECTOR = "inspect"
COLLECTOR_VERSION = "1"
KIND = "evaluation"
TOOL = "inspect_ai"

#: The only log schema this reader knows. Another one may mean something else by the same names.
LOG_VERSION = 2

_TAGS_SHOWN = 50
_CONFIG_LIMITS = ("message_limit", "token_limit", "time_limit", "working_limit", "cost_limit")
_GENERATION = ("temperature", "top_p", "max_tokens", "seed", "reasoning_effort", "reasoning_tokens")


def check_version(header: Any, what: str) -> None:
    """Refuse a log of another schema version.

    Raises:
        UnreadableError: `version` is not 2.
    """
    version = at(header, "version")
    if type(version) is not int or version != LOG_VERSION:
        found = version if type(version) is int else "no number"
        raise UnreadableError(f"{what}: Inspect log schema version {found} found, {LOG_VERSION} expected")


def extract(header: Mapping[str, Any], tally: SampleTally, what: str) -> Extraction:
    """Return what an Inspect log says.

    Args:
        header: the log without its samples; a log that was never finished has no `status`, `results` or `stats`.
        tally: counts over all samples in the file.
        what: the file, for messages.

    Raises:
        UnreadableError: another schema version, no model or no task, facts beyond their cap.
    """
    check_version(header, what)
    subject = named(header, what, "eval", "model")
    samples = _samples(header, tally)
    reasons = _reasons(header, tally, samples)
    return Extraction(
        kind=KIND,
        collector=COLLECTOR,
        collector_version=COLLECTOR_VERSION,
        tool=f"{TOOL} {shown(text_at(header, 'eval', 'packages', 'inspect_ai') or 'of unknown version', 40)}",
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=samples.get("planned"),
        done=samples["done"],
        errors=samples["errors"],
        subject=subject,
        produced_at=_produced_at(header),
        observed_from=instant_at(header, "stats", "started_at"),
        observed_until=instant_at(header, "stats", "completed_at"),
        facts=_facts(header, tally, samples, what),
    )


def _produced_at(header: Mapping[str, Any]) -> datetime | None:
    return instant_at(header, "stats", "completed_at") or instant_at(header, "eval", "created")


def _status(header: Mapping[str, Any]) -> str:
    return text_at(header, "status") or "started"


def _samples(header: Mapping[str, Any], tally: SampleTally) -> dict[str, int]:
    """Return the counts, in samples x epochs. `planned` is the whole dataset, also where a limit cut it."""
    dataset = count_at(header, "eval", "dataset", "samples")
    epochs = count_at(header, "eval", "config", "epochs") or 1
    run = count_at(header, "results", "total_samples")
    planned = run if dataset is None else dataset * epochs
    done = count_at(header, "results", "completed_samples")
    counts = {
        "planned": planned,
        "run": run,
        "done": max(0, tally.logged - tally.errors - tally.unfinished) if done is None else done,
        "errors": tally.errors,
        "logged": tally.logged,
        "unscored": _unscored(header, tally),
    }
    return {name: count for name, count in counts.items() if count is not None}


def _unscored(header: Mapping[str, Any], tally: SampleTally) -> int:
    by_score = [count_at(score, "unscored_samples") or 0 for score in list_at(header, "results", "scores")]
    return max([tally.unscored, *by_score])


def _reasons(header: Mapping[str, Any], tally: SampleTally, samples: Mapping[str, int]) -> list[str]:
    """Return why the log is not complete, most telling first; none when everything planned was done and scored."""
    return [
        *_run_reasons(header),
        *_count_reasons(header, tally, samples),
        *_sample_reasons(tally, samples),
    ]


def _run_reasons(header: Mapping[str, Any]) -> list[str]:
    status = _status(header)
    reasons = []
    if status == "started":
        reasons.append("the run never finished (status started)")
    elif status != "success":
        reasons.append(f"the run ended with status {shown(status, 40)}")
    elif not list_at(header, "results", "scores"):
        reasons.append("the log holds no scores")
    if at(header, "invalidated"):
        reasons.append("the log was invalidated after the run")
    return reasons


def _count_reasons(header: Mapping[str, Any], tally: SampleTally, samples: Mapping[str, int]) -> list[str]:
    planned, run, done = samples.get("planned"), samples.get("run"), samples["done"]
    reasons = []
    if not planned:
        reasons.append("the log does not say how many samples were planned")
    elif done < planned:
        why = " (config.limit)" if at(header, "eval", "config", "limit") is not None else ""
        reasons.append(f"{done} of {planned} planned samples were done{why}")
    elif done > planned:
        reasons.append(f"{done} samples were done, but only {planned} were planned")
    if run is not None and tally.logged != run:
        reasons.append(f"the header counts {run} samples, the file holds {tally.logged}")
    if tally.summarised != tally.logged:
        reasons.append(f"the file holds {tally.logged} samples, but summaries of {tally.summarised}")
    return reasons


def _sample_reasons(tally: SampleTally, samples: Mapping[str, int]) -> list[str]:
    found = {
        "samples ended in an error": tally.errors,
        "samples were logged before they ended": tally.unfinished,
        "samples have no score, or one that is NaN; the metrics leave them out": samples["unscored"],
        "samples stand in the log twice": tally.repeated,
        "samples had their score edited after the run": tally.edited,
        "samples were invalidated after the run": tally.invalidated,
        "samples were stopped by an operator": tally.limits["operator"],
    }
    reasons = [f"{count} {what}" for what, count in found.items() if count]
    if tally.logged and tally.stopped == tally.logged:
        reasons.append(f"every one of the {tally.logged} samples was stopped by a limit, none ran to its end")
    return reasons


def _facts(header: Mapping[str, Any], tally: SampleTally, samples: Mapping[str, int], what: str) -> dict[str, Any]:
    run = mapping_at(header, "eval")
    sheet = FactSheet()
    sheet.put("task", named(header, what, "eval", "task"))
    sheet.put("model", named(header, what, "eval", "model"))
    sheet.put("tool", TOOL)
    sheet.put("tool_version", text_at(run, "packages", "inspect_ai"))
    sheet.put("status", _status(header))
    sheet.put("invalidated", at(header, "invalidated") is True)
    sheet.put("samples", dict(samples))
    sheet.put("limits_hit", {"total": tally.stopped, "by_kind": dict(sorted(tally.limits.items()))})
    sheet.put("edits", {"scores": tally.edited, "log": len(list_at(header, "log_updates"))})
    _put_metrics(sheet, header)
    _put_identity(sheet, run)
    _put_configuration(sheet, header)
    return sheet.finish(what)


def _put_metrics(sheet: FactSheet, header: Mapping[str, Any]) -> None:
    metrics: dict[str, Any] = {}
    ambiguous: set[str] = set()
    for score in list_at(header, "results", "scores"):
        for name, metric in mapping_at(score, "metrics").items():
            key = _metric_key(score, name)
            value = number_at(metric, "value")
            if key in metrics:
                ambiguous.add(key)
            elif value is None:
                sheet.drop(f"metrics.{key}")
            else:
                metrics[key] = value
    for key in sorted(ambiguous):  # which of the two a criterion means, nobody can say
        del metrics[key]
        sheet.drop(f"metrics.{key}")
    sheet.put("metrics", metrics)
    headline = mapping_at(header, "results", "headline")
    key = _metric_key({**headline, "name": at(headline, "score")}, text_at(headline, "metric") or "")
    if headline and key in metrics:
        sheet.put("headline", metrics[key])
        sheet.put("headline_metric", key)


def _metric_key(score: Any, metric: str) -> str:
    """Return `<scorer>[/<score>][/<reducer>]/<metric>`; the score's name only where it is not the scorer's."""
    scorer, name = text_at(score, "scorer") or "", text_at(score, "name") or ""
    parts = [scorer, name if name != scorer else "", text_at(score, "reducer") or "", metric]
    return "/".join(part for part in parts if part)


def _put_identity(sheet: FactSheet, run: Mapping[str, Any]) -> None:
    dataset = {key: at(run, "dataset", key) for key in ("name", "samples", "shuffled")}
    sheet.put("dataset", {**dataset, "location": without_credentials(text_at(run, "dataset", "location"))})
    for name in ("eval_id", "run_id", "task_id", "task_version", "created", "solver"):
        sheet.put(name, at(run, name))
    if revision := mapping_at(run, "revision"):
        sheet.put(
            "revision",
            {
                "origin": without_credentials(text_at(revision, "origin")),
                "commit": at(revision, "commit"),  # seven hex digits: a hint, no identity
                "dirty": at(revision, "dirty"),
            },
        )
    roles = mapping_at(run, "model_roles")
    sheet.put("model_roles", {role: text_at(model, "model") for role, model in roles.items()})
    sheet.put("tags", [tag for tag in list_at(run, "tags") if isinstance(tag, str)][:_TAGS_SHOWN])
    # `eval.metadata` is what the run wrote; the log's own `metadata` can be edited later.
    metadata = mapping_at(run, "metadata")
    sheet.put("metadata", {k: v for k, v in metadata.items() if isinstance(v, str | int | float | bool)})
    sheet.put("weights_sha256", sha256_at(metadata, "weights_sha256"))


def _put_configuration(sheet: FactSheet, header: Mapping[str, Any]) -> None:
    run = mapping_at(header, "eval")
    sheet.put("epochs", count_at(run, "config", "epochs") or 1)
    limits = {name.removesuffix("_limit"): number_at(run, "config", name) for name in _CONFIG_LIMITS}
    sheet.put("limits", {name: limit for name, limit in limits.items() if limit is not None})
    configured = {**mapping_at(header, "plan", "config"), **mapping_at(run, "model_generate_config")}
    sheet.put("generation", {name: configured[name] for name in _GENERATION if configured.get(name) is not None})
    sheet.put("sandbox", text_at(run, "sandbox", "type"))
    usage = mapping_at(header, "stats", "model_usage").values()
    sheet.put("tokens", sum(count_at(used, "total_tokens") or 0 for used in usage))


#: The beginning of an Inspect log in JSON form: `version`, then `status` or `eval`, near the top.
JSON_HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"version"\s*:\s*-?\d+\s*,\s*"(?:status|eval)"\s*:')
