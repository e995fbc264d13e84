"""How the loops share the cores. Imported before Numba, which reads these settings once, when its threads start.

OpenMP first: it opens a parallel loop in about 1.5 microseconds, where Numba's own work queue takes 90, and a
training step of LeNet-5 has two dozen of them. TBB next, then the work queue, which is always there.

A short spin: a GNU OpenMP thread that waits for work spins before it sleeps, for milliseconds by default. On a
machine whose cores are busy with something else it then spins away the very time slice that the thread it waits
for needs, and each loop takes 8 ms instead of 0.1. But to fall asleep between two loops, and to be woken, costs, too.
(Measured on 2 cores, a Zen 3 and its busy host. A training step of LeNet-5, batch 128: 8 % faster with 4,000 turns than
with 2,000, 12 % with 10,000; beside one other busy process 0.8 and 0.6 times as fast as with 2,000, beside two 1.4 and
1.5 times. On the digits at batch 16, 2 epochs: 0.1 s with any of them; beside one busy process 0.2 to 0.4 s with 2,000
turns, 0.2 to 0.6 with 4,000, 0.6 to 1.1 with 10,000; beside two 0.1 to 0.4, 0.2 to 0.7, and 1.3 to 1.5. With 300 and
1,000 turns, on another machine, steps took a third longer and 4 to 10 % longer than with 2,000.)

Both can be overridden from outside by the environment variables that are set here.
"""

import os

SETTINGS = {
    "NUMBA_THREADING_LAYER_PRIORITY": "omp tbb workqueue",
    "GOMP_SPINCOUNT": "4000",
}

for name, value in SETTINGS.items():
    os.environ.setdefault(name, value)


# ---- fork

_forked = False


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def refuse_after_fork(rung: str) -> None:
    """Raise ``RuntimeError`` where GNU OpenMP would end the process: in the child of a fork of a process whose threads
    were at work already. Serial rungs run there.
    """
    if not _forked or rung in ("python", "literal"):
        return
    import numba

    try:
        layer = numba.threading_layer()
    except ValueError:  # no parallel loop has run yet, here or before the fork
        return
    if layer == "omp":
        raise RuntimeError(
            f"backend {rung!r} cannot run in a process forked from one that has used it; start processes with "
            "multiprocessing's 'spawn', or use backend 'literal'"
        )
