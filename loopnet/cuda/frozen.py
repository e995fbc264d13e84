"""Kernels frozen to one shape: what is written as a loop runs as a straight line.

A general kernel spends most of its instructions on finding out where it is: shapes fetched from memory, indices that
might be negative, 64-bit multiplications, the bounds of five-turn loops. A kernel that is compiled for one shape knows
all of that beforehand. Three words do it, and none of them changes what a loop means; Python's own ``range`` and
``int`` would give the same answer, and in the simulator they do:

    for i in static(ROWS):      the body is written out ROWS times, with the numbers 0, 1, ... in place of i
    natural(index)              a promise that index is in 0 ... 2**32-1: 32 bits do, and none is tested for a sign
    frozen(kernel, names)       the function with all that, its free names being constants

Numbers in a small ``cuda.local.array`` that only static loops index live in registers.
"""

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from .device import SIMULATED

static = range


def natural(index: Any) -> Any:
    """``index``, which is not negative and less than 2**32."""
    return int(index)


def frozen(function: Callable[..., Any], names: dict[str, Any]) -> Callable[..., Any]:
    """``function`` with its static loops written out and the values its free names have now as its globals.

    names: where those globals live. Functions that call each other share it, and a name must mean the same to all of
    them; ``ValueError`` where it does not.
    """
    free = inspect.getclosurevars(function)
    for name, value in {"uint32": np.uint32, **free.globals, **free.nonlocals}.items():
        if names.setdefault(name, value) is not value and names[name] != value:
            raise ValueError(f"{function.__name__}: {name} is {value} here, and {names[name]} in what it calls")
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list, definition.returns = [], None
    _WriteOut(names).visit(tree)
    text = ast.unparse(ast.fix_missing_locations(tree))
    file = f"<{function.__name__}, frozen, {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # so that a traceback can quote it
    exec(compile(text, file, "exec"), names)
    result = names[function.__name__]
    result.__module__ = function.__module__
    return result


_numbers = count(1)


class _WriteOut(ast.NodeTransformer):
    """Static loops become their bodies, one after the other; ``natural(i)`` becomes a 32-bit number."""

    def __init__(self, names: dict[str, Any]):
        self.names = names

    def visit_For(self, loop: ast.For) -> Any:
        if not (isinstance(loop.iter, ast.Call) and _is_name(loop.iter.func, "static")):
            return self.generic_visit(loop)
        assert isinstance(loop.target, ast.Name)
        turns = eval(compile(ast.Expression(loop.iter.args[0]), "<static>", "eval"), self.names)
        written: list[ast.stmt] = []
        for turn in range(turns):
            for statement in loop.body:
                copy = _Put(loop.target.id, turn).visit(ast.parse(ast.unparse(statement)).body[0])
                result = self.visit(copy)
                written += result if isinstance(result, list) else [result]
        return written

    def visit_Call(self, call: ast.Call) -> ast.AST:
        self.generic_visit(call)
        if _is_name(call.func, "natural"):
            call.func = ast.Name("int" if SIMULATED else "uint32", ast.Load())
        return call


class _Put(ast.NodeTransformer):
    """A number in place of a name."""

    def __init__(self, name: str, value: int):
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(self.value) if node.id == self.name and isinstance(node.ctx, ast.Load) else node


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
