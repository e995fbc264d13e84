"""What a submission may use, seen from its source alone: the loop is the learner's work, so no library may do it.

This keeps honest people honest. It is not a wall against malice; the process that the code runs in, with a time limit
and without the answers, is what the verdict rests on.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MODULES = {
    "numpy", "numba", "math", "itertools", "functools", "typing", "collections", "dataclasses", "__future__",
    "warnings", "operator",
}  # fmt: skip

# from NumPy: types, constants, arrays to write to, and functions of single numbers
NUMPY = {
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "intp",
    "bool_", "single", "double", "floating", "integer", "generic", "ndarray", "dtype", "finfo", "iinfo", "errstate",
    "inf", "nan", "pi", "e", "newaxis", "typing", "NDArray", "ArrayLike",
    "empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like", "array", "asarray",
    "ascontiguousarray", "ndindex", "ndenumerate", "shape", "ndim", "size", "arange",
    "exp", "expm1", "log", "log1p", "log2", "sqrt", "square", "power", "abs", "absolute", "fabs", "floor", "ceil",
    "rint", "round", "trunc", "isnan", "isfinite", "isinf", "maximum", "minimum", "fmax", "fmin", "sign", "divmod",
    "mod", "floor_divide",
}  # fmt: skip

# from Numba: what compiles a loop, and types; not what makes a loop of a function of one number
NUMBA = {
    "njit", "jit", "prange", "cuda", "types", "typed", "float32", "float64", "int8", "int16", "int32", "int64", "uint8",
    "uint16", "uint32", "uint64", "intp", "boolean", "void", "set_num_threads", "get_num_threads", "get_thread_id",
}  # fmt: skip

FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "open", "input", "globals", "locals", "vars", "getattr", "setattr",
    "delattr", "breakpoint", "memoryview", "__builtins__",
}  # fmt: skip


@dataclass(frozen=True)
class Offence:
    line: int
    words: str


def offences(source: str) -> Iterator[Offence]:
    """What the source uses that it may not, from the top down. Raises ``SyntaxError``."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not _is_main_guard(node)]
    names, own = {"numpy": "numpy", "numba": "numba"}, _own_names(tree)
    for node in sorted(_positioned(tree), key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _imported(alias.name, node.lineno)
                if alias.name in ALLOWED:
                    names[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from _imported(module, node.lineno)
            if module in ALLOWED:
                for alias in node.names:
                    yield from _taken(module, alias.name, node.lineno)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield from _taken(names[node.value.id], node.attr, node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__"):
            yield Offence(node.lineno, f"uses {node.attr}, which no loop needs")
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN - own:
            yield Offence(node.lineno, f"uses {node.id}, which no loop needs")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield Offence(node.lineno, "uses @, which does the whole sum at once; write the loop")


def _own_names(tree: ast.AST) -> set[str]:
    """Arguments and variables, which may be called as they like: the article's pooling has an ``input``."""
    nodes = list(ast.walk(tree))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _positioned(tree: ast.AST) -> list[Any]:
    return [node for node in ast.walk(tree) if hasattr(node, "lineno")]


def _imported(module: str, line: int) -> Iterator[Offence]:
    root = module.partition(".")[0]
    if root == "loopnet":
        yield Offence(line, "imports loopnet, whose kernels are what you are to write")
    elif root not in MODULES:
        yield Offence(line, f"imports {root or module}, which no loop needs")
    elif root == "numpy" and module not in ("numpy", "numpy.typing"):
        yield Offence(line, f"imports {module}, which would do the work of the loop")


ALLOWED = {"numpy": NUMPY, "numba": NUMBA}


def _taken(library: str, name: str, line: int) -> Iterator[Offence]:
    short = "np" if library == "numpy" else library
    if name == "*":
        yield Offence(line, f"imports everything from {library}; name what you need")
    elif name not in ALLOWED[library]:
        yield Offence(line, f"uses {short}.{name}, which would do the work of the loop; write the loop itself")


def _is_main_guard(node: ast.stmt) -> bool:
    """``if __name__ == "__main__":``, which is not run here."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and "__name__" in ast.unparse(node.test)


def carried(source: str, function: str) -> tuple[int, str] | None:
    """A number that one turn of a prange hands to the next: (line, name), or None.

    It is changed inside the loop before the turn has given it a value of its own. Numba's answer would depend on how
    the turns are shared among the threads.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.For) and _is_prange(node.iter):
            given = {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
            found = _first_carried(node.body, given, _assigned(node.body) - _added_up(node.body))
            if found:
                return found
    return None


def has_prange(source: str) -> bool:
    return any(isinstance(node, ast.For) and _is_prange(node.iter) for node in ast.walk(ast.parse(source)))


def _is_prange(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and "prange" in ast.unparse(node.func)


def _assigned(body: list[ast.stmt]) -> set[str]:
    nodes = (node for statement in body for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _added_up(body: list[ast.stmt]) -> set[str]:
    """Names that the loop only adds to, which Numba adds up for each thread and then together: no race."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    added = [
        node.target for node in nodes if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub)
    ]
    named = [node for node in nodes if isinstance(node, ast.Name)]
    return {name.id for name in named if all(any(other is a for a in added) for other in named if other.id == name.id)}


def _first_carried(body: list[ast.stmt], given: set[str], own: set[str]) -> tuple[int, str] | None:
    """Walk the statements in order; ``given`` grows with each name that has got a value in this turn."""
    for statement in body:
        reads: list[ast.AST] = [statement]
        if isinstance(statement, ast.For | ast.While | ast.If):
            reads = [statement.iter] if isinstance(statement, ast.For) else [statement.test]
        for node in (node for part in reads for node in ast.walk(part)):
            loaded = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                node, loaded = node.target, True
            if loaded and isinstance(node, ast.Name) and node.id in own and node.id not in given:
                return node.lineno, node.id
        if isinstance(statement, ast.For):
            given |= {name.id for name in ast.walk(statement.target) if isinstance(name, ast.Name)}
        if isinstance(statement, ast.For | ast.While | ast.If):
            found = _first_carried(statement.body, given, own) or _first_carried(statement.orelse, given, own)
            if found:
                return found
        else:
            given |= _assigned([statement])
    return None
