"""Collector `training`: what a training run wrote (Hugging Face's Trainer), or was given (a config, a launch file).

Source: files of transformers 5 (`trainer_state.json`, `train_results.json`, `all_results.json`, `config.json`). A
launch file has no standard: YAML whose outermost members `model` and `compute` are objects is taken for one.
`total_flos` is no measurement but the estimate 6 x parameters x tokens of transformers, and its fact says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pratique.collectors.collector import Collector, CollectorContext, Confidence
from pratique.collectors.foreign import mapping_at, text_at
from pratique.collectors.jsonfile import load_object
from pratique.collectors.jsonhead import JsonHead, confidence, json_head
from pratique.collectors.shape import ANYTHING, COUNT, FLAG, NUMBER, TEXT, TEXTS, facts_of, record
from pratique.collectors.training_launch import LAUNCH_SHAPE, extract_launch
from pratique.collectors.training_run import extract_config, extract_results, extract_state
from pratique.collectors.unreadable import UnreadableError
from pratique.collectors.yamltext import parse_yaml
from pratique.domain.evidence import Extraction

#: A state with a hundred thousand logged steps is about 30 MB.
MAX_STATE_BYTES = 48 * 1024**2
MAX_LAUNCH_BYTES = 256 * 1024

_WHAT = "training run"
_MARKS = ('"global_step"', '"train_runtime"', '"model_type"')
_YAML = (".yaml", ".yml")
_OUTERMOST = re.compile(rb"^(model|compute)[ \t]*:", re.MULTILINE)


class TrainingCollector:
    """Reads five forms; the fact `form` says which. Only `trainer_state` says how far the run came."""

    name = "training"
    version = "1"
    kinds = frozenset({"training-run"})
    facts_schema = facts_of(
        "form",
        form=TEXT,
        steps=record(planned=COUNT, done=COUNT),
        epochs=record(planned=NUMBER, done=NUMBER),
        tokens=NUMBER,
        flop_estimate=NUMBER,
        flop_method=TEXT,
        loss=record(first=NUMBER, last=NUMBER, least=NUMBER, mean=NUMBER, logged=COUNT, not_finite=COUNT),
        evaluations=COUNT,
        stopped_early=FLAG,
        runtime_seconds=NUMBER,
        batch_size=COUNT,
        transformers_version=TEXT,
        model_type=TEXT,
        architectures=TEXTS,
        config=ANYTHING,
        launch=LAUNCH_SHAPE,
    )

    def sniff(self, head: bytes, filename: str) -> Confidence:
        """Be sure of JSON with the members of one of the forms; try YAML that has those of a launch file in sight."""
        if filename.lower().endswith(_YAML) and not json_head(head).opening:
            names = {match[1] for match in _OUTERMOST.finditer(head)}
            return Confidence.MAYBE if names == {b"model", b"compute"} else Confidence.NO
        return confidence(head, filename, sure=_form(json_head(head)) is not None)

    def read(self, path: Path) -> Extraction:
        """Return what the file says.

        Raises:
            UnreadableError: too large, neither JSON nor plain YAML, or none of the forms.
        """
        with path.open("rb") as file:
            is_json = json_head(file.read(64)).opening == "{"
        if not is_json:
            return extract_launch(_launch(path))
        document = load_object(path, _WHAT, max_bytes=MAX_STATE_BYTES, one_of=_MARKS)
        form = _form(JsonHead("{", dict.fromkeys(document, ""), whole=True))
        if form == "trainer_state":
            return extract_state(document)
        if form == "results":
            return extract_results(document)
        if form == "config" and text_at(document, "model_type"):
            return extract_config(document)
        raise UnreadableError(f"{_WHAT}: none of trainer_state, train_results and config found")


def _form(seen: JsonHead) -> str | None:
    """Return the form that the outermost members tell."""
    if seen.opening != "{":
        return None
    if seen.has("log_history", "global_step"):
        return "trainer_state"
    if seen.has("train_runtime") and (seen.has("train_loss") or seen.has("total_flos")):
        return "results"
    if seen.has("model_type") and (seen.has("architectures") or seen.has("transformers_version")):
        return "config"
    return None


def _launch(path: Path) -> Mapping[str, Any]:
    if (size := path.stat().st_size) > MAX_LAUNCH_BYTES:
        raise UnreadableError(f"{_WHAT}: {size} bytes of YAML found, at most {MAX_LAUNCH_BYTES} expected")
    launch = parse_yaml(path.read_bytes(), _WHAT)
    if not mapping_at(launch, "model") or not mapping_at(launch, "compute"):
        raise UnreadableError(f"{_WHAT}: no objects `model` and `compute` found; expected a launch file")
    found: Mapping[str, Any] = launch
    return found


def build(_context: CollectorContext) -> Collector:
    """Entry point `training`."""
    return TrainingCollector()
