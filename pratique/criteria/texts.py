"""CEL that picks texts out of a foreign document: rules of hooks, as fail-closed as criteria are."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from pratique.criteria import strict
from pratique.criteria.cel import cut, short
from pratique.criteria.values import ValueRefusedError, checked_text, plain_copy
from pratique.criteria.wire import WireError

#: Compiled expressions kept; a source has a handful.
MAX_PROGRAMS = 2048
#: Longest text that an expression may give.
MAX_TEXT = 4096

Kind = Literal["text", "flag"]
_TYPES: dict[Kind, Any] = {"text": cel.Type.STRING, "flag": cel.Type.BOOL}
_DYNAMIC = "DYN"


class ExpressionError(ValueError):
    """An expression has no answer on these values; `str()` is the reason."""


@dataclass(frozen=True, slots=True)
class Values:
    """Values bound once for the expressions of one document."""

    activation: Any


class CelTexts:
    """CEL over named variables of any JSON value; an answer is exactly a text, or exactly true or false.

    The same traps are closed as for criteria: an error of the engine is a truthy value, text is cut at NUL, one integer
    beyond 64 bits makes all an error, an error beside a decided answer is dropped. Here each ends in `ExpressionError`.
    Safe to use from several threads.
    """

    def __init__(self, variables: tuple[str, ...]) -> None:
        options: dict[str, Any] = {"variables": dict.fromkeys(variables, cel.Type.DYN)}
        self._variables = variables
        self._written = cel.NewEnv(**options, extensions=[ext_strings.ExtStrings()])
        self._env = cel.NewEnv(**options, extensions=[ext_strings.ExtStrings()], functions=strict.functions())
        self._known: dict[tuple[Kind, str], Any] = {}
        self._lock = threading.Lock()

    def bind(self, **values: Any) -> Values:
        """Return the values, one for each variable, as expressions see them.

        Raises:
            ExpressionError: they hold what expressions would misread; says where.
        """
        if set(values) != set(self._variables):
            raise ValueError(f"found values of {sorted(values)}, expected {sorted(self._variables)}")
        copy: dict[str, Any] = {}
        for name, value in values.items():
            try:
                copy[name] = plain_copy({name: value}, "")[name]
            except ValueRefusedError as refused:
                raise ExpressionError(str(refused).removeprefix(".")) from None
        try:
            return Values(self._env.Activation(copy))
        except Exception as error:  # the engine raises bare RuntimeErrors
            raise ExpressionError(short(error)) from None

    def text(self, expression: str, values: Values) -> str:
        """Return the text that an expression gives.

        Raises:
            ExpressionError: it gives an error, something other than text, or a text too long or with a NUL.
        """
        found = self._result(expression, values, "text")
        if type(found) is not str:
            raise ExpressionError(f"the result is {type(found).__name__}, expected text")
        if len(found) > MAX_TEXT:
            raise ExpressionError(f"the result has {len(found)} characters, expected at most {MAX_TEXT}")
        try:
            return checked_text(found)
        except ValueRefusedError as refused:
            raise ExpressionError(f"the result is {refused}") from None

    def flag(self, expression: str, values: Values) -> bool:
        """Return whether an expression holds.

        Raises:
            ExpressionError: it gives an error, or something other than true or false.
        """
        found = self._result(expression, values, "flag")
        if found is not True and found is not False:
            raise ExpressionError(f"the result is {type(found).__name__}, expected true or false")
        return found is True

    def trouble(self, expression: str, kind: Kind) -> str | None:
        """Return why an expression cannot give a text or flag, as far as that is known without values; else None."""
        program = self._program(expression, kind)
        return program if isinstance(program, str) else None

    def _result(self, expression: str, values: Values, kind: Kind) -> Any:
        program = self._program(expression, kind)
        if isinstance(program, str):
            raise ExpressionError(program)
        try:
            result = program.eval(values.activation)
            found, is_kind = result.value(), result.type()
        except Exception as error:  # step limit, recursion limit
            raise ExpressionError(short(error)) from None
        if is_kind == cel.Type.ERROR:
            raise ExpressionError(short(found))
        if is_kind != _TYPES[kind]:
            raise ExpressionError(f"the result is {is_kind.name()}, expected {_TYPES[kind].name()}")
        return found

    def _program(self, expression: str, kind: Kind) -> Any:
        program = self._known.get((kind, expression))
        if program is None:
            with self._lock:
                if len(self._known) >= MAX_PROGRAMS:
                    self._known.clear()
                program = self._known[kind, expression] = self._compile(expression, kind)
        return program

    def _compile(self, expression: str, kind: Kind) -> Any:
        try:
            checked_text(expression)
            program = self._written.compile(expression)
        except ValueRefusedError as refused:
            return f"does not compile: {refused}"
        except Exception as error:  # syntax, unknown names, limits
            return cut(f"does not compile: {short(error)}")
        found = program.return_type()
        if found != _TYPES[kind] and found.name() != _DYNAMIC:
            return f"the result is {found.name()}, expected {_TYPES[kind].name()}"
        try:
            return self._env.deserialize(strict.strict(program.serialize()))
        except WireError as error:
            return f"does not compile: the engine serialized {error}"
        except Exception:  # too deep for the engine's reader
            return "does not compile: nested too deeply"
