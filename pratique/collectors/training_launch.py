"""A launch file: what a training run was told to do. A plan, so its compute is planned compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.collectors.factsheet import FactSheet
from pratique.collectors.foreign import number_at, sha256_at, text_at
from pratique.collectors.shape import NUMBER, TEXT, record
from pratique.collectors.training_run import extraction
from pratique.domain.evidence import Extraction

#: Shape of the fact `launch`.
LAUNCH_SHAPE = record(
    model=TEXT,
    parameters=NUMBER,
    tokens=NUMBER,
    data=TEXT,
    data_sha256=TEXT,
    planned_flop=NUMBER,
    six_nd_flop=NUMBER,
    hardware=TEXT,
    accelerators=NUMBER,
    hours=NUMBER,
    mfu=NUMBER,
)

#: Fact -> the places where launch files say it, the first that does counts.
_NUMBERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "parameters": (("model", "params_total"), ("model", "parameters"), ("model", "params")),
    "tokens": (("data", "tokens"), ("data", "train_tokens")),
    "planned_flop": (("compute", "train_flops"), ("compute", "flop"), ("compute", "flops")),
    "accelerators": (("compute", "count"), ("compute", "accelerators"), ("compute", "gpus")),
    "hours": (("compute", "hours"),),
    "mfu": (("compute", "mfu"),),
}
_MEMBERS = ("model", "data", "compute", "optim", "safety", "seed", "parallelism")


def extract_launch(launch: Mapping[str, Any]) -> Extraction:
    """Return what the launch file says; complete as what it is. Nothing in it says that the run took place.

    A number that readers disagree on (`1_000`, `0042`) is text here and no figure; its name stands in `dropped`.

    Raises:
        UnreadableError: the facts are too large.
    """
    sheet = FactSheet()
    figures: dict[str, Any] = {}
    for fact, places in _NUMBERS.items():
        said = [place for place in places if place[1] in (launch.get(place[0]) or {})]
        found = next((number for number in (number_at(launch, *place) for place in said) if number is not None), None)
        if found is not None:
            figures[fact] = found
        elif said:
            sheet.drop(f"launch.{fact}")
    if "parameters" in figures and "tokens" in figures:
        figures["six_nd_flop"] = 6.0 * float(figures["parameters"]) * float(figures["tokens"])
    name = text_at(launch, "model", "name")
    texts = {"model": name, "data": text_at(launch, "data", "mix") or text_at(launch, "data", "name")}
    texts |= {
        "data_sha256": sha256_at(launch, "data", "manifest_sha256"),
        "hardware": text_at(launch, "compute", "hardware"),
    }
    sheet.put("form", "launch")
    sheet.put("launch", {**figures, **texts})
    sheet.put("config", {member: launch[member] for member in _MEMBERS if member in launch})
    return extraction(sheet, [], subject=name)
