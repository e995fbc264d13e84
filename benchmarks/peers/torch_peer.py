"""PyTorch: eager, channels_last, fused optimisers, torch.compile; for inference also frozen TorchScript."""

from typing import Any

import numpy as np
import torch
from torch import nn

from ..nets import Net, images, weights
from . import Program

ONE_THREAD = ", 1 thread"


def start(threads: int) -> None:
    torch.set_num_threads(threads)


def variants(kind: str, batch: int) -> list[str]:
    if kind == "train":
        return ["fused", "channels_last, fused", "compile, fused", "compile, channels_last, fused"]
    ways = ["eager", "channels_last", "jit frozen", "jit frozen, channels_last", "compile, frozen"]
    return ways + [way + ONE_THREAD for way in ways] if batch == 1 else ways


def module_of(net: Net) -> nn.Sequential:
    """The network with the weights of everybody: filters and channels first, Flatten in the order of channels first."""
    height, width, features = net.inputs()[-1]
    layers: list[nn.Module] = []
    given = iter(weights(net))
    activation = nn.ReLU if net.activation == "relu" else nn.Tanh
    pooling = nn.MaxPool2d if net.pooling == "max" else nn.AvgPool2d
    for _ in net.filters:
        w, b = next(given), next(given)
        layers += [with_weights(nn.Conv2d(w.shape[2], w.shape[3], net.window), w.transpose(3, 2, 0, 1), b)]
        layers += [activation(), pooling(2)]
    layers.append(nn.Flatten())
    for number, units in enumerate(net.units):
        w, b = next(given), next(given)
        if number == 0:
            w = w.reshape(height, width, features, units).transpose(2, 0, 1, 3).reshape(-1, units)
        layers += [with_weights(nn.Linear(*w.shape), w.T, b), activation()]
    return nn.Sequential(*layers[:-1])


def with_weights(layer: Any, w: np.ndarray, b: np.ndarray) -> Any:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(w)))
        layer.bias.copy_(torch.from_numpy(b))
    return layer


def build(net: Net, kind: str, batch: int, variant: str, threads: int) -> Program:
    model = module_of(net)
    x, labels = images(net, batch)
    pixels = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    if "channels_last" in variant:
        model = model.to(memory_format=torch.channels_last)
        pixels = pixels.to(memory_format=torch.channels_last)

    def before() -> None:
        torch.set_num_threads(1 if ONE_THREAD in variant else threads)

    before()
    if kind == "infer":
        return Program(inference(model.eval(), pixels, variant), lambda y: y[0].tolist(), before=before)
    return Program(training(net, model, pixels, torch.from_numpy(labels), variant), lambda y: [float(y)], before=before)


def training(net: Net, model: nn.Module, pixels: torch.Tensor, labels: torch.Tensor, variant: str) -> Any:
    rate, parameters = net.learning_rate, model.parameters()
    optimizer: torch.optim.Optimizer
    if net.optimizer == "adam":
        optimizer = torch.optim.Adam(parameters, lr=rate, eps=1e-7, fused=True)
    else:
        optimizer = torch.optim.SGD(parameters, lr=rate, fused=True)
    loss_of = nn.CrossEntropyLoss()

    def loss_and_outputs() -> Any:
        return loss_of(model(pixels), labels)

    forward = torch.compile(loss_and_outputs) if "compile" in variant else loss_and_outputs

    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = forward()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def inference(model: nn.Module, pixels: torch.Tensor, variant: str) -> Any:
    run: Any = model
    if "jit" in variant:
        run = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, pixels)))
    elif "compile" in variant:
        import torch._inductor.config as inductor

        inductor.freezing = True
        run = torch.compile(model, dynamic=False)

    @torch.inference_mode()
    def forward() -> torch.Tensor:
        return run(pixels)

    return forward
