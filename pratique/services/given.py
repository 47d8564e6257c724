"""What somebody says of a model version in files, where there is no ledger to look it up in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pratique.domain.compute import ComputeKind
from pratique.domain.models import ModelProfile
from pratique.domain.provider import ProviderProfile
from pratique.domain.risks import Risk, RiskRegister
from pratique.errors import InvalidInputError
from pratique.regimes.problems import Problems
from pratique.regimes.yaml_text import read_yaml

#: What stands for the names of a model version that nobody named.
UNNAMED = "unnamed"
#: Largest file that is read as YAML.
_MAX_BYTES = 4 * 1024**2
_Flop = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Compute(BaseModel):
    """What was used for training, and what is planned in all, FLOP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: _Flop = 0.0
    planned: _Flop = 0.0


class _Register(BaseModel):
    """A risk register, as `pratique risk record` takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risks: tuple[Risk, ...] = Field(max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of a model version; None: nothing is."""

    model: str | None = None
    version: str | None = None
    profile: ModelProfile | None = None
    provider: ProviderProfile | None = None
    compute: Mapping[str, float] | None = None  #: kind -> FLOP
    register: RiskRegister | None = None
    occasion: str = "default"

    @property
    def names(self) -> tuple[str, str]:
        """Model and version, named or not."""
        return self.model or UNNAMED, self.version or UNNAMED


def read_given(
    *,
    profile: Path | None = None,
    register: Path | None = None,
    model: str | None = None,
    version: str | None = None,
    occasion: str = "default",
    edition: str = "none",
) -> Given:
    """Read what files say of a model version.

    Args:
        profile: YAML or JSON: the profile as `PUT /v1/models/...` takes it, and beside it `provider` and `compute`
            (`done`, `planned`).
        register: YAML or JSON: a list of risks, or an object with `risks`.
        model: its name.
        version: its version.
        occasion: of the gate run.
        edition: whose taxonomy the register is of.

    Raises:
        InvalidInputError: with every error at once.
    """
    problems = Problems()
    given = Given(model=model, version=version, occasion=occasion)
    if profile is not None:
        given = _with_profile(given, profile, problems)
    if register is not None:
        given = replace(given, register=_register(register, edition, problems))
    if problems.lines:
        raise InvalidInputError("\n".join(problems.lines), hint="examples: docs/criteria.md", errors=problems.lines)
    return given


def _with_profile(given: Given, path: Path, problems: Problems) -> Given:
    """Add what a file says in one mapping: the profile, and beside it the provider and the compute."""
    value = _mapping(path, problems)
    if value is None:
        return given
    own = {name: part for name, part in value.items() if name not in ("provider", "compute")}
    given = replace(given, profile=problems.parse(path.name, ModelProfile, own))
    if "provider" in value:
        provider = problems.parse(f"{path.name}: provider", ProviderProfile, value["provider"])
        given = replace(given, provider=provider)
    if "compute" in value:
        compute = problems.parse(f"{path.name}: compute", _Compute, value["compute"])
        flop = {kind.value: getattr(compute, kind.value) for kind in ComputeKind} if compute is not None else None
        given = replace(given, compute=flop)
    return given


def _register(path: Path, edition: str, problems: Problems) -> RiskRegister | None:
    value = _value(path, problems)
    if value is None:
        return None
    found = problems.parse(path.name, _Register, {"risks": value} if isinstance(value, list) else value)
    return RiskRegister(edition=edition, risks=found.risks) if found is not None else None


def _mapping(path: Path, problems: Problems) -> dict[str, Any] | None:
    value = _value(path, problems)
    if value is not None and not isinstance(value, dict):
        problems.add(path.name, "", found=type(value).__name__, expected="a mapping of profile members")
        return None
    return value


def _value(path: Path, problems: Problems) -> Any:
    """Return what a file holds, None where it is not sound."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            problems.add(path.name, "", found=f"more than {_MAX_BYTES} bytes", expected="fewer")
            return None
        text = content.decode()
        if path.suffix == ".json":
            return json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        problems.add(path.name, "", found=f"{type(error).__name__}: {error}", expected="a readable file")
        return None
    result = read_yaml(text)
    for problem in result.problems:
        problems.add(path.name, problem.path, found=problem.found, expected=problem.expected)
    return None if result.problems else result.value
