"""How `fit`, `evaluate` and `predict` count steps: calls whose answers are golden, by Keras's names and arguments.

`make_fitting_golden.py` makes them of Keras and `tests/test_steps.py` of loopnet: a line through ten points, from the
same weights, in the order in which they come.
"""

from typing import Any

import numpy as np

X = np.linspace(-1, 1, 10)[:, np.newaxis]
Y = np.sin(3 * X)
WEIGHTS = [np.array([[0.5]]), np.array([-0.25])]

FITS: dict[str, dict[str, Any]] = {
    "two of three": {"batch_size": 4, "steps_per_epoch": 2, "epochs": 5},
    "all three": {"batch_size": 4, "steps_per_epoch": 3, "epochs": 2},
    "more than there are": {"batch_size": 4, "steps_per_epoch": 7, "epochs": 3, "initial_epoch": 1},
    "one by one": {"batch_size": 4, "steps_per_epoch": 1, "epochs": 4, "validation_steps": 2, "validation_freq": 2},
    "no size of batch": {"steps_per_epoch": 4, "validation_steps": 5, "validation_freq": [1, 3], "epochs": 3},
    "no size, and more steps than images": {"steps_per_epoch": 20, "epochs": 2},
    "another size to validate": {"batch_size": 4, "validation_batch_size": 3, "validation_steps": 2},
}
LOOKS: dict[str, dict[str, Any]] = {
    "two": {"batch_size": 4, "steps": 2},
    "no size": {"steps": 3},
    "too many": {"batch_size": 4, "steps": 5},
}


def answers(model: Any, fits: dict[str, dict[str, Any]] = FITS) -> dict[str, np.ndarray]:
    """What the model, compiled, answers to each: the history, and the outputs of the weights that were learned."""
    arrays: dict[str, np.ndarray] = {}
    for name, how in fits.items():
        model.set_weights(WEIGHTS)
        history = model.fit(X, Y, shuffle=False, verbose=0, validation_data=(X, Y), **how)
        arrays |= {f"{name}/{key}": np.array(values) for key, values in history.history.items()}
        arrays[f"{name}/epoch"] = np.array(history.epoch)
        arrays[f"{name}/outputs"] = np.asarray(model.predict(X, verbose=0))
    model.set_weights(WEIGHTS)
    for name, how in LOOKS.items():
        arrays[f"{name}/evaluate"] = np.array(model.evaluate(X, Y, verbose=0, **how))
        arrays[f"{name}/predict"] = np.asarray(model.predict(X, verbose=0, **how))
    return arrays
