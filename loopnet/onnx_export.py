"""A trained network as an ONNX file, which other programs run. Needs ``pip install loopnet[onnx]``.

ONNX keeps channels before rows and columns; the exported network takes and gives images as loopnet does, channels
last, and turns the axes round inside: once at the door, and back before Flatten, which would else read another order.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .layers import Layer
    from .model import Sequential

OPSET, IR_VERSION = 17, 8  # of 2022: any runtime since knows them
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def export(model: "Sequential", path: str | Path) -> None:
    """Write ``model`` to ``path``: input "images" (batch, height, width, channels), output "outputs", as ``predict``
    gives them. Always in float32: onnxruntime has no convolution in float64.

    Raises ``ImportError`` without the extra, ``ValueError`` for a layer that cannot be exported.
    """
    try:
        import onnx
    except ImportError:
        raise ImportError("the ONNX export needs the package onnx: pip install 'loopnet[onnx]'") from None
    model._built()
    graph = _Graph()
    at, channels_first = "images", False
    for layer in model.layers:
        for part in (layer, getattr(layer, "activation", None)):
            if part is not None and type(part).__name__ not in WRITERS:
                raise ValueError(f"{layer.name}: {type(part).__name__} cannot be exported to ONNX")
        if getattr(layer, "data_format", "channels_last") == "channels_first":
            raise ValueError(f"{layer.name}: data_format='channels_first' cannot be exported to ONNX")
        write = WRITERS[type(layer).__name__]
        maps = len(layer.input_shape) == 4
        turned = maps and type(layer).__name__ in ON_MAPS
        if turned != channels_first and maps:
            at = graph.node("Transpose", [at], perm=TO_FIRST if turned else TO_LAST)
            channels_first = turned
        at = write(graph, layer, at)
        channels_first = channels_first and len(layer.output_shape) == 4
    if channels_first:
        at = graph.node("Transpose", [at], perm=TO_LAST)
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

    def weight(self, name: str, array: np.ndarray) -> str:
        import onnx

        self.weights.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return name


# One function a layer: it adds the layer's nodes after the result named x, and returns the name of its own.


def _activation(graph: _Graph, layer: Any, x: str) -> str:
    """The activation behind a layer's weights, if it has one."""
    activation = getattr(layer, "activation", None)
    return x if activation is None else WRITERS[type(activation).__name__](graph, activation, x)


def _conv2d(graph: _Graph, layer: Any, x: str) -> str:
    names = _weights(graph, layer, layer.weights[0].transpose(3, 2, 0, 1))
    covers = tuple((w - 1) * d + 1 for w, d in zip(layer.kernel_size, layer.dilation_rate, strict=True))
    how = {"kernel_shape": layer.kernel_size, "dilations": layer.dilation_rate, "group": layer.groups}
    y = graph.node("Conv", [x, *names], **how, **_window(layer, covers))
    return _activation(graph, layer, y)


def _weights(graph: _Graph, layer: Any, w: np.ndarray) -> list[str]:
    """The layer's weights, turned as ONNX wants them, and its biases if it has any."""
    biases = [graph.weight(f"{layer.name}/b", layer.weights[1])] if layer.use_bias else []
    return [graph.weight(f"{layer.name}/w", w), *biases]


def _max_pooling2d(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("MaxPool", [x], kernel_shape=layer.pool_size, **_window(layer, layer.pool_size))


def _window(layer: Any, window: tuple[int, int]) -> dict[str, Any]:
    """Strides, and the zeros before and after both axes: after is what the last window reaches beyond the image."""
    before, after = layer.pad, []
    for axis in (0, 1):
        reach = (layer.output_shape[1 + axis] - 1) * layer.strides[axis] + window[axis]
        after.append(max(reach - before[axis] - layer.input_shape[1 + axis], 0))
    return {"strides": layer.strides, "pads": [*before, *after]}


def _dense(graph: _Graph, layer: Any, x: str) -> str:
    y = graph.node("Gemm", [x, *_weights(graph, layer, layer.weights[0])])
    return _activation(graph, layer, y)


def _flatten(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Flatten", [x], axis=1)


def _elementwise(operation: str) -> "Writer":
    return lambda graph, layer, x: graph.node(operation, [x])


def _leaky_relu(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("LeakyRelu", [x], alpha=layer.negative_slope)


def _softmax(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Softmax", [x], axis=1)


def _nothing(graph: _Graph, layer: Any, x: str) -> str:
    return x


Writer = Callable[[_Graph, "Layer", str], str]

WRITERS: dict[str, Writer] = {
    "Conv2D": _conv2d,
    "MaxPooling2D": _max_pooling2d,
    "Dense": _dense,
    "Flatten": _flatten,
    "ReLU": _elementwise("Relu"),
    "LeakyReLU": _leaky_relu,
    "Sigmoid": _elementwise("Sigmoid"),
    "Tanh": _elementwise("Tanh"),
    "Softplus": _elementwise("Softplus"),
    "Softmax": _softmax,
    "Dropout": _nothing,  # as it is when looking
    "Layer": _nothing,
}
ON_MAPS = ("Conv2D", "MaxPooling2D")  # those that need the channels first; the rest takes either order, or the last
