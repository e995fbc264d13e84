"""How the loops share the cores. Imported before Numba, which reads these settings once, when its threads start.

OpenMP first: it opens a parallel loop in about 1.5 microseconds, where Numba's own work queue takes 90, and a
training step of LeNet-5 has two dozen of them. TBB next, then the work queue, which is always there.

A short spin: a GNU OpenMP thread that waits for work spins before it sleeps, for milliseconds by default. On a
machine whose cores are busy with something else it then spins away the very time slice that the thread it waits
for needs, and each loop takes 8 ms instead of 0.1. But to fall asleep between two loops, and to be woken, costs, too.
(Measured on 2 cores. A training step of LeNet-5: 4 to 10 % faster with 2,000 turns than with 1,000, and no faster with
10,000; a third slower with 300. On the digits at batch 16, 4 epochs: 0.16 s with any of them; beside two other busy
processes 0.4 to 1.2 s with 1,000 turns, 0.7 to 0.8 with 2,000, 0.7 to 1.2 with 4,000, 0.6 to 2.9 with 10,000.)

Both can be overridden from outside by the environment variables that are set here.
"""

import os

SETTINGS = {
    "NUMBA_THREADING_LAYER_PRIORITY": "omp tbb workqueue",
    "GOMP_SPINCOUNT": "2000",
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
