"""CEL over cel-expr-python, behind the `Criteria` protocol: only a real `true` is a yes."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from pratique.criteria import strict
from pratique.criteria.syntax import Node, tree_of
from pratique.criteria.values import ValueRefusedError, checked_text, fingerprint, plain_copy
from pratique.criteria.wire import WireError
from pratique.domain.evaluation import BoundFacts, Judgement

#: Bound facts kept for reuse. One holds a copy of its facts, some tens of kilobytes with the engine's own.
MAX_BINDINGS = 256

#: Compiled expressions kept. A rule book has hundreds; old editions that runs are pinned to add to them.
MAX_PROGRAMS = 4096

#: Reasons stand in findings that people read; the engine's own can run over pages.
MAX_REASON = 240

_STATUS = re.compile(r"^[A-Z_]{4,}: | \[[A-Z_]{4,}\]$")  #: the engine's status words around a message
_MISSING = re.compile(r"^Key not found in map : (.+)$")

#: What is read of the profile where every mention of it is one of these.
_PROFILE_MEMBER = re.compile(r"profile\s*\.\s*([A-Za-z_]\w*)")

_NO_CONDITION = "No matching overloads found : <jump_condition>"

_BOOL, _ERROR = cel.Type.BOOL, cel.Type.ERROR
_YES, _NO = Judgement(True), Judgement(False)
_DYNAMIC = "DYN"  #: what the checker calls a type it cannot know before it sees the facts


class CelCriteria:
    """Judges CEL expressions over the variables `facts` and `profile`, both maps of text to any value.

    The engine's own answers cannot be trusted as they come: an error is a *truthy* value, not an exception.
    So a judgement holds only where the result's type is BOOL and the value is `True` itself; everything
    else is None with its reason. What CEL itself forgives (an error beside a decided answer, an empty `all`,
    NaN) is taken out of the program first: see `pratique.criteria.strict`. Safe to use from several threads.
    """

    def __init__(self, *, max_bindings: int = MAX_BINDINGS) -> None:
        self._programs = _Programs()
        self._bindings: OrderedDict[str, _Held] = OrderedDict()
        self._profiles: dict[bytes, dict[str, Any]] = {}
        self._last: tuple[Mapping[str, Any], bytes | None] | None = None  #: profile bound last, and its fingerprint
        self._max_bindings = max_bindings
        self._lock = threading.Lock()

    def bind(self, profile: Mapping[str, Any], facts: Mapping[str, Any], *, key: str) -> BoundFacts:
        """Bind facts and profile, once for all expressions on the same `key`.

        Values that expressions would misread are refused: then every judgement is None with that reason.
        A key that comes again with other values gets a binding of its own, never the old answers. Many files are
        bound beside one profile, so the same object is taken for the same values: it is not to be changed.
        """
        of_profile = self._fingerprint_of(profile)
        with self._lock:
            held = self._bindings.get(key)
            if held is not None and held.is_of(of_profile, facts):
                self._bindings.move_to_end(key)
                return held.bound
        try:
            held = self._hold(profile, facts, of_profile)
        except ValueRefusedError as refused:
            return _Refused(str(refused))
        except Exception as error:  # the engine's binding raises bare RuntimeErrors; none of them may pass a gate
            return _Refused(short(error))
        with self._lock:
            self._bindings[key] = held
            self._bindings.move_to_end(key)
            while len(self._bindings) > self._max_bindings:
                self._bindings.popitem(last=False)
        return held.bound

    def compile_check(self, expression: str) -> list[str]:
        """Return what is wrong with `expression` before any facts are seen; empty when nothing is.

        Finds syntax errors, names other than `facts` and `profile`, and a result known not to be boolean.
        """
        program = self._programs.get(expression)
        return [program] if isinstance(program, str) else []

    def tree(self, expression: str) -> Node | None:
        """Return what `expression` is made of; None where it does not compile."""
        serialized = self._programs.serialized(expression)
        try:
            return tree_of(serialized) if serialized is not None else None
        except (WireError, RecursionError):
            return None

    def _hold(self, profile: Mapping[str, Any], facts: Mapping[str, Any], of_profile: bytes | None) -> _Held:
        # Facts are copied first: the copy ends with what has no end, of which no fingerprint could be taken.
        values = {"facts": plain_copy(facts, "facts"), "profile": self._profile(profile, of_profile)}
        return _Held(of_profile, fingerprint(values["facts"]), _Bound(self._programs, values))

    def _fingerprint_of(self, profile: Mapping[str, Any]) -> bytes | None:
        last = self._last
        if last is None or last[0] is not profile:
            last = self._last = (profile, fingerprint(profile))
        return last[1]

    def _profile(self, profile: Mapping[str, Any], of: bytes | None) -> dict[str, Any]:
        """Return a copy of the profile; many files are bound beside the same one, and nobody changes it."""
        copy = self._profiles.get(of) if of is not None else None
        if copy is None:
            copy = plain_copy(profile, "profile")
            if of is not None:
                if len(self._profiles) >= self._max_bindings:
                    self._profiles.clear()
                self._profiles[of] = copy
        return copy


@dataclass(frozen=True, slots=True)
class _Held:
    """A binding with the fingerprints of the values it was made of."""

    of_profile: bytes | None
    of_facts: bytes | None
    bound: _Bound

    def is_of(self, of_profile: bytes | None, facts: Mapping[str, Any]) -> bool:
        """True when these values are the same; what has no fingerprint is like no other."""
        if None in (self.of_profile, self.of_facts) or self.of_profile != of_profile:
            return False
        return self.of_facts == fingerprint(facts)


class _Bound:
    """Facts and profile bound once. Values never change, so an answer given once is kept."""

    def __init__(self, programs: _Programs, values: dict[str, Any]) -> None:
        self._programs = programs
        self._values = values
        self._activations: dict[frozenset[str] | None, Any] = {}  #: by the members of the profile that are in it
        self._answers: dict[str, Judgement] = {}
        self._lock = threading.Lock()  # whether two threads may share one Activation is not documented

    def judge(self, expression: str) -> Judgement:
        answer = self._answers.get(expression)
        if answer is None:
            with self._lock:
                answer = self._answers[expression] = self._evaluate(expression)
        return answer

    def _evaluate(self, expression: str) -> Judgement:
        program = self._programs.get(expression)
        if isinstance(program, str):
            return Judgement(None, program)
        try:
            result = program.eval(self._activation(expression))
            value, kind = result.value(), result.type()
        except Exception as error:  # step limit, recursion limit: the engine raises bare RuntimeErrors
            return Judgement(None, short(error))
        if kind == _BOOL and (value is True or value is False):
            return _YES if value is True else _NO
        if kind == _ERROR:
            return Judgement(None, short(value))
        return Judgement(None, f"the result is {kind.name()}, expected BOOL")

    def _activation(self, expression: str) -> Any:
        """Return the values that an expression can name.

        The engine turns all values of an activation into its own with the first expression on it. Of the profile, which
        may hold a whole risk register, only the members that an expression names are put beside the facts.
        """
        members = _profile_members(expression)
        activation = self._activations.get(members)
        if activation is None:
            values = dict(self._values)
            if members is not None:
                profile = values["profile"]
                values["profile"] = {name: profile[name] for name in members if name in profile}
            activation = self._activations[members] = self._programs.activation(values)
        return activation


@lru_cache(maxsize=MAX_PROGRAMS)
def _profile_members(expression: str) -> frozenset[str] | None:
    """Return members of the profile, all those that `expression` can name among them; None where it can name any."""
    named = _PROFILE_MEMBER.findall(expression)
    return frozenset(named) if len(named) == expression.count("profile") else None


class _Refused:
    """Facts that cannot be bound: no expression can be judged on them."""

    def __init__(self, reason: str) -> None:
        self._judgement = Judgement(None, reason)

    def judge(self, expression: str) -> Judgement:
        return self._judgement


class _Programs:
    """Compiled expressions by their text; a text that does not compile is kept as the reason why."""

    def __init__(self) -> None:
        value = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
        options: dict[str, Any] = {"variables": {"facts": value, "profile": value}}
        self._written = cel.NewEnv(**options, extensions=[ext_strings.ExtStrings()])
        self._env = cel.NewEnv(**options, extensions=[ext_strings.ExtStrings()], functions=strict.functions())
        self._known: dict[str, Any] = {}
        self._lock = threading.Lock()

    def activation(self, values: dict[str, Any]) -> Any:
        return self._env.Activation(values)

    def get(self, expression: str) -> Any:
        """Return the compiled program, or the reason (a `str`) why there is none."""
        program = self._known.get(expression)  # one atomic look; the lock is for those who write
        if program is None:
            with self._lock:
                if len(self._known) >= MAX_PROGRAMS:
                    self._known.clear()
                program = self._known[expression] = self._compile(expression)
        return program

    def serialized(self, expression: str) -> bytes | None:
        """Return a program as it was written, not made strict; None where it does not compile."""
        if isinstance(self.get(expression), str):
            return None
        found: bytes = self._written.compile(expression).serialize()
        return found

    def _compile(self, expression: str) -> Any:
        try:
            checked_text(expression)
        except ValueRefusedError as refused:
            return f"does not compile: {refused}"
        try:
            program = self._written.compile(expression)
        except Exception as error:  # bare RuntimeErrors for syntax, names and limits
            return cut(f"does not compile: {short(error)}")
        kind = program.return_type()
        if kind != _BOOL and kind.name() != _DYNAMIC:
            return f"the result is {kind.name()}, expected BOOL"
        try:
            return self._env.deserialize(strict.strict(program.serialize()))
        except WireError as error:
            return f"does not compile: the engine serialized {error}"
        except Exception:  # of what was compiled, only what is too deep for the engine's reader does not come back
            return "does not compile: nested too deeply"


def short(error: object) -> str:
    """Return the engine's message on one line, without its status words and its picture of the source."""
    lines = [line for line in str(error).splitlines() if not line.startswith(" |")]
    text = " ".join(" ".join(lines).replace("ERROR: <input>:", "at ").split())
    text = _STATUS.sub("", text) or type(error).__name__
    text = _MISSING.sub(r"the facts have no member \1", text)
    return cut(text.replace(_NO_CONDITION, "something that is not true or false stands as a condition"))


def cut(text: str) -> str:
    """Return a reason as long as people read one."""
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
