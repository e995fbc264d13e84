"""A model in one file: safetensors, which holds named arrays and a few strings, and can run no code.

<layer>/w, <layer>/b        weights and biases                       optimizer/<slot>    what the optimiser remembers
metadata "loopnet"          JSON: format version, layers and their arguments, optimiser, loss, metrics
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from . import losses, metrics, optimizers
from .layers import LAYERS, Input
from .ops import Ops

if TYPE_CHECKING:
    from .model import Sequential

FORMAT = 1


def save(model: "Sequential", path: str | Path) -> None:
    """Write ``model`` to ``path``; the folder must exist. Who looks at ``path`` meanwhile sees the file that was
    there before, or this one, and never half of it. Metrics that are functions of your own are not saved.
    """
    tensors = {f"{layer.name}/{p.name}": np.array(p.value) for layer in model.layers for p in layer.parameters}
    layers = [{"class": type(layer).__name__, **layer.config()} for layer in model.layers]
    config: dict[str, Any] = {
        "format": FORMAT,
        "name": model.name,
        "dtype": model.dtype.name,
        "input_shape": model.input_shape[1:],
        "layers": layers,
    }
    if model.optimizer is not None and model.loss is not None:
        tensors |= {f"optimizer/{slot}": np.array(vector) for slot, vector in model.optimizer.state.items()}
        config["compiled"] = {
            "optimizer": model.optimizer.config(),
            "iterations": model.optimizer.iterations,
            "loss": model.loss.config(),
            "metrics": [m.config() for m in model.metrics if type(m).__name__ in metrics.CLASSES],
        }
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, str(unfinished), metadata={"loopnet": json.dumps(config)})
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(cls: "type[Sequential]", path: str | Path, backend: str | Ops) -> "Sequential":
    """The model that ``save`` wrote to ``path``. ``FileNotFoundError`` without a file, ``ValueError`` for any
    other content.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such model file")
    try:
        with safe_open(str(path), framework="numpy") as file:
            config = json.loads((file.metadata() or {}).get("loopnet", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a model file ({error})") from None
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ValueError(f"{path}: not a model that this version of loopnet can read")
    try:
        return _rebuild(cls, config, tensors, backend)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: damaged model file ({type(error).__name__}: {error})") from None


def _rebuild(cls: "type[Sequential]", config: dict, tensors: dict[str, np.ndarray], backend: str | Ops) -> "Sequential":
    model = cls([Input(config["input_shape"])], name=config["name"], dtype=config["dtype"])
    for arguments in config["layers"]:
        arguments = dict(arguments)
        model.add(LAYERS[arguments.pop("class")](**arguments))
    model.set_weights([tensors[f"{layer.name}/{p.name}"] for layer in model.layers for p in layer.parameters])
    if "compiled" in config:
        compiled = config["compiled"]
        optimizer = optimizers.get(compiled["optimizer"])
        optimizer.state = {slot: tensors[f"optimizer/{slot}"] for slot in optimizer.slots}
        optimizer.iterations = int(compiled["iterations"])
        model.compile(optimizer, losses.get(compiled["loss"]), compiled["metrics"], backend)
    return model
