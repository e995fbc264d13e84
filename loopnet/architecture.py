"""A model's architecture without its weights, as Keras's listings pass it on: ``get_config``, ``to_json``, and back.

It is what a model's file says of its layers (``saving``): their classes, which must be loopnet's own, and the arguments
of these. As in a file, nothing of it is run, and what comes of it is no larger than a file's may be.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .layers import LAYERS, Layer
from .names import looks_automatic
from .safefile import as_json
from .saving import begun, describe_layers, expect_modest, input_in, makers_in

if TYPE_CHECKING:
    from .model import Sequential


def config_of(model: "Sequential") -> dict[str, Any]:
    """Name, dtype, the shape of one image (None if it is not known yet), and the layers with their arguments."""
    return as_json({
        "name": model.name,
        "dtype": model.dtype.name,
        "input_shape": model._input,
        "layers": describe_layers(model),
        **input_in(model),
        **({} if model.trainable else {"trainable": False}),
    })  # fmt: skip


def from_config(cls: "type[Sequential]", config: Any) -> "Sequential":
    """A new model, not compiled, of what ``config_of`` gave; its weights are drawn afresh. Raises ``ValueError`` for
    any other ``config``.
    """
    if not isinstance(config, dict) or not {"layers", "input_shape", "dtype", "name"} <= config.keys():
        raise ValueError("from_config: expected what loopnet's model.get_config() gives, and no other library's")
    try:
        return _model(cls, config, _layer)
    except Exception as error:  # whatever a forged description brings a constructor to
        raise ValueError(f"from_config: damaged architecture ({type(error).__name__}: {error})") from None


def to_json(model: "Sequential", **arguments: Any) -> str:
    """``get_config()`` as text. arguments: those of ``json.dumps``."""
    return json.dumps({"class_name": type(model).__name__, "config": model.get_config()}, **arguments)


def model_from_json(json_string: str, custom_objects: None = None) -> "Sequential":
    """A new model of what ``model.to_json()`` gave, with other weights; not compiled. custom_objects: None; a text
    names loopnet's own layers only.

    Raises ``ValueError`` for any other text, Keras's among them.
    """
    from .model import Sequential

    if custom_objects:
        raise NotImplementedError(
            "model_from_json: custom_objects is not in loopnet: a text names loopnet's own layers only"
        )
    try:
        given = json.loads(json_string)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"model_from_json: expected the text that model.to_json() gives ({error})") from None
    return from_config(Sequential, given.get("config") if isinstance(given, dict) else None)


def clone_model(model: "Sequential", **others: Any) -> "Sequential":
    """A new model with the same layers as ``model``, other weights, and not compiled; layers of your own are made again
    by ``type(layer).from_config(layer.config())``. Keras's other arguments are refused.
    """
    for name, value in others.items():
        if value is not None:
            raise NotImplementedError(f"clone_model: {name} is not in loopnet: write the new model with its own layers")
    config = model.get_config()
    layers = iter(model._layers)

    def twin(arguments: dict[str, Any]) -> Layer:
        layer = next(layers)
        return type(layer).from_config({**layer.config(), "name": arguments["name"]})

    return _model(type(model), config, twin)


def _layer(arguments: dict[str, Any]) -> Layer:
    return LAYERS[arguments.pop("class")](**arguments)


def _model(cls: "type[Sequential]", config: dict[str, Any], make: Callable[[dict[str, Any]], Layer]) -> "Sequential":
    shape = config["input_shape"]
    model = begun(cls, config)
    for described in config["layers"]:
        arguments = dict(described)
        makers = makers_in(model, arguments)
        layer = make(arguments)
        if shape is not None:  # before the model takes memory for its weights
            trial = type(layer).from_config({**layer.config(), "name": layer.name})
            trial.build(model.shape_from(makers))
            for size in (trial.output_shape[1:], *(p.shape for p in trial.parameters)):
                expect_modest(size)
        model._put(layer, makers)
        layer.has_automatic_name = looks_automatic(layer)
    model._trainable = bool(config.get("trainable", True))  # the layers have said theirs
    return model
