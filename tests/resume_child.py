"""A small training that is killed: ``python resume_child.py FOLDER BACKEND [die at STEP of epoch EPOCH]``.

Says "ready" when the first batch is done and at the end writes its weights to FOLDER/weights.npz. With a step, it dies
on the spot, as by kill -9, at that step of writing the checkpoint after that epoch.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from loopnet import callbacks, safefile
from loopnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from loopnet.model import Sequential
from loopnet.optimizers import Adam
from loopnet.schedules import ExponentialDecay

EPOCHS = 60
STEPS = ("begin", "half", "written", "synced", "first rename", "second rename", "done")


def network() -> Sequential:
    """All that has a state: moving averages, dropout, an optimiser with two memories, a schedule."""
    hidden = [Conv2D(3, 3, activation="relu"), BatchNormalization(), Flatten(), Dropout(0.3)]
    return Sequential([Input((8, 8, 1)), *hidden, Dense(3, activation="softmax")], seed=5)


def listeners(folder: Path) -> list[callbacks.Callback]:
    return [
        callbacks.EarlyStopping("loss", patience=100, restore_best_weights=True),
        callbacks.BestWeights("val_accuracy"),
        callbacks.ModelCheckpoint(folder / "best.safetensors", "val_loss", save_best_only=True),
        callbacks.CSVLogger(folder / "log.csv"),
    ]


def train(folder: Path, backend: str, epochs: int = EPOCHS, extra: Any = ()) -> tuple[Sequential, callbacks.History]:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((50, 8, 8, 1)), random.integers(0, 3, 50)
    folder.mkdir(exist_ok=True)
    model = network()
    loss = "sparse_categorical_crossentropy"
    model.compile(Adam(ExponentialDecay(0.01, 10, 0.9)), loss, metrics=["accuracy"], backend=backend)
    backup = callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False)
    history = model.fit(
        x, y, batch_size=8, epochs=epochs, validation_split=0.2, verbose=0,
        callbacks=[*listeners(folder), backup, *extra],
    )  # fmt: skip
    return model, history


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(step: str, epoch: int) -> callbacks.Callback:
    """Arms the death: from that epoch's end on, writing a checkpoint ends at that step."""
    save_file, fsync, replace = safefile.save_file, os.fsync, os.replace
    written = safefile.write
    count = {"replace": 0}

    def dying_save(arrays: Any, name: str, metadata: Any) -> None:
        save_file(arrays, name, metadata)
        if step == "half":
            os.truncate(name, os.path.getsize(name) // 2)
        if step in ("half", "written"):
            die()

    def dying_sync(descriptor: int) -> None:
        fsync(descriptor)
        if step == "synced":
            die()

    def dying_replace(source: Any, target: Any) -> None:
        replace(source, target)
        count["replace"] += 1
        if step == ("first rename", "second rename")[count["replace"] - 1]:
            die()

    def dying_write(path: Any, *rest: Any, **names: Any) -> None:
        if "checkpoint" not in Path(path).name:
            return written(path, *rest, **names)
        if step == "begin":
            die()
        setattr(safefile, "save_file", dying_save)  # noqa: B010  (a plain assignment is a type error)
        setattr(os, "fsync", dying_sync)  # noqa: B010
        setattr(os, "replace", dying_replace)  # noqa: B010
        written(path, *rest, **names)
        die()

    def arm(at: int, logs: Any) -> None:
        if at == epoch:
            setattr(safefile, "write", dying_write)  # noqa: B010

    return callbacks.LambdaCallback(on_epoch_end=arm)


if __name__ == "__main__":
    folder, backend = Path(sys.argv[1]), sys.argv[2]
    extra: list[Any] = [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: print("ready", flush=True))]
    if len(sys.argv) > 3:
        extra = [die_at(sys.argv[3], int(sys.argv[4]))]
    model, history = train(folder, backend, extra=extra)
    np.savez(folder / "weights.npz", *model.get_weights())
    np.savez(folder / "history.npz", *history.history.values())
