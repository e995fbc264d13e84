"""PyTorch on a CUDA card: its training step, eager and as a CUDA graph, and cuDNN's convolutions; without TF32 and
with it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .checking import Arrays
from .nets import Net, images
from .operations import Conv, Work
from .peers.torch_peer import module_of

WAYS = ("eager", "eager, TF32", "CUDA graph", "CUDA graph, TF32")
LAYOUTS = ("channels first", "channels last")


def step(net: Net, way: str) -> tuple[Callable[[], Any], Callable[[], float], Callable[[], Any]]:
    """A call, the loss before it, and how to wait for the card. Raises ``RuntimeError`` if PyTorch finds none."""
    _settle("TF32" in way)
    module = module_of(net).cuda()
    pixels, labels = images(net, net.batch)
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().cuda()
    y = torch.from_numpy(labels).cuda()
    graph = "graph" in way
    if net.optimizer == "adam":
        optimizer: Any = torch.optim.Adam(
            module.parameters(), net.learning_rate, eps=1e-7, fused=True, capturable=graph
        )
    else:
        optimizer = torch.optim.SGD(module.parameters(), net.learning_rate, fused=True)
    criterion = torch.nn.CrossEntropyLoss()
    last = torch.zeros((), device="cuda")

    def eager() -> None:
        optimizer.zero_grad(set_to_none=not graph)
        loss = criterion(module(x), y)
        loss.backward()
        optimizer.step()
        last.copy_(loss.detach())

    def loss() -> float:
        return float(last)

    if not graph:
        return eager, loss, torch.cuda.synchronize
    return _captured(eager, module, optimizer), loss, torch.cuda.synchronize


def _captured(eager: Callable[[], None], module: Any, optimizer: Any) -> Callable[[], None]:
    """The step as a graph, with weights and optimiser as they were before the warming up that capture asks for."""
    weights = {name: value.clone() for name, value in module.state_dict().items()}
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            eager()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        eager()
    with torch.no_grad():
        module.load_state_dict(weights)
        for state in optimizer.state.values():
            for value in state.values():
                if torch.is_tensor(value):
                    value.zero_()
    return graph.replay


def _settle(tf32: bool) -> None:
    """cuDNN tries its algorithms out and takes the fastest. Raises ``RuntimeError`` if PyTorch finds no card."""
    if not torch.cuda.is_available():
        raise RuntimeError("this PyTorch finds no CUDA card")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32


def convolution(size: Conv, operation: str, given: Arrays, layout: str, tf32: bool, device: str = "cuda") -> Work:
    """One of the three operations of a convolution by cuDNN, with loopnet's inputs and answers in loopnet's order.

    layout: one of ``LAYOUTS``, of images and filters alike. The gradient of the weights comes with that of the biases,
    as loopnet's does. Settings are the process's: they are made again before each call.
    """
    if device == "cuda":
        _settle(tf32)
    order = torch.channels_last if layout == "channels last" else torch.contiguous_format

    def tensor(array: np.ndarray, *axes: int) -> torch.Tensor:
        return torch.from_numpy(array).permute(*axes).to(device).contiguous(memory_format=order)

    x, dy = (tensor(given[name], 0, 3, 1, 2) for name in ("x", "dy"))
    w, b = tensor(given["w"], 3, 2, 0, 1), torch.from_numpy(given["b"]).to(device)
    images_asked = operation == "conv2d_backward_input"
    asked = [images_asked, not images_asked, not images_asked]
    answers: list[Any] = []

    def call() -> None:
        if device == "cuda":
            torch.backends.cudnn.allow_tf32 = tf32
        if operation == "conv2d_forward":
            answers[:] = [torch.nn.functional.conv2d(x, w, b)]
        else:
            answers[:] = torch.ops.aten.convolution_backward(
                dy, x, w, [size.filters], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, asked
            )

    def back(tensor: torch.Tensor, *axes: int) -> np.ndarray:
        return tensor.permute(*axes).cpu().numpy()

    def read() -> Arrays:
        if operation == "conv2d_forward":
            return {"y": back(answers[0], 0, 2, 3, 1)}
        if images_asked:
            return {"dx": back(answers[0], 0, 2, 3, 1)}
        return {"dw": back(answers[1], 2, 3, 1, 0), "db": answers[2].cpu().numpy()}

    return Work(call, read)
