"""Which operations are timed at which sizes: every layer of the networks, as it stands in a training step."""

from dataclasses import dataclass
from math import prod
from typing import Any

from .nets import NETS, Net
from .operations import Conv, ConvReluPool, Pool
from .operations_augment import Distortion
from .operations_flat import Dense, Optimizer, Softmax


@dataclass(frozen=True)
class Case:
    """One row of the ladder."""

    net: str
    layer: str
    operation: str
    size: Any


def cases(net: Net) -> list[Case]:
    """The rows of one network. The first layer has no backward_input: nobody asks for the gradient of the pixels."""
    rows: list[Case] = []

    def add(layer: str, size: Any, but: str = "") -> None:
        rows.extend(Case(net.key, layer, name, size) for name in size.operations if not (but and name.endswith(but)))

    inputs = net.inputs()
    for number, ((height, width, channels), filters) in enumerate(zip(inputs, net.filters, strict=False), start=1):
        size = (net.batch, height, width, channels, filters, net.window)
        skipped = "backward_input" if number == 1 else ""
        add(f"conv{number}", Conv(*size), but=skipped)
        add(f"conv{number}", ConvReluPool(*size))
        add(f"pool{number}", Pool(net.batch, height - net.window + 1, width - net.window + 1, filters))
    features = prod(inputs[-1])
    for number, units in enumerate(net.units, start=1):
        add(f"dense{number}", Dense(net.batch, features, units))
        features = units
    add("loss", Softmax(net.batch))
    add("optimizer", Optimizer(net.optimizer, sum(prod(shape) for shape in net.weight_shapes())))
    return rows


def all_cases() -> list[Case]:
    """Of all networks; a size that an earlier one had already is not repeated."""
    seen: dict[tuple[str, Any], Case] = {}
    for net in NETS.values():
        for case in cases(net):
            seen.setdefault((case.operation, case.size), case)
    # RMSprop, which none of them is trained with, on LeNet-5's parameters
    parameters = sum(prod(shape) for shape in NETS["a"].weight_shapes())
    rmsprop = Case("a", "optimizer", "rmsprop_update", Optimizer("rmsprop", parameters))
    # and what distorting its images costs beside a step of training on them
    distortion = Distortion(NETS["a"].batch, *NETS["a"].image)
    return [*seen.values(), rmsprop, *(Case("a", "augmentation", name, distortion) for name in distortion.operations)]
