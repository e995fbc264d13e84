"""Numba's simulator with a timetable: the threads of a block take turns, each from one barrier to the next.

Numba starts a thread of the system for every CUDA thread, lets them all run at once, and asks each of them again and
again whether it has come to the barrier: most of the time is spent on switching. Here one thread of the system runs
CUDA thread after CUDA thread, and another is started only where one has to wait in ``syncthreads``.

The order is strict, and that finds more: where a barrier is missing, the first thread reads what the others have not
written yet, or overwrites what they have not read, on every run and not by luck. Every other block goes by the order
backwards, so that it does not matter which thread is the first.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.cuda.simulator import kernel


def take_turns() -> None:
    """From now on kernels run by the timetable, and the process on one core: it never runs two threads at once."""
    kernel.BlockManager.run = run_block
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        os.sched_setaffinity(0, cores[worker % len(cores) :][:1])


class Block:
    """A block of CUDA threads on its way."""

    def __init__(self, manager: Any, index: tuple[int, int, int], body: Callable[[], None]):
        step = -1 if sum(index) % 2 else 1
        self.to_start = deque(list(np.ndindex(*manager._block_dim))[::step])
        self.waiting: list[Turns] = []
        self.error: BaseException | None = None
        self.manager, self.index, self.body = manager, index, body
        self.pause = threading.Lock()
        self.pause.acquire()


class Turns(kernel.BlockThread):
    """Runs CUDA threads, one after another, until one of them has to wait."""

    def __init__(self, block: Block):
        super().__init__(None, block.manager, block.index, (0, 0, 0), False)
        self.block, self.turn = block, threading.Lock()
        self.turn.acquire()

    def run(self) -> None:
        block = self.block
        across, down, _ = block.manager._block_dim
        try:
            while block.to_start and not block.error:
                x, y, z = block.to_start.popleft()
                self.threadIdx, self.thread_id = kernel.Dim3(x, y, z), x + across * (y + down * z)
                block.body()
        except BaseException as error:
            block.error = block.error or error
        block.pause.release()

    def syncthreads(self) -> None:
        self.block.waiting.append(self)
        self.block.pause.release()
        self.turn.acquire()
        if self.block.error:
            raise SystemExit  # another thread has failed


def run_block(manager: Any, index: tuple[int, int, int], *arguments: Any) -> None:
    """In place of ``BlockManager.run``."""
    block = Block(manager, index, lambda: manager._f(*arguments))
    while block.to_start and not block.error:
        Turns(block).start()
        block.pause.acquire()
    while block.waiting:
        arrived, block.waiting = block.waiting, []
        for thread in arrived:
            thread.turn.release()
            block.pause.acquire()
    if block.error:
        raise block.error
