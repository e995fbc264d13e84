"""What can be read off a loop before it runs: its lines, its loops, and where in a line numbers are read and written.

The stepper highlights the source as it stands in the file; to say what a line did, it needs to know where in that
line a number was read (``total += x[n, row, col, c] * w[r, s, c, k]``: two reads, one local, one assignment).
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Loop:
    """A ``for`` or ``while``: the variable it counts ("" for ``while``), its header's line, its body's last line."""

    variable: str
    line: int
    end: int
    depth: int
    """How many loops there are around it."""


@dataclass(frozen=True)
class Part:
    """A piece of a line: plain text, a local variable, the n-th number that the line reads from arrays, or an item of
    something that is no array (``stride[0]``).
    """

    kind: str
    """``text``, ``local``, ``read`` or ``item``."""
    text: str
    """The piece as written."""
    number: int = 0
    """Of a read: which of the line's reads it is."""


@dataclass(frozen=True)
class Write:
    """Where a line writes to: the name it uses for the array, and the names that index it ("" for other indices)."""

    name: str
    index: tuple[str, ...]
    line: int


@dataclass
class Statement:
    """One line that runs: an assignment, the head of a loop or of an ``if``."""

    line: int
    end: int
    kind: str
    """``for``, ``while``, ``if``, ``assign``, ``augment``, or ``other``."""
    depth: int
    """How many loops it is in; the head of a loop is not in its own."""
    assigned: tuple[str, ...] = ()
    """The local variables that it may change."""
    parts: list[Part] = field(default_factory=list)
    """Its value (of an ``if``, its condition), with the places where numbers stand."""
    operator: str = ""
    """Of ``augment``: ``+``, ``-``, ..."""
    body: tuple[int, int] = (0, 0)
    """Of ``if`` and loops: the lines that run if it holds."""
    writes: tuple[Write, ...] = ()
    accumulates: str = ""
    """The local variable that the line adds something read from an array to."""


class Source:
    """A function's own text, taken apart. ``arrays``: which of its arguments are arrays.

    Raises ``ValueError`` where Python keeps no source: at its prompt, say.
    """

    def __init__(self, function: Callable, arrays: Collection[str]):
        try:
            lines, first = inspect.getsourcelines(function)
            self.file = Path(inspect.getsourcefile(function) or "")
        except (OSError, TypeError):
            name = getattr(function, "__name__", repr(function))
            raise ValueError(f"{name}: expected a Python function whose source is in a file or a notebook") from None
        self.name = function.__name__
        text = textwrap.dedent("".join(lines))
        tree = ast.parse(text).body[0]
        if not isinstance(tree, ast.FunctionDef):
            raise ValueError(f"{self.name}: expected a function written with def")
        ast.increment_lineno(tree, first - 1)
        self.parameters = [argument.arg for argument in tree.args.args]
        self._text = text.splitlines()
        self._first = first
        self._tree = tree
        self._arrays = set(arrays)
        self.loops: list[Loop] = []
        self.statements: dict[int, Statement] = {}
        """By the line they start at."""
        self._walk(tree.body, 0)

    @cached_property
    def lines(self) -> list[tuple[int, str]]:
        """The source, line by line with its numbers, without the docstring."""
        body = self._tree.body
        hidden: range = range(0)
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            hidden = range(body[0].lineno, (body[0].end_lineno or 0) + 1)
        numbered = enumerate(self._text, start=self._first)
        return [(number, text.rstrip()) for number, text in numbered if number not in hidden]

    @cached_property
    def start_of(self) -> dict[int, int]:
        """For every line of a statement, the line it starts at."""
        return {line: s.line for s in self.statements.values() for line in range(s.line, s.end + 1)}

    def loop_of(self, line: int) -> Loop | None:
        """The innermost loop whose body the line is in; a loop's head is not in its own body."""
        around = [loop for loop in self.loops if loop.line < line <= loop.end]
        return max(around, key=lambda loop: loop.depth, default=None)

    def loop_at(self, line: int) -> Loop | None:
        """The loop whose head the line is."""
        return next((loop for loop in self.loops if loop.line == line), None)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Names for another shape of an argument's memory: ``values = x.reshape(-1)`` makes values another x."""
        known: dict[str, str] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                for target, value in _pairs(node.targets[0], node.value):
                    array = _reshaped(value)
                    if isinstance(target, ast.Name) and array in self.parameters:
                        known[target.id] = array
        return known

    @cached_property
    def _rows(self) -> set[str]:
        """Names for part of an argument: ``row = image[i]``."""
        nodes = (node for node in ast.walk(self._tree) if isinstance(node, ast.Assign) and len(node.targets) == 1)
        pairs = (pair for node in nodes for pair in _pairs(node.targets[0], node.value))
        return {
            target.id for target, value in pairs if isinstance(target, ast.Name) and isinstance(value, ast.Subscript)
        }

    def array_of(self, name: str) -> str:
        """The argument behind a name."""
        return self.aliases.get(name, name)

    @cached_property
    def writes(self) -> list[Write]:
        """Every place where an array is written, in the order of the lines."""
        return [write for line in sorted(self.statements) for write in self.statements[line].writes]

    def indices(self, array: str) -> list[tuple[str, ...]]:
        """How an array is indexed, place by place in the source: names where indices are names, "" elsewhere."""
        found = []
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Subscript):
                base, index = _subscript(node)
                if isinstance(base, ast.Name) and base.id == array:
                    found.append(tuple(i.id if isinstance(i, ast.Name) else "" for i in index))
        return found

    def owners(self) -> dict[str, list[Write]]:
        """Loop variables that each own part of what is written, with the writes that they index.

        Every write inside a loop over such a variable is indexed by it. So a turn of the loop never touches what
        another turn writes; and none hands the next a running total. The turns can then be run without each other,
        which is the argument that lets ``prange`` share them out, too.
        """
        owners = {}
        for variable in dict.fromkeys(loop.variable for loop in self.loops if loop.variable):
            loops = [loop for loop in self.loops if loop.variable == variable]
            heads = {loop.line for loop in loops}
            assigned_elsewhere = any(variable in s.assigned for line, s in self.statements.items() if line not in heads)
            inside = [[w for w in self.writes if loop.line < w.line <= loop.end] for loop in loops]
            if assigned_elsewhere or not all(inside) or any(self._hands_on(loop) for loop in loops):
                continue
            if all(variable in write.index for writes in inside for write in writes):
                owners[variable] = [write for writes in inside for write in writes]
        return owners

    def _hands_on(self, loop: Loop) -> bool:
        """Whether a total is added up from turn to turn: in the loop it is only ever added to."""
        inside = [s for line, s in self.statements.items() if loop.line < line <= loop.end]
        added = {name for s in inside if s.kind == "augment" for name in s.assigned}
        return bool(added - {name for s in inside if s.kind == "assign" for name in s.assigned})

    # ---- reading the tree ------------------------------------------------------------------------------------------

    def _walk(self, body: list[ast.stmt], depth: int) -> None:
        for node in body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            statement = self._statement(node, depth)
            self.statements[statement.line] = statement
            inner = depth
            if isinstance(node, (ast.For, ast.While)):
                variable = node.target.id if isinstance(node, ast.For) and isinstance(node.target, ast.Name) else ""
                self.loops.append(Loop(variable, node.lineno, node.body[-1].end_lineno or node.lineno, depth))
                inner = depth + 1
            for part in ("body", "orelse"):
                self._walk(getattr(node, part, []), inner)

    def _statement(self, node: ast.stmt, depth: int) -> Statement:
        nested = getattr(node, "body", None)
        end = max(node.lineno, nested[0].lineno - 1) if nested else node.end_lineno or node.lineno
        statement = Statement(node.lineno, end, "other", depth)
        if nested:
            statement.body = nested[0].lineno, nested[-1].end_lineno or nested[-1].lineno
        if isinstance(node, ast.For):
            statement.kind, statement.assigned = "for", tuple(_names(node.target))
        elif isinstance(node, (ast.If, ast.While)):
            statement.kind = "if" if isinstance(node, ast.If) else "while"
            statement.parts = self._parts(node.test)
        elif isinstance(node, ast.AugAssign):
            statement.kind, statement.operator = "augment", _OPERATORS.get(type(node.op), "?")
            before = 1 if isinstance(node.target, ast.Subscript) else 0  # the old number is read first
            statement.parts = self._parts(node.value, before)
            self._targets(statement, [node.target])
            if isinstance(node.target, ast.Name) and any(part.kind == "read" for part in statement.parts):
                statement.accumulates = node.target.id
        elif isinstance(node, ast.Assign):
            statement.kind = "assign"
            statement.parts = self._parts(node.value)
            self._targets(statement, node.targets)
        return statement

    def _targets(self, statement: Statement, targets: list[ast.expr]) -> None:
        flat = [leaf for target in targets for leaf in _leaves(target)]
        statement.assigned = tuple(leaf.id for leaf in flat if isinstance(leaf, ast.Name))
        writes = []
        for leaf in flat:
            if isinstance(leaf, ast.Subscript):
                base, index = _subscript(leaf)
                if isinstance(base, ast.Name):
                    names = tuple(i.id if isinstance(i, ast.Name) else "" for i in index)
                    if base.id in self._rows:  # which row of the array that is, the index does not say
                        names = ()
                    writes.append(Write(base.id, names, statement.line))
        statement.writes = tuple(writes)

    def _parts(self, node: ast.expr, reads: int = 0) -> list[Part]:
        """The text of an expression, cut where numbers stand in it."""
        places = sorted(self._places(node, reads), key=lambda place: place[0])
        text = self._span(node)
        origin = self._offset(node.lineno, node.col_offset)
        parts, at = [], 0
        for start, end, part in places:
            start, end = start - origin, end - origin
            if start > at:
                parts.append(Part("text", " ".join(text[at:start].split("\n"))))
            parts.append(part)
            at = end
        if at < len(text):
            parts.append(Part("text", " ".join(text[at:].split("\n"))))
        return parts

    def _places(self, node: ast.expr, reads: int) -> Iterator[tuple[int, int, Part]]:
        """Where numbers stand in an expression, in the order in which Python looks them up."""
        count = reads

        def look(node: ast.AST, shown: bool) -> Iterator[tuple[int, int, Part]]:
            nonlocal count
            if isinstance(node, ast.Subscript):
                base, index = _subscript(node)
                for part in index:
                    yield from look(part, False)
                is_array = isinstance(base, ast.Name) and self.array_of(base.id) in self._arrays
                if shown and isinstance(base, ast.Name):
                    yield (*self._range(node), Part("read" if is_array else "item", self._span(node), count))
                count += is_array
                return
            if isinstance(node, ast.Attribute):  # x.shape, dx.dtype.type: no number of the computation
                return
            if isinstance(node, ast.Call):
                for argument in node.args:
                    yield from look(argument, shown)
                return
            if isinstance(node, ast.Name) and shown:
                yield (*self._range(node), Part("local", node.id))
            for child in ast.iter_child_nodes(node):
                yield from look(child, shown)

        yield from look(node, True)

    def _range(self, node: ast.AST) -> tuple[int, int]:
        return (
            self._offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _span(self, node: ast.AST) -> str:
        start, end = self._range(node)
        return "\n".join(self._text)[start:end]

    def _offset(self, line: int, column: int) -> int:
        """A place in the text, counted from its start; ``ast`` counts columns in bytes."""
        before = self._text[: line - self._first]
        here = self._text[line - self._first].encode()[:column].decode()
        return sum(len(text) + 1 for text in before) + len(here)


_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitXor: "^", ast.BitAnd: "&", ast.BitOr: "|", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


def _leaves(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [leaf for element in target.elts for leaf in _leaves(element)]
    return [target]


def _names(target: ast.expr) -> list[str]:
    return [leaf.id for leaf in _leaves(target) if isinstance(leaf, ast.Name)]


def _subscript(node: ast.Subscript) -> tuple[ast.expr, list[ast.expr]]:
    """What is indexed, and all its indices: ``a[i, j]`` and ``a[i][j]`` alike."""
    index: list[ast.expr] = []
    base: ast.expr = node
    while isinstance(base, ast.Subscript):
        here = list(base.slice.elts) if isinstance(base.slice, ast.Tuple) else [base.slice]
        index = here + index
        base = base.value
    return base, index


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _reshaped(value: ast.expr) -> str:
    """The array in ``array.reshape(...)``, ``array[i]`` or ``array`` itself; "" for anything else."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "reshape":
        value = value.func.value
    elif isinstance(value, ast.Subscript):
        value = _subscript(value)[0]
    return value.id if isinstance(value, ast.Name) else ""
