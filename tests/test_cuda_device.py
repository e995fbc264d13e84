"""What is said where a CUDA rung cannot run, and what is never imported before one is asked for."""

import importlib.util
import inspect
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import loopnet
from loopnet import doctor
from loopnet.cli import main
from loopnet.cuda import device, literal
from loopnet.cuda.launch import Launcher
from loopnet.layers import Dense, Input
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS, CUDA_BACKENDS, TEXTBOOK

NO_DRIVER = "\nCUDA driver library cannot be found.\nEnsure that a compatible NVIDIA driver is installed.\n"
NO_DEVICE = "Call to cuInit results in CUDA_ERROR_NO_DEVICE (100)"
OLD_DRIVER = "Call to cuInit results in CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)"

# what is installed, what the driver says -> the one line
STATES = {
    "nothing installed": (False, NO_DRIVER, r"numba-cuda is not installed; pip install 'loopnet\[cuda13\]'"),
    "no driver": (True, NO_DRIVER, r"no NVIDIA driver is installed here; install the one for your card, or use a CPU"),
    "no GPU": (True, NO_DEVICE, r"the driver finds no GPU here; use a CPU backend, such as 'tuned'"),
    "no compiler": (True, None, r"\(NVVM\) is not installed; pip install 'loopnet\[cuda13\]'"),
    "anything else": (True, OLD_DRIVER, r"the driver does not start \(Call to .*DRIVER_MISMATCH \(803\)\); use a CPU"),
}


@pytest.fixture
def machine(monkeypatch):
    """Makes this machine one on which CUDA cannot run, in one of the ways of STATES."""

    def pretend(installed, error):
        found = {"numba_cuda": object() if installed else None}
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: found[name])
        monkeypatch.setattr(device, "cuda", SimpleNamespace(is_available=lambda: False, cuda_error=lambda: error))
        monkeypatch.setattr(device, "SIMULATED", False)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return pretend


@pytest.fixture(params=CUDA_BACKENDS)
def backend(request, monkeypatch):
    of_a_cpu = {name: rung for name, rung in loopnet.ops._made.items() if name in CPU_BACKENDS}
    monkeypatch.setattr(loopnet.ops, "_made", of_a_cpu)  # not what an earlier test, on a machine with a GPU, has got
    return request.param


@pytest.mark.parametrize("state", STATES)
def test_one_line_that_says_which(machine, backend, state):
    installed, error, line = STATES[state]
    machine(installed, error)
    with pytest.raises(device.DeviceError, match=line) as raised:
        loopnet.get_ops(backend)
    assert str(raised.value).startswith("CUDA: ") and "\n" not in str(raised.value)
    assert doctor.cuda() == str(raised.value).replace("CUDA: ", "not available: ")


def test_hidden_devices_are_mentioned(machine, monkeypatch):
    machine(True, NO_DEVICE)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(device.DeviceError, match=r"finds no GPU here, with CUDA_VISIBLE_DEVICES=''; use a CPU"):
        device.require()


def test_on_the_command_line(machine, backend, tmp_path, monkeypatch, capsys):
    """Nothing is trained instead, on any other rung."""
    machine(True, NO_DEVICE)
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--data", "digits", "--epochs", "1", "--backend", backend]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("loopnet: error: CUDA: the driver finds no GPU") and captured.err.count("\n") == 1
    assert not captured.out and not list(tmp_path.iterdir())


def test_a_model_stays_as_it_was(machine, backend):
    machine(True, NO_DRIVER)
    model = Sequential([Input((3,)), Dense(2)], seed=1)
    model.compile("adam", "mse")
    before = model.get_weights()
    with pytest.raises(OSError, match="no NVIDIA driver"):
        model.compile("sgd", "mse", backend=backend)
    assert type(model.optimizer).__name__ == "Adam" and model.layers[0].backend == "tuned"
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=1, verbose=0)


def test_a_card_that_works_is_named(monkeypatch):
    card = SimpleNamespace(name=b"Card 1", compute_capability=(9, 0))
    context = SimpleNamespace(get_memory_info=lambda: (3 * 2**29, 2**31))
    there = {"is_available": lambda: True, "get_current_device": lambda: card, "current_context": lambda: context}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(device, "cuda", SimpleNamespace(**there))
    monkeypatch.setattr(device, "SIMULATED", False)
    assert doctor.cuda() == "Card 1, compute capability 9.0, 1.5 of 2.0 GiB free"


def test_doctor_survives_a_broken_driver(monkeypatch):
    def broken():
        raise RuntimeError("libcuda is\nbroken")

    monkeypatch.setattr(device, "require", broken)
    assert doctor.cuda() == "not available: libcuda is broken"


# In processes of their own: what has been imported cannot be taken back.


def in_a_process(code, **environment):
    path = os.pathsep.join([os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": path, **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **own}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cpu_rungs_import_nothing_of_cuda():
    out = in_a_process(
        "import sys, loopnet, loopnet.cli\n"
        f"for name in {CPU_BACKENDS}: loopnet.get_ops(name)\n"
        "from loopnet.layers import Dense, Input\n"
        "model = loopnet.Sequential([Input((2,)), Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "print([name for name in sys.modules if name.startswith(('numba.cuda', 'loopnet.cuda', 'cuda.'))])"
    )
    assert out.strip() == "[]"


def test_numba_cuda_that_cannot_be_imported():
    """Installed without the libraries that it needs, or a Numba that has no numba.cuda at all."""
    out = in_a_process(
        "import sys, loopnet\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numba.cuda': raise ImportError('CUDA bindings\\nnot found')\n"
        "sys.meta_path.insert(0, Missing())\n"
        f"for name in {CUDA_BACKENDS}:\n"
        "    try: loopnet.get_ops(name)\n"
        "    except OSError as error: print(error)"
    )
    for line in out.splitlines():
        assert re.search(r"CUDA: numba-cuda cannot be imported \(CUDA bindings not found\); pip install", line)
    assert len(out.splitlines()) == len(CUDA_BACKENDS)


# The twins: what stands in the table, and how it was made from the CPU's loops.


def source_of(kernel):
    return inspect.unwrap(kernel.kernel) if isinstance(kernel, Launcher) else kernel


@pytest.mark.parametrize("name", TEXTBOOK)
def test_twins_take_the_same_arguments(name):
    twin = source_of(literal.kernels(TEXTBOOK)[name])
    assert list(inspect.signature(twin).parameters) == list(inspect.signature(TEXTBOOK[name]).parameters)
    assert twin.__doc__


WORD_FOR_WORD = [
    "conv2d_forward", "conv2d_backward_input", "conv3d_forward", "conv3d_backward_input", "dense_forward",
    "dense_backward_input", "max_pool2d_forward", "max_pool3d_forward", "average_pool3d_forward",
    "flatten_forward", "flatten_backward", "softmax_backward", "moving_average", "sgd_update",
]  # fmt: skip


@pytest.mark.parametrize("name", WORD_FOR_WORD)
def test_inner_loops_are_the_textbooks_word_for_word(name):
    """What a thread has to be told, where it stands and whether there is work, is all that is new."""

    def lines(function):
        code = inspect.getsource(function).replace(inspect.getdoc(function) or "", "")
        code = re.sub(r'""".*?"""', "", code, flags=re.DOTALL)
        return [line.strip() for line in code.splitlines() if line.strip() and not line.startswith(("@", "def "))]

    textbook = lines(TEXTBOOK[name])
    new = [line for line in lines(source_of(literal.kernels(TEXTBOOK)[name])) if line not in textbook]
    told = r"[tinc] = cuda\.grid\(1\)|if [tinc] < \w+(\.size)?:|[\w, ]+ = place\d\(t, \w+\.shape\)"
    dropped_names = r"window_height, window_width, _, filters = w\.shape|_, out_height, out_width, _ = dy\.shape"
    assert [line for line in new if not re.fullmatch(f"{told}|{dropped_names}", line)] == []
