"""The stepper in a terminal: rich and arrow keys where there are, plain lines where the output goes into a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .trace import Read, Term, Trace, whole_index
from .words import deed, number, place

KEYS = "→ ← step   ↓ over the loop   ↑ out of it   n p next, previous cell   g go to the cell   q quit"
MOST_TERMS = 12
LEAST_LINES = 5
"""Of the source, on a small screen, before terms are left out."""


def print_plain(trace: Trace, write: Callable[[str], object] = print) -> None:
    """The work on the cell that was asked for, a step a line, and what it was made of."""
    for line in head(trace):
        write(line)
    start, end = trace.span(trace.cell)
    width = len(str(max(trace.source.statements)))
    texts = dict(trace.source.lines)
    longest = max(len(texts[line].strip()) for line in set(trace.record.lines[start : end + 1]))
    write("")
    for step in range(start, end + 1):
        number_ = trace.record.lines[step]
        write(f"{number_:>{width}}  {texts[number_].strip():<{longest}}   {deed(trace, step)}".rstrip())
    write("")
    for line in summary(trace, trace.cell):
        write(line)


def head(trace: Trace) -> list[str]:
    """What is shown, in a few lines."""
    lines = [trace.title, *trace.notes, f"recorded: {trace.window_in_words()}, {len(trace):,} steps"]
    if trace.compiled:
        agreement = "equals" if trace.same_bits else "differs in the last bits from"
        lines.append(f"what was stepped {agreement} {trace.compiled}" + (", bit for bit" if trace.same_bits else ""))
    return lines


def summary(trace: Trace, cell: tuple[int, ...]) -> list[str]:
    """A cell, and the largest numbers that it was made of."""
    terms = trace.provenance(cell)
    index = whole_index(trace.output, trace.arrays[trace.output].after.shape, cell)
    value = trace.value(trace.output, trace.ravel(trace.output, index), len(trace))
    lines = [f"{place(Read(trace.output, index, value))} = {number(value)}"]
    winner = trace.winner(cell)
    if winner is not None:
        lines[0] += f": of {len(terms)} candidates {place(winner.reads[0])} wins"
    elif terms and terms[0].total is not None:
        lines[0] += f": {len(terms)} terms, the largest first"
    lines += [f"  {_term(term)}" for term in terms[:MOST_TERMS]]
    if len(terms) > MOST_TERMS:
        lines.append(f"  and {len(terms) - MOST_TERMS:,} more")
    return lines


def _term(term: Term) -> str:
    numbers = " * ".join(f"{place(read)} {number(read.value)}" for read in term.reads)
    return f"{numbers} = {number(term.added)}" if term.total is not None and len(term.reads) > 1 else numbers


# ---- with rich


class Browser:
    """A place in the trace, moved by keys. ``move`` takes a key by name and says whether to go on."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.step = trace.span(trace.cell)[0]
        output = (event for event in trace.record.writes if event[1] == trace.output)
        self._cells = {trace.unravel(trace.output, at): None for _, _, at, _ in output}
        self._spans = sorted((*trace.span(cell), cell) for cell in self._cells)

    @property
    def cell(self) -> tuple[int, ...]:
        """The cell whose work the step is part of, or else the next one; at the end, the last."""
        return next((cell for _, end, cell in self._spans if end >= self.step), self._spans[-1][2])

    def move(self, key: str) -> bool:
        trace, last = self.trace, len(self.trace) - 1
        starts = [start for start, _, _ in self._spans]
        if key == "right":
            self.step = min(self.step + 1, last)
        elif key == "left":
            self.step = max(self.step - 1, 0)
        elif key == "down":
            self.step = trace.over(self.step)
        elif key == "up":
            self.step = trace.out(self.step)
        elif key == "n":
            self.step = next((start for start in starts if start > self.step), last)
        elif key == "p":
            self.step = next((start for start in reversed(starts) if start < self.step), 0)
        elif key == "g":
            self.step = trace.span(trace.cell)[0]
        return key != "q"

    def render(self, console: Any) -> Any:
        """A screenful: the source with the line that ran, what it did, the variables, the largest terms of the cell,
        and the keys. The source gets the lines that the others leave.
        """
        from rich.console import Group
        from rich.text import Text

        for terms in range(MOST_TERMS // 2, -1, -1):
            below = self._below(terms)
            room = console.size.height - 1 - len(console.render_lines(below))
            if room >= LEAST_LINES:
                break
        return Group(Text(self.trace.title, "bold"), self._source(max(room, 1)), below)

    def _below(self, terms: int) -> Any:
        """What stands under the source."""
        from rich.columns import Columns
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        trace, step = self.trace, self.step
        variables = [f"[dim]{name}[/] {number(value)}" for name, value in trace.variables(step).items() if name != "_"]
        of_cell = Text("\n".join(summary(trace, self.cell)[: terms + 1]))
        return Group(
            Panel(Text(deed(trace, step)), border_style="yellow"),
            Columns(variables, padding=(0, 2)),
            Panel(of_cell, border_style="dim"),
            Text(f"step {step + 1:,} of {len(trace):,}   {KEYS}", "dim"),
        )

    def _source(self, room: int) -> Any:
        """So many lines around the one that ran."""
        from rich.syntax import Syntax
        from rich.table import Table
        from rich.text import Text

        lines = self.trace.source.lines
        at = next(i for i, (line, _) in enumerate(lines) if line == self.trace.record.lines[self.step])
        first = min(max(at - room // 2, 0), max(len(lines) - room, 0))
        shown = lines[first : first + room]
        source = Syntax("\n".join(text for _, text in shown), "python", theme="ansi_dark", background_color="default")
        rows = Table.grid(padding=(0, 1))
        for number_, (line, _) in enumerate(shown):
            marked = first + number_ == at
            code = source.highlight(shown[number_][1])
            code.rstrip()
            if marked:
                code.stylize("bold reverse")
            rows.add_row(Text("▶" if marked else " ", "yellow"), Text(str(line), "dim"), code)
        return rows


def browse(trace: Trace) -> None:
    """Step with the arrow keys. Needs rich and a terminal on both sides."""
    from rich.console import Console
    from rich.live import Live

    browser, console = Browser(trace), Console()
    with keys() as read, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(browser.render(console), refresh=True)
            if not browser.move(read()):
                break


def can_browse() -> bool:
    """Whether there is a person at a terminal that reads single keys."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        import termios  # noqa: F401
    except ImportError:
        try:
            import msvcrt  # noqa: F401
        except ImportError:
            return False
    return True


_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
_WINDOWS_ARROWS = {"H": "up", "P": "down", "M": "right", "K": "left"}


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """A function that waits for a key: ``right``, ``left``, ``up``, ``down``, or the letter. Ctrl-C interrupts."""
    try:
        import termios
        import tty
    except ImportError:
        yield _windows_key
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield _key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key() -> str:
    """One key of a terminal; an arrow is three characters, ESC [ A to D. The end of the input is ``q``."""
    import os

    pressed = os.read(sys.stdin.fileno(), 8).decode(errors="replace")
    if pressed.startswith(("\x1b[", "\x1bO")) and len(pressed) >= 3:
        return _ARROWS.get(pressed[2], "")
    return {" ": "right", "": "q", "\x1b": "q"}.get(pressed, pressed[:1])


def _windows_key() -> str:
    import msvcrt

    pressed = msvcrt.getwch()  # type: ignore[attr-defined]
    if pressed in ("\x00", "\xe0"):
        return _WINDOWS_ARROWS.get(msvcrt.getwch(), "")  # type: ignore[attr-defined]
    if pressed == "\x03":
        raise KeyboardInterrupt
    return {" ": "right", "\x1b": "q"}.get(pressed, pressed)
