"""What Hugging Face's Trainer wrote of a run, and the configuration of the model that it trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import at, count_at, list_at, number_at, text_at
from pratique.collectors.unreadable import UnreadableError, shown
from pratique.domain.evidence import Extraction

COLLECTOR = "training"
COLLECTOR_VERSION = "1"
KIND = "training-run"

#: How `total_flos` comes about; whoever takes it into the compute ledger reads this.
FLOP_METHOD = "total_flos: the estimate 6 x parameters x tokens of transformers, without recomputation; no measurement"

_WHAT = "training run"
_MAX_CONFIG_MEMBERS = 200


def extract_state(state: Mapping[str, Any]) -> Extraction:
    """Return what `trainer_state.json` says: complete when every planned step was done.

    Raises:
        UnreadableError: the facts are too large.
    """
    planned, done = count_at(state, "max_steps"), count_at(state, "global_step")
    history = list_at(state, "log_history")
    losses = [loss for loss in (number_at(entry, "loss") for entry in history) if loss is not None]
    not_finite = sum(not _finite(loss) for loss in losses)
    stopped = at(state, "stateful_callbacks", "TrainerControl", "args", "should_training_stop") is True
    early = stopped and planned is not None and done is not None and done < planned
    reasons = _state_reasons(planned, done, not_finite, early=early)
    sheet = FactSheet()
    sheet.put("form", "trainer_state")
    sheet.put("steps", {"planned": planned, "done": done})
    sheet.put("epochs", {"planned": number_at(state, "num_train_epochs"), "done": number_at(state, "epoch")})
    _put_compute(sheet, state)
    _put_losses(sheet, losses, not_finite)
    sheet.put("evaluations", sum(number_at(entry, "eval_loss") is not None for entry in history))
    sheet.put("stopped_early", early)
    runtimes = [seconds for seconds in (number_at(entry, "train_runtime") for entry in history) if seconds is not None]
    sheet.put("runtime_seconds", runtimes[-1] if runtimes else None)
    sheet.put("batch_size", count_at(state, "train_batch_size"))
    return extraction(
        sheet, reasons, planned=planned, done=done, errors=not_finite, tool="transformers Trainer of unknown version"
    )


def extract_results(results: Mapping[str, Any]) -> Extraction:
    """Return what `train_results.json` or `all_results.json` say. They name no steps, so they are never complete.

    Raises:
        UnreadableError: the facts are too large.
    """
    sheet = FactSheet()
    sheet.put("form", "results")
    sheet.put("epochs", {"done": number_at(results, "epoch")})
    _put_compute(sheet, results)
    loss = number_at(results, "train_loss")
    sheet.put("loss", {"mean": loss} if loss is not None and _finite(loss) else None)
    sheet.put("runtime_seconds", number_at(results, "train_runtime"))
    why = "the file does not say how many steps were planned and done; submit trainer_state.json"
    return extraction(sheet, [why], tool="transformers Trainer of unknown version")


def extract_config(config: Mapping[str, Any]) -> Extraction:
    """Return a model's configuration; complete as what it is. It says nothing of a run.

    Raises:
        UnreadableError: the facts are too large.
    """
    sheet = FactSheet()
    version = text_at(config, "transformers_version")
    sheet.put("form", "config")
    sheet.put("model_type", text_at(config, "model_type"))
    sheet.put("architectures", [name for name in list_at(config, "architectures") if isinstance(name, str)][:20])
    sheet.put("transformers_version", version)
    if len(config) > _MAX_CONFIG_MEMBERS:
        raise UnreadableError(f"{_WHAT}: {len(config)} members of a config, at most {_MAX_CONFIG_MEMBERS} expected")
    sheet.put("config", {n: v for n, v in config.items() if isinstance(v, str | int | float | bool)})
    return extraction(sheet, [], tool=f"transformers {shown(version, 40)}" if version else None)


def _state_reasons(planned: int | None, done: int | None, not_finite: int, *, early: bool) -> list[str]:
    reasons = []
    if not planned or done is None:
        reasons.append("the file does not say how many steps were planned and done")
    elif done < planned:
        why = " (the Trainer was told to stop)" if early else ""
        reasons.append(f"{done} of {planned} planned steps were done{why}")
    elif done > planned:
        reasons.append(f"{done} steps were done, but only {planned} were planned")
    if not_finite:
        reasons.append(f"the loss was NaN or infinite {not_finite} times")
    return reasons


def _put_compute(sheet: FactSheet, document: Mapping[str, Any]) -> None:
    """Put tokens and the estimated compute; a figure that is zero was never counted."""
    sheet.put("tokens", number_at(document, "num_input_tokens_seen") or None)
    flop = number_at(document, "total_flos")
    if flop is not None and flop > 0 and _finite(flop):
        sheet.put("flop_estimate", float(flop))
        sheet.put("flop_method", FLOP_METHOD)
    elif flop:
        sheet.drop("flop_estimate")


def _put_losses(sheet: FactSheet, losses: list[float], not_finite: int) -> None:
    finite = [loss for loss in losses if _finite(loss)]
    facts: dict[str, Any] = {"logged": len(losses), "not_finite": not_finite}
    if finite:
        facts |= {"first": finite[0], "last": finite[-1], "least": min(finite)}
    sheet.put("loss", facts)


def _finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def extraction(
    sheet: FactSheet,
    reasons: list[str],
    *,
    planned: int | None = None,
    done: int | None = None,
    errors: int | None = None,
    tool: str | None = None,
    subject: str | None = None,
) -> Extraction:
    """Return the extraction of one of the forms; complete where there is no reason against it."""
    return Extraction(
        kind=KIND,
        collector=COLLECTOR,
        collector_version=COLLECTOR_VERSION,
        tool=tool,
        complete=not reasons,
        incomplete_reason="; ".join(reasons) or None,
        planned=planned,
        done=done,
        errors=errors,
        subject=subject,
        facts=sheet.finish(_WHAT),
    )
