"""The same seed gives the same bits on a rung: again, with any number of threads, in another process."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from tally import fault

from loopnet import layers
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS

ROW = "determinism: again, on other threads, in other processes"


def digest(backend: str) -> str:
    """A sum of all bits that a short training leaves: weights, history and predictions."""
    random = np.random.default_rng(0)
    few = backend == "python"
    x = random.standard_normal((9 if few else 70, 10, 10, 1)).astype(np.float32)
    y = np.arange(len(x)) % 3
    model = Sequential(
        [layers.Input((10, 10, 1)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(2),
         layers.Conv2D(2, 2, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.Flatten(),
         layers.Dropout(0.3), layers.Dense(3, activation="softmax")],
        seed=11,
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], backend=backend)
    history = model.fit(x, y, batch_size=4 if few else 32, epochs=1 if few else 3, validation_split=0.2, verbose=0)
    parts = [*model.get_weights(), model.predict(x), *map(np.array, history.history.values())]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


@pytest.mark.parametrize("backend", BACKENDS)
def test_again_and_with_any_number_of_threads(backend):
    expected, most = digest(backend), numba.config.NUMBA_NUM_THREADS
    try:
        for threads in dict.fromkeys([1, 2, most // 2, most, most]):
            if 1 <= threads <= most:
                numba.set_num_threads(threads)
                with fault(ROW):
                    assert digest(backend) == expected, f"{threads} threads"
    finally:
        numba.set_num_threads(most)


@pytest.mark.parametrize("backend", BACKENDS)
def test_in_another_process_with_one_thread_and_more_threads_than_cores(backend):
    expected = digest(backend)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_determinism as t; "
    for threads in ("1", "5"):
        environment = {**os.environ, "NUMBA_NUM_THREADS": threads, "LOOPNET_TALLY": ""}
        command = [sys.executable, "-c", code + f"print(t.digest({backend!r}))"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        with fault(ROW):
            assert done.stdout.strip() == expected, done.stderr


def test_rungs_of_the_same_source_agree_to_the_bit():
    assert digest("literal") == digest("parallel")
