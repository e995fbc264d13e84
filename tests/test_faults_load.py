"""Under load: no memory that grows, threads that share a model, processes, two trainings side by side."""

import copy
import gc
import multiprocessing
import os
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from resume_child import network
from tally import HEAVY, fault

import loopnet
from loopnet import datasets
from loopnet.callbacks import LambdaCallback
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS

ROW = "load: threads, processes, two trainings at once"
MEMORY = "load: memory does not grow"
MINUTES = float(os.environ.get("LOOPNET_MINUTES", "2" if HEAVY else "0"))
X = np.random.default_rng(0).standard_normal((60, 8, 8, 1)).astype(np.float32)
Y = np.arange(60) % 3


def compiled(backend: str = "tuned") -> Sequential:
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], backend=backend)
    return model


def resident() -> int:
    """Memory of this process now, in kB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the memory in use")
@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
def test_memory_does_not_grow(backend):
    """From the second tenth of the epochs to the last, less than 8 MB: a leak of one batch an epoch is more."""
    (x, y), (x_test, y_test) = datasets.load_for("digits", (32, 32, 1))
    x, y = (x[:256], y[:256]) if not MINUTES else (x, y)
    model = loopnet.lenet.lenet5(seed=0)
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"], backend=backend)
    sizes, end = [], time.monotonic() + 60 * MINUTES / 3

    def after_an_epoch(epoch, logs):
        model.predict(x_test[:50])
        model.evaluate(x_test[:33], y_test[:33], verbose=0)
        gc.collect()
        sizes.append(resident())
        model.stop_training = time.monotonic() > end and epoch >= (9 if MINUTES else 19)

    with fault(MEMORY):
        model.fit(x, y, batch_size=50, epochs=10**6, verbose=0, callbacks=[after_an_epoch], validation_split=0.1)
        settled = sizes[len(sizes) // 10 + 1]
        assert max(sizes[-3:]) - settled < 8_000, sizes[:: max(1, len(sizes) // 10)]


@pytest.mark.skipif(not HEAVY, reason="takes a minute: make test-faults")
def test_200_epochs_of_digits():
    (x, y), (x_test, y_test) = datasets.load_for("digits", (32, 32, 1))
    model = loopnet.lenet.lenet5(seed=0)
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    with fault("load: 200 epochs of digits"):
        history = model.fit(x, y, batch_size=32, epochs=200, verbose=0)
        assert len(history.epoch) == 200 and np.isfinite(history.history["loss"]).all()
        assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.97


@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
def test_threads_that_share_a_model_get_the_right_answers(backend):
    model, errors = compiled(backend), []
    expected = {n: model.predict(X[:n]) for n in (1, 7, 33, 60)}

    def ask(n: int) -> None:
        try:
            for _ in range(20):
                np.testing.assert_array_equal(model.predict(X[:n], batch_size=17), expected[n])
        except BaseException as error:
            errors.append(error)

    with fault(ROW):
        threads = [threading.Thread(target=ask, args=(n,)) for n in expected]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors


def test_a_thread_that_predicts_does_not_disturb_training():
    quiet, shared = compiled(), compiled()
    quiet.fit(X, Y, epochs=10, verbose=0)
    begun, done = threading.Event(), []

    def ask() -> None:
        begun.wait()
        done.append(shared.predict(X))

    with fault(ROW):
        asking = threading.Thread(target=ask)
        asking.start()
        listener = LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.set())
        shared.fit(X, Y, epochs=10, verbose=0, callbacks=[listener])
        asking.join()
        for a, b in zip(quiet.get_weights(), shared.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(done[0], quiet.predict(X))  # its turn came after the training


def test_a_callback_may_use_the_model_that_is_trained():
    model, seen = compiled(), []
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[lambda epoch, logs: seen.append(model.predict(X[:2]))])
    assert len(seen) == 2


def test_a_copied_model_has_a_turn_of_its_own():
    model = network()
    other = copy.deepcopy(model)
    assert other._turn is not model._turn


def train(backend: str, answer) -> None:
    try:
        model = compiled(backend)
        model.fit(X, Y, epochs=3, verbose=0)
        answer.put([w.tobytes() for w in model.get_weights()])
    except RuntimeError as error:
        answer.put(str(error))


def in_process(method: str, backend: str):
    context: Any = multiprocessing.get_context(method)
    answer = context.Queue()
    process = context.Process(target=train, args=(backend, answer))
    process.start()
    return process, answer


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_a_spawned_process_trains_to_the_same_bits(backend):
    model = compiled(backend)
    model.fit(X, Y, epochs=3, verbose=0)
    with fault(ROW):
        process, answer = in_process("spawn", backend)
        assert answer.get(timeout=120) == [w.tobytes() for w in model.get_weights()]
        process.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_a_forked_process_trains_serially_and_refuses_what_would_end_it(backend):
    import numba

    model = compiled(backend)
    model.fit(X, Y, epochs=3, verbose=0)
    compiled("tuned").fit(X, Y, verbose=0)  # now the threads have run
    with fault(ROW):
        process, answer = in_process("fork", backend)
        got = answer.get(timeout=120)
        process.join()
        if backend == "literal" or numba.threading_layer() != "omp":
            assert got == [w.tobytes() for w in model.get_weights()]
        else:
            assert got.startswith(f"backend {backend!r} cannot run in a process forked") and "\n" not in got


def test_two_trainings_side_by_side():
    model = compiled()
    model.fit(X, Y, epochs=3, verbose=0)
    with fault(ROW):
        both = [in_process("spawn", "tuned") for _ in range(2)]
        for process, answer in both:
            assert answer.get(timeout=120) == [w.tobytes() for w in model.get_weights()]
            process.join()
