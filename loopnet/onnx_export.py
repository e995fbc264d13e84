"""A trained network as an ONNX file, which other programs run. Needs ``pip install loopnet[onnx]``.

ONNX keeps channels before rows and columns; the exported network takes and gives images as the model does, and turns
the axes round inside: once at the door, and back before Flatten, which would else read another order.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels.activation import AMPLITUDE, SLOPE
from .kernels.gated import ROOT_HALF
from .layers import Activation

if TYPE_CHECKING:
    from .model import Sequential

OPSET, IR_VERSION = 17, 8  # of 2022: any runtime since knows them


def export(model: "Sequential", path: str | Path) -> None:
    """Write ``model`` to ``path``: input "images", shaped as the model's own input, output "outputs", as ``predict``
    gives them. Always in float32: onnxruntime has no convolution in float64.

    Raises ``ImportError`` without the extra, ``ValueError`` for a layer that cannot be exported.
    """
    try:
        import onnx
    except ImportError:
        raise ImportError("the ONNX export needs the package onnx: pip install 'loopnet[onnx]'") from None
    model._built()
    graph = _Graph()
    made: dict[Any, tuple[str, bool]] = {None: ("images", False)}
    """The name of what each layer made, and whether it is turned: channels last in its shape, and first in the graph.
    """
    for layer, makers in model._graph.items():
        for part in (layer, getattr(layer, "_activation", None)):
            if part is not None and type(part).__name__ not in WRITERS:
                raise ValueError(f"{layer.name}: {type(part).__name__} cannot be exported to ONNX")
        write, wants = WRITERS[type(layer).__name__]
        if isinstance(layer, Activation) and layer._activation is not None:
            wants = WRITERS[type(layer._activation).__name__][1]
        rank = len(layer.input_shape)
        turned = made[makers[0]][1]
        if wants is not EITHER and rank > 2:
            turned = wants is FIRST and getattr(layer, "data_format", "") == "channels_last"
        given = [made[maker] for maker in makers]
        taken = [at if is_turned == turned else graph.turn(at, rank, turned) for at, is_turned in given]
        at = write(graph, layer, *taken)
        made[layer] = at, turned and len(layer.output_shape) > 2
    at, turned = made[layer]
    if turned:
        at = graph.turn(at, len(model.output_shape), to_first=False)
    graph.nodes.append(onnx.helper.make_node("Identity", [at], ["outputs"]))

    def value(name: str, shape: tuple[Any, ...]) -> Any:
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *shape[1:]])

    described = onnx.helper.make_graph(
        graph.nodes, model.name, [value("images", model.input_shape)], [value("outputs", model.output_shape)],
        graph.weights,
    )  # fmt: skip
    opset = [onnx.helper.make_opsetid("", OPSET)]
    file = onnx.helper.make_model(described, producer_name="loopnet", opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(file)
    onnx.save(file, str(path))


class _Graph:
    """The nodes so far; each result gets a name by its number."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def node(self, operation: str, inputs: list[str], **attributes: Any) -> str:
        import onnx

        name = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name: str, array: Any, dtype: type = np.float32) -> str:
        import onnx

        self.weights.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array, dtype), name))
        return name

    def turn(self, x: str, rank: int, to_first: bool) -> str:
        """Channels from the last axis to the first behind the batch, or back."""
        pixels = range(1, rank - 1)
        perm = (0, rank - 1, *pixels) if to_first else (0, *(axis + 1 for axis in pixels), 1)
        return self.node("Transpose", [x], perm=perm)


# One function a layer: it adds the layer's nodes after the result named x, and returns the name of its own.


def _activation(graph: _Graph, layer: Any, x: str) -> str:
    """The activation behind a layer's weights, if it has one, or that of an Activation."""
    activation = getattr(layer, "_activation", None)
    operation = type(activation).__name__
    if operation in ("Softmax", "LogSoftmax") and getattr(layer, "data_format", "") == "channels_last":
        return graph.node(operation, [x], axis=1)  # the layer's last axis, where the graph has the channels
    return x if activation is None else WRITERS[type(activation).__name__][0](graph, activation, x)


def _convolution(graph: _Graph, layer: Any, x: str) -> str:
    return _conv(graph, layer, x, layer.weights[0], layer.groups)


def _depthwise(graph: _Graph, layer: Any, x: str) -> str:
    w = layer.weights[0].reshape(*layer.kernel_size, 1, layer.filters)
    return _conv(graph, layer, x, w, layer.groups)


def _separable(graph: _Graph, layer: Any, x: str) -> str:
    first, second = layer.halves
    return _convolution(graph, second, _depthwise(graph, first, x))


def _sparse_conv2d(graph: _Graph, layer: Any, x: str) -> str:
    """With a weight of 0 where there is no connection."""
    w = np.zeros((*layer.kernel_size, layer._channels, layer.filters))
    w[:, :, layer.connections[:, 0], layer.connections[:, 1]] = layer.weights[0]
    return _conv(graph, layer, x, w, groups=1)


def _conv(graph: _Graph, layer: Any, x: str, w: np.ndarray, groups: int) -> str:
    """ONNX wants filters as (filters, channels, rows, columns), however many axes they have."""
    names = _weights(graph, layer, np.moveaxis(w, (-1, -2), (0, 1)))
    covers = tuple((w - 1) * d + 1 for w, d in zip(layer.kernel_size, layer.dilation_rate, strict=True))
    how = {"kernel_shape": layer.kernel_size, "dilations": layer.dilation_rate, "group": groups}
    return _activation(graph, layer, graph.node("Conv", [x, *names], **how, **_window(layer, covers)))


def _subsampling2d(graph: _Graph, layer: Any, x: str) -> str:
    """A convolution of each map by itself, with the same weight at every place of the window."""
    channels = layer._channels
    w = np.broadcast_to(layer.weights[0][:, None, None, None], (channels, 1, *layer.pool_size))
    how = {"kernel_shape": layer.pool_size, "strides": layer.pool_size, "group": channels}
    return _activation(graph, layer, graph.node("Conv", [x, *_weights(graph, layer, w)], **how))


def _weights(graph: _Graph, layer: Any, w: np.ndarray) -> list[str]:
    """The layer's weights, turned as ONNX wants them, and its biases if it has any."""
    biases = [graph.weight(f"{layer.name}/b", layer.weights[1])] if layer.use_bias else []
    return [graph.weight(f"{layer.name}/w", w), *biases]


def _pooling(operation: str) -> "Writer":
    def write(graph: _Graph, layer: Any, x: str) -> str:
        return graph.node(operation, [x], kernel_shape=layer.pool_size, **_window(layer, layer.pool_size))

    return write


def _lp_pooling(graph: _Graph, layer: Any, x: str) -> str:
    if layer.norm != int(layer.norm):
        raise ValueError(f"{layer.name}: ONNX knows whole norms only, given {layer.norm}")
    window = _window(layer, layer.pool_size)
    return graph.node("LpPool", [x], kernel_shape=layer.pool_size, p=int(layer.norm), **window)


def _global_pooling(operation: str) -> "Writer":
    def write(graph: _Graph, layer: Any, x: str) -> str:
        y = graph.node(operation, [x])
        return y if layer.keepdims else graph.node("Flatten", [y], axis=1)

    return write


def _window(layer: Any, window: tuple[int, ...]) -> dict[str, Any]:
    """Strides, and the zeros before and after each axis: after is what the last window reaches beyond the image."""
    before, after = layer.pad, []
    for axis, size in enumerate(layer._pixels):
        reach = (layer._out_pixels[axis] - 1) * layer.strides[axis] + window[axis]
        after.append(max(reach - before[axis] - size, 0))
    return {"strides": layer.strides, "pads": [*before, *after]}


def _zero_padding(graph: _Graph, layer: Any, x: str) -> str:
    pads = [0, 0, *(before for before, _ in layer.padding), 0, 0, *(after for _, after in layer.padding)]
    return graph.node("Pad", [x, graph.weight(f"{layer.name}/pads", pads, np.int64)])


def _cropping(graph: _Graph, layer: Any, x: str) -> str:
    """Padding by less than nothing."""
    pads = [0, 0, *(-before for before, _ in layer.cropping), 0, 0, *(-after for _, after in layer.cropping)]
    return graph.node("Pad", [x, graph.weight(f"{layer.name}/pads", pads, np.int64)])


def _upsampling(graph: _Graph, layer: Any, x: str) -> str:
    scales = graph.weight(f"{layer.name}/scales", (1, 1, *np.atleast_1d(layer.size)))
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.node("Resize", [x, "", scales], **how)


def _resizing(graph: _Graph, layer: Any, x: str) -> str:
    """The window cut out, then resized; how many images and channels there are is read off as it runs."""
    top, left, height, width = layer._window
    if layer._cuts:
        rows, columns = layer._pixels
        pads = [0, 0, -top, -left, 0, 0, top + height - rows, left + width - columns]
        x = graph.node("Pad", [x, graph.weight(f"{layer.name}/pads", pads, np.int64)])
    if not layer._resizes:
        return x
    size = graph.weight(f"{layer.name}/size", layer._out_pixels, np.int64)
    sizes = graph.node("Concat", [graph.node("Shape", [x], start=0, end=2), size], axis=0)
    mode = {"bilinear": "linear", "nearest": "nearest"}[layer.interpolation]
    how = {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}
    return graph.node("Resize", [x, "", "", sizes], mode=mode, **how)


def _batch_normalization(graph: _Graph, layer: Any, x: str) -> str:
    """With the moving mean and variance, as when looking."""
    vectors = {p: getattr(layer, p).value for p in ("gamma", "beta", "moving_mean", "moving_variance")}
    size = layer.moving_mean.shape[0]
    absent = {"gamma": np.ones(size), "beta": np.zeros(size)}
    kept = {p.name for p in layer.parameters}
    names = [
        graph.weight(f"{layer.name}/{name}", value if name in kept else absent[name]) for name, value in vectors.items()
    ]
    return graph.node("BatchNormalization", [x, *names], epsilon=layer.epsilon)


def _normalization(graph: _Graph, layer: Any, x: str) -> str:
    mean, variance = np.asarray(layer.mean.value), np.asarray(layer.variance.value)
    vectors = {"ones": np.ones_like(mean), "zeros": np.zeros_like(mean), "mean": mean, "variance": variance}
    names = [graph.weight(f"{layer.name}/{name}", value) for name, value in vectors.items()]
    return graph.node("BatchNormalization", [x, *names], epsilon=layer.EPSILON)


def _dense(graph: _Graph, layer: Any, x: str) -> str:
    names = _weights(graph, layer, layer.weights[0])
    if len(layer.input_shape) == 2:
        return _activation(graph, layer, graph.node("Gemm", [x, *names]))
    y = graph.node("MatMul", [x, names[0]])  # each place of the image by itself
    return _activation(graph, layer, graph.node("Add", [y, names[1]]) if layer.use_bias else y)


def _rbf(graph: _Graph, layer: Any, x: str) -> str:
    """-|x - c|**2 = (2 x.c - |c|**2) - |x|**2."""
    c = layer.centres
    names = [graph.weight(f"{layer.name}/c", 2 * c.T), graph.weight(f"{layer.name}/size", -(c**2).sum(axis=1))]
    return graph.node("Sub", [graph.node("Gemm", [x, *names]), graph.node("ReduceSumSquare", [x], axes=[1])])


def _flatten(graph: _Graph, layer: Any, x: str) -> str:
    """In Keras's order, channels last, also where the image has them first."""
    if layer.data_format == "channels_first" and len(layer.input_shape) > 2:
        x = graph.turn(x, len(layer.input_shape), to_first=False)
    return graph.node("Flatten", [x], axis=1)


def _reshape(graph: _Graph, layer: Any, x: str) -> str:
    shape = graph.weight(f"{layer.name}/shape", [0, *layer.output_shape[1:]], np.int64)  # 0: as many as come in
    return graph.node("Reshape", [x, shape])


def _permute(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Transpose", [x], perm=(0, *layer.dims))


def _elementwise(operation: str) -> "Writer":
    return lambda graph, layer, x: graph.node(operation, [x])


def _leaky_relu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("LeakyRelu", [x], alpha=layer.negative_slope)


def _prelu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("PRelu", [x, graph.weight(f"{layer.name}/alpha", layer.alpha.value)])


def _bounded_relu(graph: _Graph, layer: Any, x: str) -> str:
    threshold = graph.weight(f"threshold_{len(graph.nodes)}", layer.threshold)
    below = _times(graph, graph.node("Sub", [x, threshold]), layer.negative_slope)
    most = layer.max_value
    bounded = x if most is None else graph.node("Min", [x, graph.weight(f"most_{len(graph.nodes)}", most)])
    return graph.node("Where", [graph.node("Less", [x, threshold]), below, bounded])


def _elu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Elu", [x], alpha=layer.alpha)


def _selu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Selu", [x], alpha=layer.alpha, gamma=layer.scale)


def _silu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Mul", [x, graph.node("Sigmoid", [x])])


def _gelu(graph: _Graph, layer: Any, x: str) -> str:
    """x / 2 + x / 2 * erf(x / sqrt(2)): the opset is older than Gelu."""
    half = _times(graph, x, 0.5)
    return graph.node("Add", [half, graph.node("Mul", [half, graph.node("Erf", [_times(graph, x, ROOT_HALF)])])])


def _hard_sigmoid(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5)


def _mish(graph: _Graph, layer: Any, x: str) -> str:
    """The opset is older than Mish."""
    return graph.node("Mul", [x, graph.node("Tanh", [graph.node("Softplus", [x])])])


def _scaled_tanh(graph: _Graph, layer: Any, x: str) -> str:
    return _times(graph, graph.node("Tanh", [_times(graph, x, SLOPE)]), AMPLITUDE)


def _rescaling(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Add", [_times(graph, x, layer.scale), graph.weight(f"{layer.name}/offset", layer.offset)])


def _times(graph: _Graph, x: str, factor: float) -> str:
    return graph.node("Mul", [x, graph.weight(f"factor_{len(graph.nodes)}", factor)])


def _softmax(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node(type(layer).__name__, [x], axis=-1)  # Softmax or LogSoftmax


def _nothing(graph: _Graph, layer: Any, x: str) -> str:
    return x


def _merging(operation: str) -> "Writer":
    def write(graph: _Graph, layer: Any, *xs: str) -> str:
        y = xs[0]
        for x in xs[1:]:
            y = graph.node(operation, [y, x])
        return y

    return write


def _average(graph: _Graph, layer: Any, *xs: str) -> str:
    return _times(graph, _merging("Add")(graph, layer, *xs), 1 / len(xs))


def _concatenate(graph: _Graph, layer: Any, *xs: str) -> str:
    return graph.node("Concat", list(xs), axis=layer._axis)


Writer = Callable[..., str]
"""Of the graph, the layer and the names of what it takes."""

FIRST, AS_IT_IS, EITHER = "channels first", "the order of the layer's own shape", "any order"

WRITERS: dict[str, tuple[Writer, str]] = {
    **{f"Conv{n}D": (_convolution, FIRST) for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": (_depthwise, FIRST) for n in (1, 2)},
    **{f"SeparableConv{n}D": (_separable, FIRST) for n in (1, 2)},
    **{f"MaxPooling{n}D": (_pooling("MaxPool"), FIRST) for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": (_pooling("AveragePool"), FIRST) for n in (1, 2, 3)},
    **{f"LpPooling{n}D": (_lp_pooling, FIRST) for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": (_global_pooling("GlobalMaxPool"), FIRST) for n in (1, 2, 3)},
    **{f"GlobalAveragePooling{n}D": (_global_pooling("GlobalAveragePool"), FIRST) for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": (_zero_padding, FIRST) for n in (1, 2, 3)},
    **{f"Cropping{n}D": (_cropping, FIRST) for n in (1, 2, 3)},
    **{f"UpSampling{n}D": (_upsampling, FIRST) for n in (1, 2)},
    "Resizing": (_resizing, FIRST),
    "CenterCrop": (_resizing, FIRST),
    "RandomCrop": (_resizing, FIRST),
    "SparseConv2D": (_sparse_conv2d, FIRST),
    "Subsampling2D": (_subsampling2d, FIRST),
    "BatchNormalization": (_batch_normalization, FIRST),
    "Normalization": (_normalization, FIRST),
    "Dense": (_dense, AS_IT_IS),
    "RBF": (_rbf, AS_IT_IS),
    "Flatten": (_flatten, AS_IT_IS),
    "Reshape": (_reshape, AS_IT_IS),
    "Permute": (_permute, AS_IT_IS),
    "Activation": (_activation, EITHER),  # or where that of its function is
    "Softmax": (_softmax, AS_IT_IS),
    "LogSoftmax": (_softmax, AS_IT_IS),
    "ReLU": (_elementwise("Relu"), EITHER),
    "LeakyReLU": (_leaky_relu, EITHER),
    "PReLU": (_prelu, AS_IT_IS),
    "Sigmoid": (_elementwise("Sigmoid"), EITHER),
    "HardSigmoid": (_hard_sigmoid, EITHER),
    "Tanh": (_elementwise("Tanh"), EITHER),
    "ScaledTanh": (_scaled_tanh, EITHER),
    "Softsign": (_elementwise("Softsign"), EITHER),
    "Softplus": (_elementwise("Softplus"), EITHER),
    "BoundedReLU": (_bounded_relu, EITHER),
    "ELU": (_elu, EITHER),
    "SELU": (_selu, EITHER),
    "SiLU": (_silu, EITHER),
    "GELU": (_gelu, EITHER),
    "Mish": (_mish, EITHER),
    "HardSiLU": (_elementwise("HardSwish"), EITHER),
    "Exponential": (_elementwise("Exp"), EITHER),
    "Rescaling": (_rescaling, EITHER),
    **{name: (_merging(name[:3]), EITHER) for name in ("Add", "Subtract", "Multiply", "Maximum", "Minimum")},
    "Average": (_average, EITHER),
    "Concatenate": (_concatenate, AS_IT_IS),
    # what does nothing when looking
    **{name: (_nothing, EITHER) for name in ("Layer", "Identity", "RandomDistortion", "RandomTranslation")},
    **{name: (_nothing, EITHER) for name in ("RandomRotation", "RandomZoom", "RandomFlip")},
    **{name: (_nothing, EITHER) for name in ("RandomContrast", "RandomBrightness")},
    **{name: (_nothing, EITHER) for name in ("Dropout", "GaussianDropout", "GaussianNoise")},
    **{f"SpatialDropout{n}D": (_nothing, EITHER) for n in (1, 2, 3)},
}
