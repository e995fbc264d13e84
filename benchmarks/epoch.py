"""An epoch of MNIST through ``fit``, with everything it does, against the bare training steps of one epoch.

    python -m benchmarks.epoch ROUNDS IMAGES

``fit`` shuffles, gathers and packs batches, adds up loss and accuracy, and moves a progress bar. The bare
steps train on one batch that lies in place. Once a ``fit``, before its first epoch, the data are checked at the
model's door; that is measured apart. Prints one JSON object.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from loopnet import callbacks, datasets, get_ops, lenet, losses
from loopnet.batches import Batches

from .timing import ratios, summary

BATCH = 128


class Start(callbacks.Callback):
    """When the first epoch of a ``fit`` began."""

    def on_epoch_begin(self, epoch, logs=None):
        self.at = time.perf_counter()


def measure(rounds: int, images: int) -> dict[str, Any]:
    """Medians over the rounds; in each, one epoch through ``fit`` and then the same number of bare steps."""
    (x, y), _ = datasets.load_for("mnist", (32, 32, 1))
    x, y = x[:images], y[:images]
    model = lenet.lenet5(seed=0)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    ops = get_ops("tuned")
    one_of_each = {
        size: Batches(ops, *model._checked("benchmark", x[:size], y[:size])).load(np.arange(size))
        for size in set(sizes_of_batches(len(x)))
    }
    in_place = [one_of_each[size] for size in sizes_of_batches(len(x))]
    whole, door, bare = [], [], []
    start = Start()
    for number in range(rounds + 1):
        called = time.perf_counter()
        model.fit(x, y, BATCH, 1, verbose=1, callbacks=[start])
        ended = time.perf_counter()
        for batch in in_place:
            model._train(*batch)
        bare_ended = time.perf_counter()
        if number > 0:  # the first round compiles, or loads what was compiled
            whole.append(ended - start.at)
            door.append(start.at - called)
            bare.append(bare_ended - ended)
    return {
        "images": len(x),
        "batch": BATCH,
        "fit_seconds": summary(whole),
        "bare_seconds": summary(bare),
        "door_seconds": summary(door),
        "fit_over_bare": summary(ratios(whole, bare)),
    }


def sizes_of_batches(images: int) -> list[int]:
    full, rest = divmod(images, BATCH)
    return [BATCH] * full + [rest] * bool(rest)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
