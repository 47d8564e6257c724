"""The demo story: a model version goes from a training trigger point to the market, and everything is checked.

All of it runs over HTTP, through the SDK and the command line, against real processes. Each step looks at what came
of it and raises `StepFailedError` when something that is promised here did not happen.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pratique
from examples.afterwards import monitor_the_market, notice_an_incident, tamper_with_a_copy
from examples.beforehand import settle_notification_and_framework, settle_scope_and_role
from examples.cast import LATER_VERSION, MODEL, PEOPLE, SUBJECT, VERSION
from examples.checks import expect, expect_exit, flow_run_states, plain_text
from examples.folders import REGISTER, copy_evidence, write_evidence
from examples.machine import ROOT, Machine, StepFailedError, eventually
from examples.telling import Telling
from pratique.errors import ConflictError, NotAllowedError

#: A change of a gate reaches the waiting pipeline within a long poll; the rest is for a busy machine.
PATIENCE_SECONDS = 90.0
#: The first flow runs wait for the Prefect server, which takes longest to start.
FLOW_PATIENCE_SECONDS = 240.0
#: The outside evaluator has not looked at this risk yet.
UNEVALUATED = "external-evaluation.cyber-offence"
#: How soon the review that is left alone falls due.
DUE_IN_SECONDS = 1
#: Exit codes of the command line.
CLEARED, ERROR, BLOCKED, AWAITING_DECISION = 0, 1, 3, 4


class Story:
    """What happens to aurora 2.1, step by step."""

    def __init__(self, machine: Machine, telling: Telling) -> None:
        self.machine = machine
        self.telling = telling
        self._pipeline: subprocess.Popen[bytes] | None = None
        self._pipeline_log = machine.data_dir / "pipeline.log"
        self._told_lines = 0
        self._evidence = machine.data_dir / "evidence-to-send"

    def tell(self) -> None:
        """Tell the whole story.

        Raises:
            StepFailedError: a step did not happen.
        """
        for number, step in enumerate(STEPS, 1):
            self.telling.step(number, len(STEPS), (step.__doc__ or "").strip().splitlines()[0].rstrip("."))
            step(self)

    def close(self) -> None:
        """End the pipeline if it still waits."""
        if self._pipeline is not None and self._pipeline.poll() is None:
            self._pipeline.terminate()
            self._pipeline.wait()

    def give_people_tokens(self) -> None:
        """Each person gets a token of their own."""
        for person, role in PEOPLE.items():
            out = self.machine.token_file(person)
            words = ("token", "create", f"{person}-laptop", "--kind", "person", "--person", person, "--out", str(out))
            expect_exit(self.machine.command(*words), CLEARED)
            self.telling.line(f"{person}, {role}")

    def start_pipeline(self) -> None:
        """A pipeline reports a training trigger point, sends real Inspect logs, and is told why it is blocked."""
        write_evidence(self._evidence)
        token = self.machine.token_file("pipeline")
        options = ["--url", self.machine.url, "--token-file", str(token), "--evidence-dir", str(self._evidence)]
        with self._pipeline_log.open("wb") as log:
            self._pipeline = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, str(ROOT / "examples" / "pipeline.py"), *options],
                env=self.machine.environment | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._await_pipeline("waiting for training-trigger")
        gate = self.gate("training-trigger")
        expect((gate.state, gate.outcome) == ("open", "blocked"), f"expected a blocked gate: {gate.headline}")
        found = {finding.requirement: finding.status for finding in gate.open_findings}
        expect(found == {"mitigations-hold": "unmet", "escalation-decided": "unmet"}, f"expected two findings: {found}")

    def ask_from_ci(self) -> None:
        """The command line says the same to a CI job, by its exit code; a pipeline's token cannot decide."""
        self._status("training-trigger", BLOCKED)
        gate = self.gate("training-trigger")
        try:
            self.machine.client("pipeline").decide(gate, "return", "a machine wants to decide")
        except NotAllowedError as error:
            self.telling.line(f"a decision with the pipeline's token: {error.title.lower()}, {error.message}")
        else:
            raise StepFailedError("a pipeline's token could decide")

    def look_at_blocked_run(self) -> None:
        """Meanwhile the worker ran the gate's checkpoints as a Prefect flow, which ended as Blocked."""
        states = self._await_flow_run("training-trigger", "Blocked")
        self.telling.line(f"training-trigger  {' -> '.join(states)}")
        self.telling.line("nothing waits in a process now: the next event starts the next run")

    def send_mitigation_evidence(self) -> None:
        """Evidence of mitigations that hold arrives, and the gate goes to review."""
        file = copy_evidence("mitigation-record.json", self._evidence / "from-mira")
        self.run("evidence", "add", SUBJECT, str(file), person="mira")
        gate = self.gate("training-trigger")
        expect(gate.state == "in_review" and not gate.open_findings, f"expected a gate in review: {gate.headline}")
        self._status("training-trigger", AWAITING_DECISION)

    def record_risks(self) -> None:
        """The owner records the risk register: each risk in it will bring requirements of its own."""
        self.run("risk", "record", SUBJECT, str(REGISTER), person="mira")
        gate = self.gate("training-trigger")
        expect(gate.state == "in_review", f"the register concerns a gate that does not read it: {gate.headline}")

    def decide_alone(self) -> None:
        """The owner's decision alone does not clear the gate."""
        self.decide("training-trigger", "mira", "Read both logs and the new record; the filters hold.")
        gate = self.gate("training-trigger")
        expect(gate.state == "in_review", f"one person cleared the gate: {gate.headline}")
        expect([s["person"] for s in gate.sign_off.signed] == ["mira"], f"signed: {gate.sign_off.signed}")
        expect(bool(gate.sign_off.missing), "nobody else is asked for")
        self.telling.line("; ".join(gate.sign_off.missing))
        try:
            self.machine.client("mira").decide(gate, "clear", "once more")
        except ConflictError as error:
            self.telling.line(f"a second signature by mira: {error.message}")
        else:
            raise StepFailedError("one person could sign twice")

    def decide_together(self) -> None:
        """The second person's decision clears it, and the waiting pipeline goes on by itself."""
        self.decide("training-trigger", "jonas", "Agree with Mira; bypass rates are below their limits.")
        expect(self.gate("training-trigger").is_cleared, "two people signed, but the gate is not cleared")
        self._await_pipeline("training goes on")

    def waive_external_evaluation(self) -> None:
        """Pre-placement opens; one finding is waived until a date, and three people clear the gate."""
        self._await_pipeline("waiting for pre-placement")
        found = [finding.requirement for finding in self.gate("pre-placement").open_findings]
        expect(found == [UNEVALUATED], f"expected one open finding: {found}")
        asked = [finding.requirement for finding in self.gate("pre-placement").findings]
        per_risk = [name for name in asked if "." in name]
        self.telling.line(f"{len(asked)} requirements, {len(per_risk)} of them made for the four risks of the register")
        reason = "The evaluator is booked for December; access stays restricted until then"
        words = ("gate", "waive", SUBJECT, "pre-placement", UNEVALUATED, "--until", "30d", "--reason", reason)
        self.run(*words, person="ines")
        for person in PEOPLE:
            expect(not self.gate("pre-placement").is_cleared, f"cleared before {person} signed")
            self.decide("pre-placement", person, "Risks are acceptable with the named margin; the waiver is noted.")
        gate = self.gate("pre-placement")
        expect(gate.is_cleared, f"expected a cleared gate: {gate.headline}")
        (waived,) = [finding for finding in gate.findings if finding.status == "waived"]
        expect(waived.requirement == UNEVALUATED and waived.without_waiver == "unmet", str(waived))
        expect([w.person for w in gate.waivers] == ["ines"], "the waiver is not shown")
        self.telling.line(f"cleared, and still shown: {waived.line}")

    def place(self) -> None:
        """Placement is cleared by two people, and the pipeline ends."""
        self._await_pipeline("waiting for placement")
        for person in ("mira", "jonas"):
            self.decide("placement", person, "Channels were tried today; the summary is public.")
        expect(self.gate("placement").is_cleared, "placement is not cleared")
        self._await_pipeline("is placed on the market")
        pipeline = self._pipeline
        code = None if pipeline is None else pipeline.wait(PATIENCE_SECONDS)
        expect(code == 0, f"the pipeline ended with exit code {code}")

    def leave_review_overdue(self) -> None:
        """A review of aurora 2.2 is left alone; its people are reminded when it is overdue."""
        gate = self._open_later_review()
        due_at = datetime.now(UTC) + timedelta(seconds=DUE_IN_SECONDS)
        mira = self.machine.client("mira")
        mira.set_dates(gate, due_at, "The training slot was moved up; the answer is needed now")
        gate = eventually(lambda: self._overdue(), "the sweep finds the overdue review", PATIENCE_SECONDS)
        self.telling.line(f"{gate.headline}; it was due at {gate.due_at}")
        notices = [item for item in self.machine.client("jonas").inbox() if item["kind"] == "overdue"]
        expect(len(notices) == 1, f"expected one overdue notice for jonas: {len(notices)}")
        pattern = "*-jonas-overdue*.eml"
        mail = eventually(
            lambda: sorted(self.machine.mail_dir.glob(pattern)), "the reminder is mailed", PATIENCE_SECONDS
        )[0]
        self.telling.line(f"mail in {mail}:")
        self.telling.line(plain_text(mail))

    def look_at_flow_runs(self) -> None:
        """Prefect has runs of each gate, each with a state that says where the gate stood."""
        for name in ("training-trigger", "pre-placement", "placement"):
            self.telling.line(f"{name:<17} {' -> '.join(self._await_flow_run(name, 'Cleared'))}")
        gate = eventually(
            lambda: (found := self.gate("placement")) and found.links.get("prefect") and found,
            "the gate links to its flow run",
            PATIENCE_SECONDS,
        )
        self.telling.line(f"the gate links to its run: {gate.links['prefect']}")

    def verify(self) -> None:
        """The ledger proves itself, and no process met an error that it did not expect."""
        self.run("verify")
        for log in sorted((self.machine.data_dir / "logs").glob("*.log")):
            expect("Traceback" not in log.read_text(encoding="utf-8", errors="replace"), f"there is a trace in {log}")

    def gate(self, name: str) -> pratique.Gate:
        """Return the latest run of a gate of aurora 2.1."""
        return self.machine.client("pipeline").gate(MODEL, VERSION, name)

    def run(self, *words: str, person: str | None = None) -> None:
        """Run a command, show it with its answer, and expect it to succeed."""
        token = self.machine.token_file(person) if person else None
        done = expect_exit(self.machine.command(*words, token=token), CLEARED)
        self.telling.command(words)
        self.telling.line(done.stdout)

    def _status(self, gate: str, code: int) -> None:
        words = ("gate", "status", SUBJECT, gate)
        done = expect_exit(self.machine.command(*words), code)
        self.telling.command(words)
        self.telling.line(f"{done.stdout.splitlines()[0]}  (exit code {code})")

    def decide(self, gate: str, person: str, reason: str) -> None:
        """Decide as `person`, bound to what the gate shows that person now."""
        basis = (self.gate(gate).basis or "")[:12]
        words = ("gate", "decide", SUBJECT, gate, "clear", "--basis", basis, "--reason", reason)
        done = expect_exit(self.machine.command(*words, token=self.machine.token_file(person)), CLEARED)
        self.telling.line(f"{person}: {reason}")
        self.telling.line(done.stdout.splitlines()[0])

    def _await_pipeline(self, words: str) -> None:
        """Show what the pipeline prints until it prints `words`."""
        eventually(lambda: self._heard(words), f"the pipeline says {words!r}", PATIENCE_SECONDS)

    def _heard(self, words: str) -> bool:
        lines = self._pipeline_log.read_text(encoding="utf-8").splitlines()
        for line in lines[self._told_lines :]:
            self.telling.line(line)
        self._told_lines = len(lines)
        if any(words in line for line in lines):
            return True
        if self._pipeline is not None and self._pipeline.poll() is not None:
            raise StepFailedError("the pipeline ended:\n" + "\n".join(lines[-20:]))
        return False

    def _open_later_review(self) -> pratique.Gate:
        pipeline = self.machine.client("pipeline")
        pipeline.register(MODEL, LATER_VERSION, {"systemic_risk": True, "known_as": ["mockllm/model"]})
        pipeline.event(pratique.Moment.TRAINING_TRIGGER, MODEL, LATER_VERSION)
        for name in ("cbrn_mc_epochs3.eval", "cyber_agent_tools.eval", "mitigation-record.json", "security-goal.json"):
            file = copy_evidence(name, self._evidence / LATER_VERSION, version=LATER_VERSION)
            pipeline.add_evidence(file, MODEL, LATER_VERSION)
        gate = pipeline.gate(MODEL, LATER_VERSION, "training-trigger")
        expect(gate.state == "in_review", f"expected a review: {gate.headline}")
        return gate

    def _overdue(self) -> pratique.Gate | None:
        gate = self.machine.client("pipeline").gate(MODEL, LATER_VERSION, "training-trigger")
        return gate if gate.is_overdue else None

    def _await_flow_run(self, gate: str, state: str) -> list[str]:
        """Wait until no flow of the gate runs and the last one ended as `state`; return how each ended."""

        def look() -> list[str]:
            found = flow_run_states(self.machine, MODEL, VERSION, gate)
            return found if found[-1:] == [state] else []

        found = eventually(look, f"a flow run of {gate} ends as {state}", FLOW_PATIENCE_SECONDS, every=0.5)
        expect(not {"Failed", "Crashed"} & set(found), f"runs of {gate}: {found}")
        return found


#: The story, in order.
STEPS: tuple[Callable[[Story], None], ...] = (
    Story.give_people_tokens,
    settle_scope_and_role,
    settle_notification_and_framework,
    Story.start_pipeline,
    Story.ask_from_ci,
    Story.look_at_blocked_run,
    Story.send_mitigation_evidence,
    Story.record_risks,
    Story.decide_alone,
    Story.decide_together,
    Story.waive_external_evaluation,
    Story.place,
    monitor_the_market,
    notice_an_incident,
    Story.leave_review_overdue,
    Story.look_at_flow_runs,
    Story.verify,
    tamper_with_a_copy,
)
