"""Benchmarks anyone can repeat: ``loopnet bench``. See ``README.md`` in this folder.

    kernels   the ladder: every operation on every rung, checked against the oracle and then timed
    train     whole training steps and inference, beside PyTorch, TensorFlow and JAX
    table     the README's table, from the results

What is measured lives in ``cases.py`` and ``nets.py``, how in ``timing.py``, and the peers in ``peers/``.
"""
