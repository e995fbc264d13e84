"""Weights trained by PyTorch, for a network of the same layers. PyTorch itself is not needed.

    state = torch.load("lenet.pt", weights_only=True)      # where PyTorch is; then np.savez("lenet.npz", **state)
    model = loopnet.lenet.lenet5()
    loopnet.pytorch.load_state_dict(model, np.load("lenet.npz"))
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .layers import Layer
from .model import Sequential


def load_state_dict(model: Sequential, state_dict: Mapping[str, Any]) -> None:
    """Give ``model`` the weights of a PyTorch network of the same layers in the same order, whatever their names.

    state_dict: name to array or CPU tensor, weights before biases, as ``module.state_dict()`` lists them. Three things
    differ, and are turned round here:

    - filters are (filters, channels, rows, columns) in PyTorch, and (rows, columns, channels, filters) here;
    - dense weights are (units, inputs) there, and (inputs, units) here;
    - ``torch.flatten`` reads an image channel by channel, ``Flatten`` pixel by pixel: the inputs of the first dense
      layer behind it change places.

    Raises ``ValueError``, and changes nothing, if the arrays do not fit.
    """
    model._built()
    given = [(name, np.asarray(array)) for name, array in state_dict.items()]
    layers = [layer for layer in model._layers if layer.parameters]
    if len(given) != 2 * len(layers) or any(len(layer.parameters) != 2 for layer in layers):
        names = ", ".join(name for name, _ in given)
        raise ValueError(
            f"{model.name}: expected weights and biases of {len(layers)} layers, given {len(given)} arrays: {names}"
        )
    weights = []
    for number, layer in enumerate(layers):
        (name, w), (name_b, b) = given[2 * number : 2 * number + 2]
        turned = _turned(model, layer, w)
        for array, parameter, whose in ((turned, layer.parameters[0], name), (b, layer.parameters[1], name_b)):
            if array.shape != parameter.shape:
                raise ValueError(
                    f"{layer.name}: {whose} of shape {(w if array is turned else b).shape} does not fit "
                    f"{parameter.name} of shape {parameter.shape}"
                )
        weights += [turned, b]
    model.set_weights(weights)


def _turned(model: Sequential, layer: Layer, w: np.ndarray) -> np.ndarray:
    if w.ndim == 4:
        return w.transpose(2, 3, 1, 0)
    at = model._layers.index(layer)
    before = model._layers[at - 1] if at else layer
    if w.ndim == 2 and type(before).__name__ == "Flatten" and len(before.input_shape) == 4:
        _, height, width, channels = before.input_shape
        if w.shape[1] == height * width * channels:
            w = w.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(len(w), -1)
    return w.T
