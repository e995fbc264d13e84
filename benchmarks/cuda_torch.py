"""PyTorch's training step on a CUDA card: eager and as a CUDA graph, each without TF32 and with it."""

from collections.abc import Callable
from typing import Any

import torch

from .nets import Net, images
from .peers.torch_peer import module_of

WAYS = ("eager", "eager, TF32", "CUDA graph", "CUDA graph, TF32")


def step(net: Net, way: str) -> tuple[Callable[[], Any], Callable[[], float], Callable[[], Any]]:
    """A call, the loss before it, and how to wait for the card. Raises ``RuntimeError`` if PyTorch finds none."""
    if not torch.cuda.is_available():
        raise RuntimeError("this PyTorch finds no CUDA card")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = "TF32" in way
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
