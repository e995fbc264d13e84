"""A model in one file (``safefile``).

<layer>/w, <layer>/b        weights and biases                       optimizer/<slot>    what the optimiser remembers
metadata "loopnet"          JSON: format version, layers and their arguments, optimiser, loss, metrics, the data set and
                            its classes; "sha256" of all

A file from a stranger is read as plain numbers: nothing in it is run, a layer must be one of loopnet's own, and memory
is taken for no more numbers than the file brings.
"""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import losses, metrics, optimizers, safefile
from .layers import LAYERS, Input, Layer
from .missing import getattr_of
from .names import looks_automatic
from .ops import Ops, get_ops

if TYPE_CHECKING:
    from .model import Sequential

FORMAT = 2
"""2 brought the sum; 1 is still read."""

LARGEST_IMAGE = 1 << 28
"""Numbers in one image between two layers of a model that is loaded: a small file could claim any padding."""

LONGEST_NAME = 100
"""Characters in the name of a class or a data set."""


def save(model: "Sequential", path: str | Path) -> None:
    """Write ``model`` to ``path``; the folder must exist. Who looks at ``path`` meanwhile sees the file that was
    there before, or this one, and never half of it. Metrics that are functions of your own are not saved.
    """
    tensors, config = describe(model)
    safefile.write(path, tensors, config)


def may_write(path: str | Path, overwrite: bool) -> str | Path:
    """``path``. Raises ``FileExistsError`` if there is a file and it must not be overwritten."""
    if not overwrite and Path(path).exists():
        raise FileExistsError(f"{path}: there is a file already, and overwrite=False")
    return path


def save_weights(model: "Sequential", path: str | Path) -> None:
    """Write the weights alone."""
    model._built()
    safefile.write(path, _weights(model), {"format": FORMAT, "name": model.name, "holds": "weights"})


def load_weights(model: "Sequential", path: str | Path) -> None:
    """Give ``model`` the weights of a file of ``save_weights`` or ``save``. Raises ``ValueError``, and changes nothing,
    if they are those of other layers, or the file is damaged.
    """
    model._built()
    config, tensors = safefile.read(path)
    if config.get("format") not in (1, FORMAT):
        raise ValueError(f"{path}: not a model that this version of loopnet can read")
    try:
        model.set_weights([expect_array(tensors, name, value.shape) for name, value in _weights(model).items()])
    except ValueError as error:
        raise ValueError(f"{path}: not the weights of this model: {error}") from None


def _weights(model: "Sequential") -> dict[str, np.ndarray]:
    layers = zip(model.names_in_files(), model._layers, strict=True)
    return {f"{name}/{p.name}": np.array(p.value) for name, layer in layers for p in layer.parameters}


def describe(model: "Sequential") -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """All that a model file holds: its arrays and its JSON."""
    tensors = _weights(model)
    config: dict[str, Any] = {
        "format": FORMAT,
        "name": model.name,
        "dtype": model.dtype.name,
        "input_shape": model.input_shape[1:],
        "layers": describe_layers(model),
        **input_in(model),
        "trained_on": _word(model.trained_on),
        "classes": _names_of_classes(model, model.classes),
    }
    if not model.trainable:
        config["trainable"] = False
    if model.optimizer is not None and model.loss is not None and model._has_its_optimizer():
        tensors |= {f"optimizer/{slot}": np.array(vector) for slot, vector in model.optimizer.state.items()}
        config["compiled"] = {
            "optimizer": model.optimizer.config(),
            "iterations": model.optimizer.iterations,
            "loss": model.loss.config(),
            "metrics": [m.config() for m in model.metrics if type(m).__name__ in metrics.CLASSES],
            **frozen_in(model),
        }
    return tensors, config


def input_in(model: "Sequential") -> dict[str, str]:
    """The name of the Input, for the network's file, if the network lists it."""
    return {} if model.listed_input is None else {"input_name": model.listed_input.name}


def begun(cls: "type[Sequential]", config: dict[str, Any]) -> "Sequential":
    """A network without layers: of ``cls``, or one that lists its Input if the one described did."""
    if config["input_shape"] is None:
        return cls([], name=config["name"], dtype=config["dtype"])
    expect_modest(config["input_shape"])
    bottom = Input(config["input_shape"], name=_word(config.get("input_name")))
    if bottom.name:
        from .functional import Functional as cls  # which needs this module
    return cls([bottom], name=config["name"], dtype=config["dtype"])


def frozen_in(model: "Sequential") -> dict[str, list[str]]:
    """Which layers the model's training leaves alone, for its file, if there are any: what ``compile`` was told, which
    need not be what the layers' ``trainable`` says now.
    """
    names = [model._names.of(layer) for layer in model._frozen or []]
    return {"frozen": names} if names else {}


def describe_layers(model: "Sequential") -> list[dict[str, Any]]:
    """Class and arguments of each layer, and, where that is not the one before it, what it takes: names, None for the
    images.
    """
    names: dict[Any, Any] = dict(zip(model._layers, model.names_in_files(), strict=True))
    described, below = [], None
    for layer, makers in model._graph.items():
        takes = {} if makers == (below,) else {"takes": [names.get(maker) for maker in makers]}
        described.append({"class": type(layer).__name__, **layer.config(), "name": names[layer], **takes})
        below = layer
    return described


def makers_in(model: "Sequential", described: dict[str, Any]) -> tuple[Layer | None, ...]:
    """The layers of ``model`` that the next one, so ``described``, takes from; its description does without them from
    then on.
    """
    if "takes" not in described:
        return (model._layers[-1] if model._layers else None,)
    return tuple(None if name is None else model.get_layer(name) for name in described.pop("takes"))


def load(cls: "type[Sequential]", path: str | Path, backend: str | Ops) -> "Sequential":
    """The model that ``save`` wrote to ``path``. ``FileNotFoundError`` without a file, ``ValueError`` for any
    other content.
    """
    backend = get_ops(backend)
    config, tensors = safefile.read(path)
    if config.get("format") not in (1, FORMAT):
        raise ValueError(f"{path}: not a model that this version of loopnet can read")
    if config.get("holds") == "weights":
        raise ValueError(f"{path}: it holds weights only; make the model, and model.load_weights(path)")
    try:
        return _rebuild(cls, config, tensors, backend)
    except Exception as error:  # whatever a forged description brings a constructor to
        raise ValueError(f"{path}: damaged model file ({type(error).__name__}: {error})") from None


def _rebuild(cls: "type[Sequential]", config: dict, tensors: dict[str, np.ndarray], backend: Ops) -> "Sequential":
    model = begun(cls, config)
    for arguments in config["layers"]:
        arguments = dict(arguments)
        layer = LAYERS[arguments.pop("class")]
        makers = makers_in(model, arguments)
        trial = layer(**arguments)
        trial.build(model.shape_from(makers))
        expect_modest(trial.output_shape[1:])
        for p in trial.parameters:  # before the model takes memory for them
            expect_array(tensors, f"{arguments['name']}/{p.name}", p.shape)
        model._put(layer(**arguments), makers)
        model._layers[-1].has_automatic_name = looks_automatic(model._layers[-1])
    model.set_weights([tensors[f"{layer.name}/{p.name}"] for layer in model._layers for p in layer.parameters])
    model.trained_on = _word(config.get("trained_on"))  # older files do not know it
    model.classes = _names_of_classes(model, config.get("classes"))
    if "compiled" in config:
        compiled = config["compiled"]
        optimizer = optimizers.get(compiled["optimizer"])
        asked = [made.trainable for made in model._layers]  # perhaps since compile(), which was told of the frozen ones
        frozen = [model.get_layer(name) for name in compiled.get("frozen", [])]
        for made in model._layers:
            made.trainable = made not in frozen
        optimizer.state = optimizer_state(model, optimizer, tensors, frozen)
        optimizer.iterations = int(compiled["iterations"])
        model.compile(optimizer, losses.get(compiled["loss"]), compiled["metrics"], backend)
        for made, wanted in zip(model._layers, asked, strict=True):
            made.trainable = wanted
    model._trainable = bool(config.get("trainable", True))  # the layers have said theirs
    return model


def optimizer_state(
    model: "Sequential", optimizer: optimizers.Optimizer, tensors: dict[str, np.ndarray], frozen: Sequence[Layer]
) -> dict[str, np.ndarray]:
    """What the optimiser remembers, each vector as long as the parameters that are trained where these layers are
    ``frozen``: its loop will not look.
    """
    size = sum(prod(p.shape) for p in model._trained(frozen))
    return {slot: expect_array(tensors, f"optimizer/{slot}", (size,)) for slot in optimizer.slots}


def expect_array(tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The array of that name. Raises ``ValueError`` if it is missing, of another shape, or no numbers."""
    if name not in tensors:
        raise ValueError(f"{name} is missing")
    if tensors[name].shape != tuple(shape) or tensors[name].dtype.kind not in "fiub":
        raise ValueError(f"{name}: expected shape {tuple(shape)}, given {tensors[name].shape} of {tensors[name].dtype}")
    return tensors[name]


def _names_of_classes(model: "Sequential", names: Any) -> tuple[str, ...] | None:
    if names is None:
        return None
    if len(names) != model.output_shape[-1] or None in names:
        raise ValueError(f"{model.name}: expected {model.output_shape[-1]} names of classes, given {len(names)}")
    return tuple(_word(name) or "" for name in names)


def _word(name: Any) -> str | None:
    """A short name on one line, as it will be printed: whoever wrote the file does not get to steer the terminal."""
    if name is not None and not (isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME):
        raise ValueError(f"expected a printable name of at most {LONGEST_NAME} characters, given {ascii(name)[:80]}")
    return name


def expect_modest(shape: Any) -> None:
    """Raise ``ValueError`` for an array that no file of ours would need."""
    if prod(int(n) for n in shape) > LARGEST_IMAGE:
        raise ValueError(f"images of shape {tuple(shape)}: more than {LARGEST_IMAGE} numbers")


__getattr__ = getattr_of(
    __name__, dict.fromkeys(("load_model", "save_model"), "import it from loopnet.models, or use Sequential.load")
)
