"""Training that is killed, at any moment, goes on to the same weights, bit for bit, as training that is not."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import resume_child
from tally import HEAVY, fault, many

import loopnet
from loopnet import callbacks
from loopnet.averaging import AveragedWeights
from loopnet.cli import main

KILLED = "kill -9 while training"
CHILD = Path(resume_child.__file__)
posix = pytest.mark.skipif(os.name != "posix", reason="kills processes")


def child(folder: Path, backend: str, *more: object) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(CHILD), str(folder), backend, *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole(folder: Path, backend: str) -> Path:
    """What the same training leaves when nothing happens to it, in a process of its own."""
    _, error = (process := child(folder, backend)).communicate(timeout=1500)
    assert process.returncode == 0, error
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return whole(tmp_path_factory.mktemp("undisturbed"), "literal")


def assert_same(folder: Path, expected: Path) -> None:
    """Weights, history, table and best model: the same bits."""
    for name in ("weights.npz", "history.npz"):
        with np.load(folder / name) as got, np.load(expected / name) as want:
            assert got.files == want.files
            for key in want.files:
                assert got[key].tobytes() == want[key].tobytes(), f"{name}: {key}"
    for name in ("log.csv", "best.safetensors"):
        assert (folder / name).read_bytes() == (expected / name).read_bytes(), name


@posix
@pytest.mark.parametrize("backend", ["tuned", "literal"] if HEAVY else ["literal"])
def test_killed_at_random_moments(tmp_path, backend):
    """Each life is cut short after its first batch; lives follow each other until one comes to the end."""
    expected = whole(tmp_path / "whole", backend)
    chance, kills, run = random.Random(1), 0, 0
    while kills < many(3, 25):
        folder, run = tmp_path / f"run {run}", run + 1
        while not (folder / "history.npz").exists():
            process = child(folder, backend)
            assert process.stdout is not None
            process.stdout.readline()  # "ready", or nothing if there was nothing left to do
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            _, error = process.communicate()
            if process.returncode == -signal.SIGKILL:
                kills += 1
                with fault(KILLED):
                    assert not error
            else:
                assert process.returncode == 0, error
        assert_same(folder, expected)


@posix
@pytest.mark.parametrize("step", resume_child.STEPS if HEAVY else ["half", "first rename"])
def test_killed_at_each_step_of_writing_a_checkpoint(tmp_path, step, undisturbed):
    """Before, within and after the write, the sync and the renames: the last whole epoch is never lost."""
    with fault("kill -9 at each step of a checkpoint's write"):
        dying = child(tmp_path / "run", "literal", step, 7)
        assert dying.wait(timeout=1500) == -signal.SIGKILL
        found = loopnet.checkpoint.read(tmp_path / "run" / "backup")
        assert found is not None and found[0]["training"]["epochs_done"] in (7, 8)
        assert_same(whole(tmp_path / "run", "literal"), undisturbed)


@pytest.mark.parametrize("backend", ["python", "literal", "parallel", "tuned"])
def test_cut_into_two_fits_it_is_one(tmp_path, backend):
    """In Python: the same fit with the same folder goes on, on every rung."""
    epochs = 2 if backend == "python" else 6
    expected, history = resume_child.train(tmp_path / "a", backend, epochs)

    class Crash(Exception):
        pass

    def crash(epoch, logs):
        if epoch == epochs // 2:
            raise Crash

    with fault("an exception while training"):
        with pytest.raises(Crash):
            resume_child.train(tmp_path / "b", backend, epochs, [callbacks.LambdaCallback(on_epoch_end=crash)])
        model, after = resume_child.train(tmp_path / "b", backend, epochs, [callbacks.LambdaCallback()])
        for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
            assert a.tobytes() == b.tobytes()
        assert after.history == history.history and after.epoch == history.epoch


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_distortions_and_averaged_weights_go_on_too(tmp_path, backend):
    """What draws at random image by image, and a callback that keeps a vector of the rung."""

    def train(folder, *extra):
        distortion = loopnet.layers.RandomDistortion(shift=1, rotation=10, cutout=2)
        rest = [loopnet.layers.Flatten(), loopnet.layers.Dense(3, activation="softmax")]
        model = loopnet.Sequential([loopnet.Input((8, 8, 1)), distortion, *rest], seed=2)
        model.compile("adam", "sparse_categorical_crossentropy", backend=backend)
        x, y = np.random.default_rng(0).uniform(size=(20, 8, 8, 1)), np.arange(20) % 3
        listeners = [AveragedWeights(0.9), callbacks.BackupAndRestore(folder), *extra]
        model.fit(x, y, batch_size=6, epochs=4, verbose=0, callbacks=listeners)
        return model.get_weights()

    def crash(epoch, logs):
        if epoch == 2:
            raise MemoryError

    expected = train(tmp_path / "whole")
    with fault("an exception while training"):
        with pytest.raises(MemoryError):
            train(tmp_path / "cut", crash)
        weights = train(tmp_path / "cut", lambda epoch, logs: None)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(weights, expected, strict=True))


def test_early_stopping_that_has_spoken_is_not_forgotten(tmp_path):
    """The machine died after the last epoch and before its weights were put back."""

    def train(dies: bool):
        model = resume_child.network()
        model.compile("adam", "sparse_categorical_crossentropy", backend="literal")
        stop = callbacks.EarlyStopping("loss", patience=1, mode="max", restore_best_weights=True)  # the loss falls
        backup = callbacks.BackupAndRestore(tmp_path / f"{dies}")
        x, y = np.random.default_rng(0).standard_normal((30, 8, 8, 1)), np.arange(30) % 3

        def end(logs):
            if dies and not gone_on:
                raise MemoryError

        end_callback = callbacks.LambdaCallback(on_train_end=end)
        history = model.fit(x, y, epochs=9, verbose=0, callbacks=[end_callback, stop, backup])
        return model.get_weights(), history.epoch

    gone_on = False
    expected, epochs = train(dies=False)
    assert 1 < len(epochs) < 9
    with fault("an exception while training"):
        with pytest.raises(MemoryError):
            train(dies=True)
        gone_on = True
        weights, again = train(dies=True)
        assert again == epochs
        assert all(a.tobytes() == b.tobytes() for a, b in zip(weights, expected, strict=True))
    assert not list((tmp_path / "True").iterdir())  # at the end of training, the checkpoints go


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda model, listeners: model.add(loopnet.layers.ReLU()), "of another network"),
        (lambda model, listeners: model.compile("sgd", "mse", backend="literal"), "optimizer is Adam, not SGD"),
        (lambda model, listeners: listeners.pop(), "written with the callbacks EarlyStopping, .*, not "),
    ],
)
def test_another_training_than_the_checkpoints_is_refused(tmp_path, change, message):
    resume_child.train(tmp_path, "literal", 2)
    model, listeners = resume_child.network(), resume_child.listeners(tmp_path)
    model.compile("adam", "mse", backend="literal")
    change(model, listeners)
    if model._ops is None:
        model.compile("adam", "mse", backend="literal")
    x, y = np.zeros((9, 8, 8, 1)), np.zeros((9, 3))
    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, epochs=3, verbose=0, validation_split=0.2, callbacks=[*listeners, backup])


def test_an_epoch_of_nan_is_not_kept(tmp_path):
    backup = tmp_path / "backup"
    model = resume_child.network()
    model.compile("sgd", "mse", backend="literal")
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    model.fit(np.ones((4, 8, 8, 1)), np.zeros((4, 3)), verbose=0, callbacks=[callbacks.BackupAndRestore(backup)])
    assert not backup.exists()


# ---- the command

OPTIONS = "--epochs 4 --batch-size 256 --seed 3 --backend literal".split()


def outcome(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "model.safetensors").read_bytes(), (folder / "history.csv").read_bytes()


@posix
def test_train_resume_after_kill(tmp_path, capsys):
    """``loopnet train`` killed by kill -9 after the first epoch, and ``--resume``: the same files as without."""
    assert main(["train", *OPTIONS, "--out", str(tmp_path / "whole")]) == 0
    run = tmp_path / "run"
    command = [sys.executable, "-m", "loopnet", "train", *OPTIONS, "--out", str(run)]
    with fault(KILLED):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (run / "checkpoint.safetensors").exists():
            time.sleep(0.005)
            assert process.poll() is None
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert main(["train", "--resume", str(run), "--epochs", "3"]) == 2
        assert "leave out --epochs" in capsys.readouterr().err
        assert main(["train", "--resume", str(run), "--threads", "1"]) == 0
        assert outcome(run) == outcome(tmp_path / "whole")


def test_ctrl_c_ends_the_epoch_saves_and_says_how_to_go_on(tmp_path, monkeypatch, capsys, request):
    assert main(["train", *OPTIONS, "--out", str(tmp_path / "whole")]) == 0
    run, fit = tmp_path / "run", loopnet.Sequential.fit
    left = [signal.SIGINT]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore Ctrl-C
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def press(batch, logs):
        if batch == 2 and left:
            os.kill(os.getpid(), left.pop())

    def fit_and_press(self, *given, **options):
        options["callbacks"] = [*options["callbacks"], callbacks.LambdaCallback(on_batch_end=press)]
        return fit(self, *given, **options)

    monkeypatch.setattr(loopnet.Sequential, "fit", fit_and_press)
    capsys.readouterr()
    with fault("Ctrl-C while training"):
        assert main(["train", *OPTIONS, "--out", str(run)]) == 130
        error = capsys.readouterr().err
        assert "finishing the epoch" in error
        assert f"stopped after epoch 1 of 4; to go on: loopnet train --resume {run}\n" in error
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert main(["train", "--resume", str(run)]) == 0
        assert outcome(run) == outcome(tmp_path / "whole")
    assert {path.name for path in run.iterdir()} == {"model.safetensors", "history.csv", "history.png"}
    assert main(["train", "--resume", str(run)]) == 2
    assert "the run there is finished" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--resume nowhere", "nowhere: no run to go on with"),
        ("--resume nowhere --lr 0.1", "--resume goes on with the run's own options; leave out --lr"),
        ("--resume nowhere --out here", "leave out --out"),
        ("lenet5 --resume nowhere --validation-split 0", "leave out --validation-split"),
    ],
)
def test_resume_refuses(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments.split()]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_resume_from_a_checkpoint_that_is_not_of_train(tmp_path, capsys):
    resume_child.train(tmp_path, "literal", 1)
    assert main(["train", "--resume", str(tmp_path / "backup")]) == 2
    assert "no settings" in capsys.readouterr().err
