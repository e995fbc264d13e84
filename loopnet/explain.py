"""A trained network as a page: draw a digit, watch every number change, and take any of them apart.

    page = loopnet.explain.explain(model)      in a notebook, the page shows itself
    page.save("explain.html")                  one file; whoever opens it needs neither loopnet nor the internet

The page computes with the model's own weights, by the loops of ``kernels`` in JavaScript (``pages/explain-kinds.js``);
its numbers are those of ``predict``. What is here says which of those loops each layer is, and prepares the images.
"""

from collections.abc import Callable, Sequence
from math import isqrt, prod
from typing import Any

import numpy as np

from . import datasets, losses
from .layer_stack import Stack
from .layers import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    BoundedReLU,
    Conv2D,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Exponential,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    HardSigmoid,
    HardSiLU,
    Identity,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    Mish,
    Normalization,
    ReLU,
    Reshape,
    SeparableConv2D,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    SpatialDropout2D,
    Tanh,
    UpSampling2D,
    WeightedLayer,
    ZeroPadding2D,
)
from .layers.merging import Merging
from .pages import Page, bundle

EXAMPLES = 12
MOST_WEIGHTS, MOST_PRODUCTS = 2_000_000, 50_000_000
"""A page of ten megabytes, and one that keeps up with a hand that draws."""

Described = dict[str, Any]


def explain(
    model: Stack,
    images: Any = None,
    labels: Any = None,
    data: str | None = None,
    classes: Sequence[str] | None = None,
) -> Page:
    """The page of ``model``: a chain of two-dimensional layers that ends in one number for each class.

    images: some to pick from, as the model was trained on them, (n, *input_shape), with their labels (n,) if they have
    any. A drawing is then left as it is drawn, from the smallest number in ``images`` (paper) to the largest (ink).
    Without them, they are the first test images of the data set ``data``, by default the one that the model was trained
    on or else the digits, and drawings are fitted as that set was. classes: their names, by default the model's, or the
    data set's own, or their numbers.

    Raises ``ValueError`` for a model with other layers, one too large for a page to compute at once, or images that do
    not suit it.
    """
    layers = describe(model)
    shape, count = model.input_shape[1:], layers[-1]["output"][0]
    classes = classes or model.classes
    if images is None:
        data = data or (model.trained_on if model.trained_on in datasets.NAMES else "digits")
        x, labels = _examples(data, shape)
        prepare = {"digits": "digits", "mnist": "mnist"}.get(data, "plain")
        names = datasets.CLASS_NAMES.get(data, ())
        classes = classes or (names if len(names) == count else None)
    else:
        x, prepare = _checked(images, labels, shape), "plain"
    low, high = float(x.min()), float(x.max())
    if classes is not None and len(classes) != count:
        raise ValueError(f"{model.name}: expected {count} names of classes, given {len(classes)}")
    return bundle("explain", f"{model.name}: look inside", {
        "name": model.name,
        "parameters": model.count_params(),
        "dtype": model.dtype.name,
        "layers": layers,
        "classes": [str(name) for name in (classes or range(count))],
        "images": x,
        "labels": None if labels is None else [int(label) for label in np.reshape(labels, -1)],
        "drawing": {"shape": shape, "prepare": prepare, "low": low, "high": high if high > low else low + 1},
    })  # fmt: skip


def describe(model: Stack) -> list[Described]:
    """The layers as the page computes them: first the image, then one entry a layer, and a softmax where there is one,
    or where the outputs are logits. A layer's activation is part of its entry. Raises ``ValueError``, see ``explain``.
    """
    shape = model.input_shape[1:]
    _check_image(model.name, shape)
    described: list[Described] = [{"name": "image", "title": "Image", "kind": "image", "output": shape}]
    for layer in model._layers:
        described += _described(layer)
    output = described[-1]["output"]
    if len(output) != 1:
        raise ValueError(f"{model.name}: expected an output of shape (None, classes), given {(None, *output)}")
    if _gives_logits(model):
        described.append(_softmax("probabilities", output))
    weights, products = model.count_params(), sum(map(_products, described))
    for what, given, most in (("weights", weights, MOST_WEIGHTS), ("products an image", products, MOST_PRODUCTS)):
        if given > most:
            raise ValueError(f"{model.name}: too large for a page, it has {given:,} {what}; expected at most {most:,}")
    return described


def _check_image(who: str, shape: tuple[int, ...]) -> None:
    fits = len(shape) == 3 and shape[2] in (1, 3) or len(shape) == 2
    if not fits and not (len(shape) == 1 and isqrt(shape[0]) ** 2 == shape[0]):
        raise ValueError(
            f"{who}: expected a network for images (height, width), (height, width, 1 or 3) or the pixels of a square, "
            f"given {shape}"
        )


def _examples(data: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The first test image of each class, then the next ones."""
    side = isqrt(shape[0])
    square = (side, side) if len(shape) == 1 else shape[:2]
    x, y = datasets.load_for(data, (*square, shape[2] if len(shape) == 3 else 1))[1]
    firsts = [int(np.flatnonzero(y == label)[0]) for label in np.unique(y)]
    chosen = [*firsts, *(n for n in range(len(y)) if n not in firsts)][:EXAMPLES]
    return x[chosen].reshape(-1, *shape), y[chosen]


def _checked(images: Any, labels: Any, shape: tuple[int, ...]) -> np.ndarray:
    x = np.asarray(images, np.float32)
    if x.shape[1:] != tuple(shape) or not len(x) or not np.isfinite(x).all():
        raise ValueError(f"explain: expected finite images of shape {(None, *shape)}, at least one, given {x.shape}")
    if labels is not None and np.size(labels) != len(x):
        raise ValueError(f"explain: expected one label an image, given {len(x)} images and {np.size(labels)} labels")
    return x


def _gives_logits(model: Stack) -> bool:
    """Whether the last layer is a plain weighted sum that a loss, if there is one, takes for logits."""
    last, loss = model._layers[-1], getattr(model, "loss", None)
    plain = isinstance(last, WeightedLayer) and last._activation is None and last.output_shape[-1] > 1
    return plain and (loss is None or isinstance(loss, losses.CategoricalCrossentropy))


def _products(layer: Described) -> int:
    """How many multiplications one image takes, or additions and comparisons where there is nothing to multiply."""
    if layer["kind"] == "convolution":
        return prod(layer["output"]) * prod(layer["w"].shape[:3])
    if layer["kind"] == "dense":
        return layer["w"].size
    return prod(layer["output"]) * prod(layer.get("window", ()))


def _described(layer: Layer) -> list[Described]:
    """One entry for a layer, or two if a softmax is its activation, or it is two convolutions."""
    if isinstance(layer, SeparableConv2D):
        return [entry for half in layer.halves for entry in _described(half)]
    if isinstance(layer, Merging):
        raise ValueError(
            f"{layer.name}: a page shows a chain of layers, and branches meet in {type(layer).__name__}; "
            "loopnet step shows its loops, plot.plot_architecture the network"
        )
    describing = DESCRIBED.get(type(layer))
    if describing is None:
        known = ", ".join(cls.__name__ for cls in (*DESCRIBED, SeparableConv2D) if cls is not Layer)
        raise ValueError(f"{layer.name}: a page cannot show {type(layer).__name__} yet; expected one of {known}")
    if getattr(layer, "data_format", None) == "channels_first" and len(layer.output_shape) > 2:
        raise ValueError(f"{layer.name}: a page shows channels last only, given channels_first")
    entry = {
        "name": layer.name,
        "title": type(layer).__name__,
        "input": layer.input_shape[1:],
        "output": layer.output_shape[1:],
        **describing(layer),
    }
    if len(entry["output"]) > 3:
        raise ValueError(f"{layer.name}: a page shows at most (height, width, channels), given {layer.output_shape}")
    if "window" in entry and len(entry["output"]) == 1:  # of a whole image: the loops give an image of one pixel
        flat = {"name": f"{layer.name}/flatten", "title": "Flatten", "kind": "copy", "output": entry["output"]}
        pixel = (1, 1, *entry["output"])
        return [{**entry, "output": pixel}, {**flat, "input": pixel}]
    activation = None if isinstance(layer, Activation) else getattr(layer, "_activation", None)
    if isinstance(activation, Softmax):
        return [entry, _softmax(f"{layer.name}/softmax", entry["output"])]
    return [{**entry, "activation": _activation(activation)} if activation else entry]


def _softmax(name: str, shape: tuple[int, ...]) -> Described:
    return {"name": name, "title": "Softmax", "kind": "softmax", "input": shape, "output": shape}


def _activation(layer: Any) -> Described:
    """By its name, with the constants that the page's formula wants."""
    if type(layer) not in DESCRIBED:
        known = ", ".join(name for name, cls in ACTIVATIONS.items() if cls in DESCRIBED)
        raise ValueError(f"{layer.name}: a page cannot show {type(layer).__name__} yet; expected one of {known}")
    name = next(name for name, cls in ACTIVATIONS.items() if cls is type(layer))
    if isinstance(layer, BoundedReLU):
        return {"name": name, "most": layer.max_value, "slope": layer.negative_slope, "threshold": layer.threshold}
    if isinstance(layer, LeakyReLU):
        return {"name": name, "slope": layer.negative_slope}
    if isinstance(layer, (ELU, SELU)):
        return {"name": name, "alpha": layer.alpha, "scale": layer.scale}
    return {"name": name}


def _convolution(layer: Any) -> Described:
    geometry = {"stride": layer.strides, "pad": layer.pad, "dilation": layer.dilation_rate}
    w = _array(layer.w).reshape(*layer.kernel_size, -1, layer.filters)  # where it is depthwise, of another shape
    return {"kind": "convolution", "w": w, "b": _array(layer.b, layer.filters), **geometry}


def _dense(layer: Any) -> Described:
    return {"kind": "dense", "w": _array(layer.w), "b": _array(layer.b, layer.units)}


def _pooling(kind: str) -> Callable[[Any], Described]:
    def described(layer: Any) -> Described:
        geometry = {"window": layer.pool_size, "stride": layer.strides, "pad": layer.pad}
        return {"kind": kind, **geometry}

    return described


def _batch_norm(layer: Any) -> Described:
    mean, variance = np.asarray(layer.moving_mean.value), np.asarray(layer.moving_variance.value)
    gamma = layer.gamma.value if layer.scale else np.ones_like(mean)
    beta = layer.beta.value if layer.center else np.zeros_like(mean)
    slope = np.asarray(gamma, np.float64) / np.sqrt(variance.astype(np.float64) + layer.epsilon)
    return {"kind": "batch_norm", "slope": slope.astype(mean.dtype), "mean": mean, "beta": np.asarray(beta)}


def _normalization(layer: Any) -> Described:
    mean = np.asarray(layer.mean.value)
    slope = 1 / np.sqrt(np.asarray(layer.variance.value, np.float64) + layer.EPSILON)
    return {"kind": "batch_norm", "slope": slope.astype(mean.dtype), "mean": mean, "beta": np.zeros_like(mean)}


def _zero_pad(layer: Any) -> Described:
    return {"kind": "zero_pad", "before": [before for before, _ in layer.padding]}


def _crop(layer: Any) -> Described:
    return {"kind": "zero_pad", "before": [-before for before, _ in layer.cropping]}


def _upsampling(layer: Any) -> Described:
    return {"kind": "upsample", "size": layer.size}


def _copy(layer: Any) -> Described:
    return {"kind": "copy"}


def _activated(layer: Any) -> Described:
    return {"kind": "copy", "activation": _activation(layer)}


def _named(layer: Any) -> Described:
    """An Activation, as the layer that it stands for."""
    if isinstance(layer.activation, Softmax):
        return {"kind": "softmax"}
    return _copy(layer) if layer._activation is None else _activated(layer._activation)


def _array(parameter: Any, zeros: int = 0) -> np.ndarray:
    """The values of weights; zeros where a layer has been told to do without biases and is not bound to a rung yet."""
    return np.zeros(zeros, np.float32) if parameter.value is None else np.asarray(parameter.value)


DESCRIBED: dict[type[Layer], Callable[[Any], Described]] = {
    Conv2D: _convolution,
    DepthwiseConv2D: _convolution,
    MaxPooling2D: _pooling("max_pool"),
    AveragePooling2D: _pooling("average_pool"),
    GlobalMaxPooling2D: _pooling("max_pool"),
    GlobalAveragePooling2D: _pooling("average_pool"),
    BatchNormalization: _batch_norm,
    Normalization: _normalization,
    ZeroPadding2D: _zero_pad,
    Cropping2D: _crop,
    UpSampling2D: _upsampling,
    **{cls: _copy for cls in (Flatten, Reshape, Layer, Identity)},
    **{cls: _copy for cls in (Dropout, SpatialDropout2D, GaussianDropout, GaussianNoise)},
    Dense: _dense,
    **{cls: _activated for cls in (ReLU, LeakyReLU, BoundedReLU, ELU, SELU, Exponential, SiLU, GELU, Mish, HardSiLU)},
    **{cls: _activated for cls in (Sigmoid, HardSigmoid, Tanh, Softsign, Softplus)},
    Softmax: lambda layer: {"kind": "softmax"},
    Activation: _named,
}
"""The layers that a page can show, and how."""
