"""The gate page: what a person reads before deciding, and the forms in which they decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from pratique.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, PratiqueError
from pratique.web.dashboard import words
from pratique.web.dashboard.forms import DatesForm, DecisionForm, WaiverForm, read_reason
from pratique.web.dashboard.ports import GateRef, Viewer
from pratique.web.dashboard.shell import Shell, gate_url
from pratique.web.dashboard.views import FindingView, GateView

_PATH = "/models/{model}/{version}/gates/{gate}"

Field = Annotated[str, Form()]
Occasion = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointGroup:
    """The findings of one checkpoint."""

    id: str
    kind: str
    title: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a form came back."""

    form: str  #: `decision`, `waiver`, `revoke` or `dates`
    status: int
    message: str
    is_conflict: bool


class GatePage:
    """The gate page and its four forms."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(_PATH, self.show, methods=["GET"])
        router.add_api_route(f"{_PATH}/decisions", self.decide, methods=["POST"])
        router.add_api_route(f"{_PATH}/waivers", self.waive, methods=["POST"])
        router.add_api_route(f"{_PATH}/waivers/{{waiver_id}}/revoke", self.revoke, methods=["POST"])
        router.add_api_route(f"{_PATH}/dates", self.move_dates, methods=["POST"])

    def show(self, request: Request, model: str, version: str, gate: str, occasion: Occasion = "") -> Response:
        """Show the gate."""
        ref = GateRef(model=model, version=version, gate=gate, occasion=occasion or None)
        return self._render(request, self._shell.viewer(request), ref)

    def decide(
        self,
        request: Request,
        model: str,
        version: str,
        gate: str,
        occasion: Occasion = "",
        act: Field = "",
        role: Field = "",
        reason: Field = "",
        basis: Field = "",
        row_version: Field = "",
    ) -> Response:
        """Record a decision."""
        viewer = self._shell.viewer(request)
        ref = GateRef(model=model, version=version, gate=gate, occasion=occasion or None)
        typed = DecisionForm(act=act, role=role, reason=reason, basis=basis, row_version=row_version)
        refusal = _attempt("decision", lambda: self._shell.acts.decide(viewer, ref, typed.read()))
        if refusal is not None:
            return self._render(request, viewer, ref, refusal=refusal, decision=typed)
        return self._back(ref, "decided")

    def waive(
        self,
        request: Request,
        model: str,
        version: str,
        gate: str,
        occasion: Occasion = "",
        requirement: Field = "",
        reason: Field = "",
        last_day: Field = "",
        row_version: Field = "",
    ) -> Response:
        """Grant a waiver."""
        viewer = self._shell.viewer(request)
        ref = GateRef(model=model, version=version, gate=gate, occasion=occasion or None)
        typed = WaiverForm(requirement=requirement, reason=reason, last_day=last_day, row_version=row_version)
        now = self._shell.clock()
        refusal = _attempt("waiver", lambda: self._shell.acts.waive(viewer, ref, typed.read(now)))
        if refusal is not None:
            return self._render(request, viewer, ref, refusal=refusal, waiver=typed)
        return self._back(ref, "waived")

    def revoke(
        self,
        request: Request,
        model: str,
        version: str,
        gate: str,
        waiver_id: str,
        occasion: Occasion = "",
        reason: Field = "",
        basis: Field = "",
    ) -> Response:
        """Revoke a waiver."""
        viewer = self._shell.viewer(request)
        ref = GateRef(model=model, version=version, gate=gate, occasion=occasion or None)
        refusal = _attempt(
            "revoke", lambda: self._shell.acts.revoke_waiver(viewer, ref, waiver_id, read_reason(reason), basis)
        )
        if refusal is not None:
            return self._render(request, viewer, ref, refusal=refusal, revoked=(waiver_id, reason))
        return self._back(ref, "revoked")

    def move_dates(
        self,
        request: Request,
        model: str,
        version: str,
        gate: str,
        occasion: Occasion = "",
        due_day: Field = "",
        follow_up_day: Field = "",
        reason: Field = "",
        row_version: Field = "",
    ) -> Response:
        """Move the dates."""
        viewer = self._shell.viewer(request)
        ref = GateRef(model=model, version=version, gate=gate, occasion=occasion or None)
        typed = DatesForm(due_day=due_day, follow_up_day=follow_up_day, reason=reason, row_version=row_version)
        now = self._shell.clock()
        refusal = _attempt("dates", lambda: self._shell.acts.move_dates(viewer, ref, typed.read(now)))
        if refusal is not None:
            return self._render(request, viewer, ref, refusal=refusal, dates=typed)
        return self._back(ref, "dated")

    def _back(self, ref: GateRef, flash: str) -> Response:
        return self._shell.go(gate_url(ref.model, ref.version, ref.gate, ref.occasion), flash)

    def _render(
        self,
        request: Request,
        viewer: Viewer,
        ref: GateRef,
        *,
        refusal: Refusal | None = None,
        decision: DecisionForm | None = None,
        waiver: WaiverForm | None = None,
        dates: DatesForm | None = None,
        revoked: tuple[str, str] = ("", ""),
    ) -> Response:
        reads = self._shell.reads
        now = self._shell.clock()
        view = reads.gate_view(ref, now)
        held = reads.roles_of(viewer.id, view["model"])
        judged = {judged for found in view["findings"] if (judged := found.get("evidence"))}
        return self._shell.page(
            request,
            "gate.html",
            viewer,
            status=refusal.status if refusal else 200,
            gate=view,
            sheet=reads.sheet(view["spec_digest"]),
            checkpoints=tuple(grouped(view["findings"])),
            evidence=reads.evidence_by_id(judged),
            waivers={waiver["id"]: waiver for waiver in view["waivers"]},
            occasions=reads.occasions(ref),
            history=reads.gate_runs_history(view["gate_run"]),
            roles=roles_to_offer(view, held),
            may_waive=any(role in view["sign_off"]["roles"] for role in held),
            acts=words.acts_allowed(view["state"]),
            waivable=tuple(f for f in view["findings"] if f["status"] not in ("met", "not_applicable", "waived")),
            refusal=refusal,
            decision=decision or DecisionForm(),
            waiver_form=waiver or WaiverForm(),
            dates_form=dates or DatesForm(),
            revoked=revoked,
        )


def grouped(findings: Sequence[FindingView]) -> Iterator[CheckpointGroup]:
    """Yield the checkpoints of a gate in the order of its spec, each with its findings."""
    members: dict[str, list[FindingView]] = {}
    for finding in findings:
        members.setdefault(finding["checkpoint"], []).append(finding)
    for checkpoint, group in members.items():
        yield CheckpointGroup(
            id=checkpoint,
            kind=group[0]["checkpoint_kind"],
            title=group[0].get("checkpoint_title") or words.spoken(checkpoint).capitalize(),
            findings=tuple(group),
        )


def roles_to_offer(view: GateView, held: Sequence[str]) -> tuple[str, ...]:
    """Return the roles in which a person with these roles may decide: those that sign, and the owner's."""
    asked = tuple(role for role in view["sign_off"]["roles"] if role in held)
    return asked if "owner" in asked or "owner" not in held else (*asked, "owner")


def _attempt(form: str, act: Callable[[], None]) -> Refusal | None:
    """Run an act; return why it was refused. What is not about the form itself goes on to the error page."""
    try:
        act()
    except (ConflictError, InvalidInputError, NotAllowedError) as error:
        return Refusal(
            form=form, status=error.status, message=_said(error), is_conflict=isinstance(error, ConflictError)
        )
    except NotFoundError as error:  # such as a requirement or a waiver that the gate does not have
        return Refusal(form=form, status=error.status, message=_said(error), is_conflict=False)
    return None


def _said(error: PratiqueError) -> str:
    said = error.message[:1].upper() + error.message[1:]
    return f"{said} ({error.hint})" if error.hint else said
