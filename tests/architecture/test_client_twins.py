"""The two clients are one: the asynchronous source, with `async` and `await` taken out, is the synchronous one.

Compared are the trees of both sources: every class, method, signature, default, docstring and statement. What is
about the event loop alone is named in `LOOP_ALONE`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import pratique

CLIENT = Path(__file__).resolve().parents[2] / "pratique" / "client"

#: The asynchronous modules whose twin is not called `sync_...`.
TWINS = {"async_gate.py": "gate.py"}
#: Bytes on the wire are moved by two libraries; tests/unit/test_client_*.py hold both to the same contract.
TRANSPORT = "async_transport.py"
#: What an event loop needs, and the making of a client ("" is what stands in the class itself).
LOOP_ALONE = {
    "": {"_side_by_side"},
    "Client": {"", "__init__"},
    "Sender": {"", "__init__", "__aenter__", "__aexit__", "close", "_reached", "send_once"},
}

PAIRS = sorted(path.name for path in CLIENT.glob("async_*.py") if path.name != TRANSPORT)


def _plain(text: str) -> str:
    text = re.sub(r"\bAsync(?=[A-Z])", "", text)
    return text.replace("Asynchronous", "Synchronous").replace("asynchronous", "synchronous")


class _WithoutAwait(ast.NodeTransformer):
    """Rewrites an asynchronous tree into the synchronous one that says the same."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        members = {name: getattr(node, name) for name in node._fields}
        return self.visit(ast.FunctionDef(**members, lineno=node.lineno))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.visit(ast.With(items=node.items, body=node.body))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.visit(ast.For(target=node.target, iter=node.iter, body=node.body, orelse=node.orelse))

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.For(
                target=ast.Name(id=name), body=[ast.Expr(value=ast.Yield(value=ast.Name(id=given)))], orelse=[]
            ) if name == given:
                return ast.Expr(value=ast.YieldFrom(value=node.iter))
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="to_thread"), args=[called, *rest]):
                return self.visit(ast.Call(func=called, args=rest, keywords=node.value.keywords))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"), args=args):
                sleep = ast.Attribute(value=ast.Name(id="time", ctx=ast.Load()), attr="sleep", ctx=ast.Load())
                return self.visit(ast.Call(func=sleep, args=args, keywords=[]))
        return self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(id=_plain(node.id), ctx=node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(value=_plain(node.value)) if isinstance(node.value, str) else node


def _text(node: ast.AST) -> str:
    """The source that the tree stands for, once rewritten."""
    return ast.unparse(ast.fix_missing_locations(_WithoutAwait().visit(node)))


def _methods(tree: ast.Module) -> dict[tuple[str, str], ast.AST]:
    found: dict[tuple[str, str], ast.AST] = {}
    for one in tree.body:
        if isinstance(one, ast.ClassDef):
            members = [item for item in one.body if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            found[one.name, ""] = ast.Module(body=[*one.decorator_list, *one.bases, *members], type_ignores=[])
            for item in one.body:
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[one.name, item.name] = item
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            found["", one.name] = one
    return found


def _source(name: str) -> ast.Module:
    return ast.parse((CLIENT / name).read_text(encoding="utf-8"))


def _twin(name: str) -> str:
    return TWINS.get(name, name.replace("async_", "sync_"))


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_differs_in_awaiting_alone(name: str) -> None:
    awaited = {
        (_plain(owner), method): _text(node)
        for (owner, method), node in _methods(_source(name)).items()
        if method not in LOOP_ALONE.get(_plain(owner), ())
    }
    plain = {
        (owner, method): _text(node)
        for (owner, method), node in _methods(_source(_twin(name))).items()
        if method not in LOOP_ALONE.get(owner, ())
    }
    assert awaited.keys() == plain.keys()
    for key, text in awaited.items():
        assert text == plain[key], key


def test_both_clients_have_the_same_namespaces() -> None:
    plain, awaited = (vars(one(url="http://127.0.0.1:1", token="t")) for one in (pratique.Client, pratique.AsyncClient))
    kinds = {name: _plain(type(value).__name__) for name, value in awaited.items() if name != "_transport"}
    assert kinds == {name: type(value).__name__ for name, value in plain.items() if name != "_transport"}
    assert {"Client", "Gate"} < {owner for name in PAIRS for owner, _ in _methods(_source(_twin(name)))}


def test_a_method_that_only_one_of_them_mends_is_found() -> None:
    awaited, plain = ast.parse("async def f(self): return await a(1)"), ast.parse("def f(self): return a(2)")
    assert _text(awaited) != _text(plain)
    assert _text(ast.parse("async def f(self): return await a(2)")) == _text(plain)
