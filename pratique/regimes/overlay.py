"""A provider's own, stricter demands on gates that are shipped: `gates/*.yaml` of format `pratique.gate-overlay/1`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pratique.domain.spec import Cel, Checkpoint, CheckpointKind, GateSpec, Gating, Id, Requirement, Role, SignOff
from pratique.regimes.problems import Problems

FORMAT = "pratique.gate-overlay/1"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tightening(_Data):
    """How one requirement is made stricter."""

    id: Id  #: of the requirement
    also: Cel | None = None  #: must hold beside its criterion (or, of a requirement about the profile, beside that)
    fresh_for_days: int | None = Field(default=None, ge=1, le=3660)  #: fewer than shipped
    gating: Literal["enforce"] | None = None  #: advice becomes a demand


class AddedCheckpoint(_Data):
    """Requirements beside those that are shipped, in a checkpoint that is there or in one more."""

    id: Id
    kind: CheckpointKind | None = None  #: of one more checkpoint
    title: str | None = Field(default=None, min_length=1, max_length=200)  #: of one more checkpoint
    requirements: tuple[Requirement, ...] = Field(min_length=1)


class StricterSignOff(_Data):
    """More signatures."""

    roles: dict[Role, Annotated[int, Field(ge=1, le=20)]] = Field(default_factory=dict)
    four_eyes: Literal[True] | None = None


class GateOverlay(_Data):
    """One file: what a provider demands beyond a shipped gate."""

    format: Literal["pratique.gate-overlay/1"]
    gate: Id
    edition: str | None = None  #: None: the gate in every edition
    because: str = Field(min_length=1, max_length=2000)  #: why, for whoever reads the file
    checkpoints: tuple[AddedCheckpoint, ...] = ()
    tighten: tuple[Tightening, ...] = ()
    sign_off: StricterSignOff = StricterSignOff()


def tightened(spec: GateSpec, overlay: GateOverlay, file: str, problems: Problems) -> GateSpec:
    """Return `spec` with what `overlay` adds; note whatever would make it looser, or has no place in it."""
    before = len(problems.lines)
    checkpoints = [_tightened_checkpoint(c, overlay, file, problems) for c in spec.checkpoints]
    known = {r.id for r in spec.requirements()}
    for change in overlay.tighten:
        if change.id not in known:
            problems.add(file, f"tighten[{change.id}]", found=f"no such requirement in gate {spec.id}", expected="one")
    checkpoints += _more_checkpoints(spec, overlay, file, problems)
    for name in _added_twice(known, overlay):
        expected = "an id of its own; `tighten` changes a shipped requirement"
        problems.add(file, f"checkpoints.requirements[{name}]", found="an id that the gate has", expected=expected)
    sign_off = _signatures(spec.sign_off, overlay.sign_off, file, problems)
    if len(problems.lines) > before:
        return spec
    return _checked(spec, {"checkpoints": tuple(checkpoints), "sign_off": sign_off}, file, problems)


def _checked(spec: GateSpec, changed: dict[str, Any], file: str, problems: Problems) -> GateSpec:
    """Return the changed spec, read anew: what the parts say of each other is checked again."""
    try:
        return GateSpec.model_validate(spec.model_copy(update=changed).model_dump())
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = ".".join(str(part) for part in one["loc"])
            problems.add(file, path, found="an overlay that makes no sound gate", expected=one["msg"])
        return spec


def _tightened_checkpoint(checkpoint: Checkpoint, overlay: GateOverlay, file: str, problems: Problems) -> Checkpoint:
    changes = {change.id: change for change in overlay.tighten}
    requirements = [
        _tightened_requirement(r, changes[r.id], file, problems) if r.id in changes else r
        for r in checkpoint.requirements
    ]
    added = [r for more in overlay.checkpoints if more.id == checkpoint.id for r in more.requirements]
    return checkpoint.model_copy(update={"requirements": (*requirements, *added)})


def _tightened_requirement(requirement: Requirement, change: Tightening, file: str, problems: Problems) -> Requirement:
    path = f"tighten[{change.id}]"
    changed: dict[str, Any] = {}
    if change.also is not None:
        member = next((name for name in ("criterion", "profile") if getattr(requirement, name) is not None), None)
        if member is None:
            problems.add(file, f"{path}.also", found="a requirement without an expression", expected="a criterion")
        else:
            changed[member] = f"({getattr(requirement, member)}) && ({change.also})"
    if change.fresh_for_days is not None:
        most = requirement.fresh_for_days
        if requirement.evidence is None or (most is not None and change.fresh_for_days >= most):
            expected = f"fewer than {most}" if most is not None else "a requirement with evidence to date"
            problems.add(file, f"{path}.fresh_for_days", found=str(change.fresh_for_days), expected=expected)
        changed["fresh_for_days"] = change.fresh_for_days
    if change.gating is not None:
        if requirement.gating is Gating.ENFORCE:
            problems.add(file, f"{path}.gating", found="a requirement that is enforced", expected="one that advises")
        changed["gating"] = Gating.ENFORCE
    if not changed:
        problems.add(file, path, found="nothing stricter", expected="`also`, `fresh_for_days` or `gating`")
    return requirement.model_copy(update=changed)


def _more_checkpoints(spec: GateSpec, overlay: GateOverlay, file: str, problems: Problems) -> Iterator[Checkpoint]:
    there = {checkpoint.id for checkpoint in spec.checkpoints}
    for more in overlay.checkpoints:
        if more.id in there:
            if more.kind is not None or more.title is not None:
                expected = "no `kind` and no `title`; the gate has this checkpoint"
                problems.add(file, f"checkpoints[{more.id}]", found="a checkpoint of the gate, anew", expected=expected)
            continue
        if more.kind is None or more.title is None:
            expected = f"`kind` and `title` for one more checkpoint, or one of {', '.join(sorted(there))}"
            problems.add(file, f"checkpoints[{more.id}]", found="no such checkpoint", expected=expected)
            continue
        yield Checkpoint(id=more.id, kind=more.kind, title=more.title, requirements=more.requirements)


def _added_twice(known: set[str], overlay: GateOverlay) -> Iterator[str]:
    seen = set(known)
    for checkpoint in overlay.checkpoints:
        for requirement in checkpoint.requirements:
            if requirement.id in seen:
                yield requirement.id
            seen.add(requirement.id)


def _signatures(shipped: SignOff, stricter: StricterSignOff, file: str, problems: Problems) -> SignOff:
    for role, count in stricter.roles.items():
        if count <= shipped.roles.get(role, 0):
            expected = f"more than {shipped.roles[role]}, which the gate asks for already"
            problems.add(file, f"sign_off.roles.{role}", found=str(count), expected=expected)
    four_eyes = stricter.four_eyes or shipped.four_eyes
    return SignOff(roles={**shipped.roles, **stricter.roles}, four_eyes=four_eyes)
