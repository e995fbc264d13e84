"""Numba's simulator with a timetable: the threads of a block take turns, each from one barrier to the next.

Numba starts a thread of the system for every CUDA thread, lets them all run at once, and asks each of them again and
again whether it has come to the barrier: most of the time is spent on switching. Here one thread of the system runs
CUDA thread after CUDA thread, and another comes in only where one has to wait in ``syncthreads``. They stay for the
blocks that follow.

The order is strict, and that finds more: where a barrier is missing, the first thread reads what the others have not
written yet, or overwrites what they have not read, on every run and not by luck. Every other block goes by the order
backwards, so that it does not matter which thread is the first.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numba.cuda.simulator import kernel
from shortcuts import take_shortcuts


def take_turns() -> None:
    """From now on kernels run by the timetable, and the process on one core: it never runs two threads at once."""
    kernel.BlockManager.run = run_block
    take_shortcuts()
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        os.sched_setaffinity(0, cores[worker % len(cores) :][:1])


class Block:
    """A block of CUDA threads on its way."""

    def __init__(self, manager: Any, index: tuple[int, int, int], body: Callable[[], None]):
        step = -1 if sum(index) % 2 else 1
        self.to_start = deque(list(np.ndindex(*manager._block_dim))[::step])
        self.at_the_barrier: deque[Turns] = deque()
        self.past_the_barrier: deque[Turns] = deque()
        self.error: BaseException | None = None
        self.size, self.index, self.body = kernel.Dim3(*manager._block_dim), kernel.Dim3(*index), body
        self.over = threading.Lock()
        self.over.acquire()

    def go_on(self) -> None:
        """Whoever runs has to wait or has ended: now the next one runs, and there is no other in between."""
        if self.to_start:
            turns = Turns.idle.pop() if Turns.idle else Turns()
            turns.block = self
        elif self.at_the_barrier or self.past_the_barrier:
            if not self.past_the_barrier:
                self.at_the_barrier, self.past_the_barrier = self.past_the_barrier, self.at_the_barrier
            turns = self.past_the_barrier.popleft()
        else:
            self.over.release()
            return
        turns.turn.release()


class Turns(threading.Thread):
    """Runs CUDA threads, one after another, until one of them has to wait; then those of the next block."""

    idle: ClassVar[list["Turns"]] = []
    block: Block

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.turn = threading.Lock()
        self.turn.acquire()
        self.start()

    def run(self) -> None:
        while True:
            self.turn.acquire()
            block = self.block
            self.blockIdx, across, down = block.index, block.size.x, block.size.y
            try:
                while block.to_start:
                    x, y, z = block.to_start.popleft()
                    self.threadIdx, self.thread_id = kernel.Dim3(x, y, z), x + across * (y + down * z)
                    block.body()
            except BaseException as error:
                block.error = block.error or error
                block.to_start.clear()
            self.idle.append(self)
            block.go_on()

    def syncthreads(self) -> None:
        self.block.at_the_barrier.append(self)
        self.block.go_on()
        self.turn.acquire()
        if self.block.error:
            raise SystemExit  # another thread has failed


def run_block(manager: Any, index: tuple[int, int, int], *arguments: Any) -> None:
    """In place of ``BlockManager.run``."""
    block = Block(manager, index, lambda: manager._f(*arguments))
    block.go_on()
    block.over.acquire()
    if block.error:
        raise block.error
