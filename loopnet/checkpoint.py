"""A training run in one file: everything that the next epoch depends on, so that it can go on elsewhere, bit for bit.

That is the model file (``saving``), and under "training" in its JSON: how many epochs are done, the state of the
generator that shuffles, how often each dropout layer has drawn, and what the callbacks remember. A checkpoint is
therefore a model file too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import safefile, saving

if TYPE_CHECKING:
    from .events import Callback
    from .model import Sequential

CURRENT, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"


def save(
    model: "Sequential", folder: Path, epochs_done: int, listeners: Sequence["Callback"], settings: dict[str, Any]
) -> None:
    """Write the run to ``folder``, which is made if need be; the checkpoint before this one stays beside it."""
    tensors, config = saving.describe(model)
    remembered = []
    for i, listener in enumerate(listeners):
        state = {}
        for name, value in listener.get_state().items():
            if _is_array(value):
                tensors[f"callback {i}/{name}"] = np.array(value)
                value = {"array": True}
            elif isinstance(value, (list, tuple)) and value and all(_is_array(array) for array in value):
                tensors |= {f"callback {i}/{name}/{j}": np.array(array) for j, array in enumerate(value)}
                value = {"arrays": len(value)}
            state[name] = value
        remembered.append({"class": type(listener).__name__, "state": state})
    config["training"] = {
        "epochs_done": epochs_done,
        "shuffle": model._shuffle_rng.bit_generator.state,
        "layers": [layer.get_state() for layer in model._layers],
        "callbacks": remembered,
        "settings": settings,
    }
    folder.mkdir(parents=True, exist_ok=True)
    safefile.write(folder / CURRENT, tensors, config, previous=folder / PREVIOUS)


def read(folder: Path, warn: Any = print) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """JSON and arrays of the last whole checkpoint in ``folder``; None if there is none.

    A damaged one is told to ``warn`` and passed over. Raises ValueError if all there are are damaged.
    """
    errors = []
    for path in (folder / CURRENT, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            config, tensors = safefile.read(path)
            if config.get("format") != saving.FORMAT or not isinstance(config.get("training"), dict):
                raise ValueError(f"{path}: a model file, but no checkpoint of a training run")
        except ValueError as error:
            errors.append(str(error))
        else:
            for message in errors:
                warn(f"{message}; going on from the checkpoint before it")
            return config, tensors
    if errors:
        raise ValueError("; ".join(errors))
    return None


def restore(
    model: "Sequential", listeners: Sequence["Callback"], config: dict[str, Any], tensors: dict[str, np.ndarray]
) -> int:
    """Put model and listeners where they were when ``save`` wrote; returns the number of epochs that are done.

    Raises ValueError, and changes nothing that matters, if it was another network, optimiser or list of callbacks.
    """
    try:
        return _restore(model, listeners, config, tensors)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(f"damaged checkpoint ({type(error).__name__}: {error})") from None


def _restore(
    model: "Sequential", listeners: Sequence["Callback"], config: dict[str, Any], tensors: dict[str, np.ndarray]
) -> int:
    optimizer, training = model.optimizer, config["training"]
    assert optimizer is not None
    expected = safefile.as_json([saving.describe_layers(model), model.input_shape[1:], model.dtype.name])
    if [config["layers"], config["input_shape"], config["dtype"]] != expected:
        raise ValueError("the checkpoint is of another network than this one; take another folder or delete it")
    compiled, own = config["compiled"], [type(listener).__name__ for listener in listeners]
    if compiled["optimizer"]["name"] != type(optimizer).__name__:
        there = compiled["optimizer"]["name"]
        raise ValueError(f"the checkpoint's optimizer is {there}, not {type(optimizer).__name__}")
    if compiled.get("frozen", []) != saving.frozen_in(model).get("frozen", []):
        raise ValueError("the checkpoint is of a training in which other layers were frozen")
    if [kept["class"] for kept in training["callbacks"]] != own:
        there = ", ".join(kept["class"] for kept in training["callbacks"])
        raise ValueError(f"the checkpoint was written with the callbacks {there}, not {', '.join(own)}")

    weights = [
        saving.expect_array(tensors, f"{name}/{p.name}", p.shape)
        for name, layer in zip(model.names_in_files(), model._layers, strict=True)
        for p in layer.parameters
    ]
    optimizer.state = saving.optimizer_state(model, optimizer, tensors, model._frozen or [])
    model.set_weights(weights)  # which also gives the optimiser its state, on the rung
    optimizer.learning_rate = compiled["optimizer"]["learning_rate"]
    optimizer.iterations = int(compiled["iterations"])
    model._shuffle_rng.bit_generator.state = training["shuffle"]
    for layer, state in zip(model._layers, training["layers"], strict=True):
        layer.set_state(state)
    for i, (listener, kept) in enumerate(zip(listeners, training["callbacks"], strict=True)):
        state = {}
        for name, value in kept["state"].items():
            if isinstance(value, dict) and value.keys() == {"array"}:
                value = tensors[f"callback {i}/{name}"]
            elif isinstance(value, dict) and value.keys() == {"arrays"}:
                value = [tensors[f"callback {i}/{name}/{j}"] for j in range(value["arrays"])]
            state[name] = value
        listener.set_state(state)
    return int(training["epochs_done"])


def exists(folder: Path) -> bool:
    """Whether there is a run to go on with, whole or damaged."""
    return any((folder / name).exists() for name in (CURRENT, PREVIOUS))


def remove(folder: Path) -> None:
    """What is not needed once a run has come to its end."""
    for name in (CURRENT, PREVIOUS):
        (folder / name).unlink(missing_ok=True)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and np.ndim(value) > 0
