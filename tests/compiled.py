"""Kernels as machine code, on a machine without a GPU: what the compiler made of them, register by register.

:func:`launches` runs code that launches kernels, with NumPy arrays for device memory, and notes each launch in place of
it; :func:`build` compiles one of them to PTX, the assembly language of a machine that does not exist, and from there to
SASS, that of a card that does. NVVM and nvJitLink, the two compilers, come with numba-cuda and need no driver.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from loopnet.kernels.textbook import TEXTBOOK
from loopnet.ops import Ops

ARCHITECTURES = ((7, 5), (8, 0), (9, 0))
"""Turing, Ampere and Hopper; PTX is made for the oldest, and is good for all."""


def require_compiler() -> None:
    """Skip the module that calls this where the compilers are not installed."""
    pytest.importorskip("numba_cuda", reason="numba-cuda is not installed: pip install 'loopnet[cuda13]'")
    for library in ("nvvm", "nvjitlink"):
        try:
            __import__(f"cuda.bindings.{library}", fromlist=["version"]).version()
        except Exception as error:  # a missing shared library is a different error in each version
            pytest.skip(f"{library} cannot be loaded ({error}): pip install 'loopnet[cuda13]'", allow_module_level=True)


@dataclass(frozen=True)
class Launch:
    kernel: Any
    """What ``cuda.jit`` returned."""
    types: tuple[Any, ...]
    """Of its arguments, as Numba calls them."""
    threads: int
    """In a block."""

    @property
    def name(self) -> str:
        module = self.kernel.py_func.__module__.removeprefix("loopnet.cuda.")
        return f"{module}.{self.kernel.py_func.__name__}"


@contextmanager
def launches() -> Iterator[list[Launch]]:
    """In the block nothing is launched and device memory is NumPy's; afterwards the list holds what would have been
    launched, each kernel once for each choice of argument types.
    """
    from numba import cuda
    from numba.cuda.dispatcher import CUDADispatcher

    from loopnet.cuda import device

    noted: dict[Any, Launch] = {}

    def note(kernel: Any, configuration: Any) -> Callable[..., None]:
        threads = int(np.prod(configuration[1]))

        def launch(*arguments: Any) -> None:
            types = tuple(kernel.typeof_pyval(argument) for argument in arguments)
            noted.setdefault((kernel, types), Launch(kernel, types, threads))

        return launch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CUDADispatcher, "__getitem__", note)
        patch.setattr(cuda, "to_device", np.array)
        patch.setattr(cuda, "device_array", np.empty)
        patch.setattr(device, "require", lambda: None)
        found: list[Launch] = []
        yield found
        found += noted.values()


def on_host(backend: str) -> Ops:
    """A CUDA rung whose memory is NumPy's."""
    from loopnet.cuda import literal
    from loopnet.cuda.tiled import table

    textbook = Ops(name="cuda_literal", **literal.kernels(TEXTBOOK))
    return textbook if backend == "cuda_literal" else replace(textbook, name=backend, **table.KERNELS)


@dataclass(frozen=True)
class Report:
    name: str
    architecture: tuple[int, int]
    ptx: str
    registers: int
    stack: int
    """Bytes of local memory, which lies in slow device memory: arrays that did not fit into registers."""
    spilled: int
    """Bytes moved there and back because registers ran out."""
    shared: int
    """Bytes of memory that the threads of a block share."""

    def __str__(self) -> str:
        return (
            f"{self.name} for sm_{self.architecture[0]}{self.architecture[1]}: {self.registers} registers, "
            f"{self.stack} bytes of stack, {self.spilled} bytes spilled"
        )


@cache
def to_ptx(launch: Launch, architecture: tuple[int, int] = ARCHITECTURES[0]) -> str:
    from numba import cuda
    from numba.cuda import dispatcher

    options = launch.kernel.targetoptions
    with pytest.MonkeyPatch.context() as patch:
        # device functions ask the driver which card to compile for
        patch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=architecture))
        ptx, _ = cuda.compile(
            launch.kernel.py_func, launch.types, device=False, abi="numba", output="ptx", cc=architecture,
            fastmath=options.get("fastmath", False), launch_bounds=options.get("launch_bounds"),
        )  # fmt: skip
    return ptx


def build(launch: Launch, architecture: tuple[int, int], native: bool = False) -> Report:
    """Machine code for one architecture; from its own PTX if ``native``, else from that of the oldest."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    ptx = to_ptx(launch, architecture if native else ARCHITECTURES[0])
    options = LinkerOptions(arch=f"sm_{architecture[0]}{architecture[1]}", ptxas_options=["-v"], verbose=True)
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    linker.link("cubin")
    log = linker.get_info_log()
    entry = re.search(r"\.visible \.entry (\w+)", ptx)
    assert entry, f"{launch.name}: no kernel in\n{ptx[:500]}"
    properties = re.search(
        rf"Function properties for {entry[1]}\s.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
        r"(\d+) bytes spill loads\s.*?Used (\d+) registers",
        log, re.DOTALL,
    )  # fmt: skip
    assert properties, f"{launch.name}: no report in\n{log[:500]}"
    stack, stores, loads, registers = map(int, properties.groups())
    shared = max(map(int, re.findall(r"(\d+) bytes smem", log)), default=0)  # known when all is linked
    return Report(launch.name, architecture, ptx, registers, stack, stores + loads, shared)


def check(report: Report, threads: int) -> None:
    """What every kernel for single precision has to keep to."""
    doubles = sorted(set(re.findall(r"\S*\.f64\S*", report.ptx)))
    assert not doubles, f"{report.name}: double precision crept in: {', '.join(doubles)}"
    assert report.spilled == 0, f"{report}: expected none"
    assert report.stack == 0, f"{report}: expected none"
    assert report.registers * threads <= 65536, f"{report}: too many for one block of {threads} threads"
    assert report.shared <= 49152, f"{report}: {report.shared} bytes of shared memory, 49152 are there without asking"
    assert report.registers <= 168, f"{report}: expected at most 168, so that three blocks of 128 threads fit"


def instructions_per_fma(ptx: str) -> float:
    """In the innermost loop with most multiply-adds: all instructions, for each of them."""
    lines = [line.strip() for line in ptx.splitlines()]
    label = {line.split(":")[0]: at for at, line in enumerate(lines) if re.match(r"\$?\w+:", line)}
    best = (0, 0)
    for at, line in enumerate(lines):
        branch = re.search(r"\bbra(?:\.uni)?\s+(\$?\w+);", line)
        if branch and label.get(branch[1], at) < at:
            body = [part for part in lines[label[branch[1]] : at + 1] if part.endswith(";")]
            inner = not any(
                label.get(other, at + 1) <= at and label[other] > label[branch[1]]
                for other in re.findall(r"bra(?:\.uni)?\s+(\$?\w+);", "\n".join(body[:-1]))
            )
            fmas = Counter(part.split()[0] for part in body)["fma.rn.f32"]
            if inner and fmas > best[0]:
                best = (fmas, len(body))
    assert best[0], "no loop with multiply-adds"
    return best[1] / best[0]
