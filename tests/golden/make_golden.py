"""Make the golden values: what PyTorch answers to the questions that the tests ask loopnet's kernels.

    python tests/golden/make_golden.py

PyTorch 2.13 wrote the committed files; the tests do not need it. make_golden_layers.py asks Keras about the layers.

Writes an .npz file for each operation and lenet5.npz beside this file. Everything is stored in
Keras's layouts: images (batch, height, width, channels), filters (rows, columns, channels, filters), dense
weights (inputs, units). PyTorch keeps channels before rows and units before inputs, so arrays are turned on the
way in and out.

The one trap is Flatten. Keras reads an image row by row, pixel by pixel, channel by channel; PyTorch
channel by channel first. So `forward` below turns the last feature maps back to channels-last before it
flattens them, and the first dense layer's weights mean the same in both.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from cases import CONV, CONV3D, DENSE, POOL, POOL3D, SOFTMAX, Conv, Conv3D, Dense, Pool, Pool3D  # noqa: E402

from golden.lenet import ADAM, STEPS, batch, initial_weights  # noqa: E402


def channels_first(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.moveaxis(images, -1, 1).copy())


def channels_last(images: torch.Tensor) -> np.ndarray:
    return np.moveaxis(images.detach().numpy(), 1, -1)


def torch_filters(w: np.ndarray) -> torch.Tensor:
    """(rows, columns, channels, filters) as (filters, channels, rows, columns)."""
    return torch.tensor(w.transpose(3, 2, 0, 1).copy())


def keras_filters(w: torch.Tensor) -> np.ndarray:
    return w.detach().numpy().transpose(2, 3, 1, 0)


def draw(random: np.random.RandomState, *shape: int) -> np.ndarray:
    """Standard normal numbers that float32 holds exactly, in float64."""
    return random.standard_normal(shape).astype(np.float32).astype(np.float64)


def frame(case: Conv | Pool) -> list[int]:
    """The padding of a case as F.pad wants it: left, right, top, bottom."""
    spans = [(case.out[a] - 1) * case.stride[a] + case.window[a] for a in (0, 1)]
    after = [max(spans[a] - case.pad[a] - case.x[1 + a], 0) for a in (0, 1)]
    return [case.pad[1], after[1], case.pad[0], after[0]]


def conv2d(case: Conv, random: np.random.RandomState) -> dict[str, np.ndarray]:
    x = draw(random, *case.x)
    w = draw(random, *case.window, case.x[3], case.filters)
    b = draw(random, case.filters)
    dy = draw(random, case.x[0], *case.out, case.filters)

    tx, tw, tb = channels_first(x), torch_filters(w), torch.tensor(b)
    for tensor in (tx, tw, tb):
        tensor.requires_grad_()
    y = F.conv2d(F.pad(tx, frame(case)), tw, tb, stride=case.stride)
    assert tuple(y.shape[2:]) == case.out, (case.name, y.shape)
    y.backward(channels_first(dy))
    assert tx.grad is not None and tw.grad is not None and tb.grad is not None
    gradients = {"dx": channels_last(tx.grad), "dw": keras_filters(tw.grad), "db": tb.grad.numpy()}
    return {"x": x, "w": w, "b": b, "dy": dy, "y": channels_last(y), **gradients}


def pool(case: Pool, random: np.random.RandomState) -> dict[str, np.ndarray]:
    x = draw(random, *case.x)
    dy = draw(random, case.x[0], *case.out, case.x[3])

    tx = channels_first(x).requires_grad_()
    padded = F.pad(tx, frame(case), value=-torch.inf)
    y, place = F.max_pool2d(padded, case.window, case.stride, return_indices=True)
    assert tuple(y.shape[2:]) == case.out, (case.name, y.shape)
    y.backward(channels_first(dy))
    assert tx.grad is not None

    # PyTorch counts the pixels of the padded image, loopnet the places in the window
    row, column = np.divmod(channels_last(place), padded.shape[3])
    i, j = np.indices(case.out)
    winner = (row - i[None, :, :, None] * case.stride[0]) * case.window[1]
    winner += column - j[None, :, :, None] * case.stride[1]
    answers = {"y": channels_last(y), "winner": winner.astype(np.int32), "dx": channels_last(tx.grad)}
    return {"x": x, "dy": dy, **answers}


def frame3d(case: Conv3D | Pool3D, dilation: tuple[int, int, int]) -> list[int]:
    spans = [(case.out[a] - 1) * case.stride[a] + (case.window[a] - 1) * dilation[a] + 1 for a in range(3)]
    after = [max(spans[a] - case.pad[a] - case.x[1 + a], 0) for a in range(3)]
    return [zeros for a in (2, 1, 0) for zeros in (case.pad[a], after[a])]


def conv3d(case: Conv3D, random: np.random.RandomState) -> dict[str, np.ndarray]:
    x, b = draw(random, *case.x), draw(random, case.filters)
    w = draw(random, *case.window, case.x[4] // case.groups, case.filters)
    dy = draw(random, case.x[0], *case.out, case.filters)

    tx, tw, tb = channels_first(x), torch.tensor(w.transpose(4, 3, 0, 1, 2).copy()), torch.tensor(b)
    for tensor in (tx, tw, tb):
        tensor.requires_grad_()
    padded = F.pad(tx, frame3d(case, case.dilation))
    y = F.conv3d(padded, tw, tb, stride=case.stride, dilation=case.dilation, groups=case.groups)
    assert tuple(y.shape[2:]) == case.out, (case.name, y.shape)
    y.backward(channels_first(dy))
    assert tx.grad is not None and tw.grad is not None and tb.grad is not None
    dw = tw.grad.numpy().transpose(2, 3, 4, 1, 0)
    gradients = {"dx": channels_last(tx.grad), "dw": dw, "db": tb.grad.numpy()}
    return {"x": x, "w": w, "b": b, "dy": dy, "y": channels_last(y), **gradients}


def pool3d(kind: str):
    """By PyTorch's own maximum; mean and norm from its mean, so that padding neither counts nor is looked at."""

    def make(case: Pool3D, random: np.random.RandomState) -> dict[str, np.ndarray]:
        x, dy = draw(random, *case.x), draw(random, case.x[0], *case.out, case.x[4])
        tx = channels_first(x).requires_grad_()
        around = frame3d(case, (1, 1, 1))
        answers = {}

        def total(numbers: torch.Tensor) -> torch.Tensor:
            return F.avg_pool3d(F.pad(numbers, around), case.window, case.stride) * int(np.prod(case.window))

        if kind == "max":
            padded = F.pad(tx, around, value=-torch.inf)
            y, place = F.max_pool3d(padded, case.window, case.stride, return_indices=True)
            plane, rest = np.divmod(channels_last(place), padded.shape[3] * padded.shape[4])
            row, column = np.divmod(rest, padded.shape[4])
            stops = np.indices(case.out)[:, None, ..., None]
            q, r, s = (at - stops[a] * case.stride[a] for a, at in enumerate((plane, row, column)))
            winner = (q * case.window[1] + r) * case.window[2] + s
            answers["winner"] = winner.astype(np.int32)
        elif kind == "average":
            y = total(tx) / total(torch.ones_like(tx))
        else:
            y = total(tx.abs() ** case.norm) ** (1 / case.norm)
        assert tuple(y.shape[2:]) == case.out, (case.name, y.shape)
        y.backward(channels_first(dy))
        assert tx.grad is not None
        return {"x": x, "dy": dy, "y": channels_last(y), "dx": channels_last(tx.grad), **answers}

    return make


def dense(case: Dense, random: np.random.RandomState) -> dict[str, np.ndarray]:
    x, w = draw(random, case.batch, case.inputs), draw(random, case.inputs, case.units)
    b, dy = draw(random, case.units), draw(random, case.batch, case.units)

    tx, tw, tb = torch.tensor(x), torch.tensor(w.T.copy()), torch.tensor(b)
    for tensor in (tx, tw, tb):
        tensor.requires_grad_()
    y = F.linear(tx, tw, tb)
    y.backward(torch.tensor(dy))
    assert tx.grad is not None and tw.grad is not None and tb.grad is not None
    gradients = {"dx": tx.grad.numpy(), "dw": tw.grad.numpy().T, "db": tb.grad.numpy()}
    return {"x": x, "w": w, "b": b, "dy": dy, "y": y.detach().numpy(), **gradients}


def cross_entropy(shape: tuple[int, int], random: np.random.RandomState) -> dict[str, np.ndarray]:
    images, classes = shape
    logits = draw(random, images, classes)
    targets = np.eye(classes)[random.randint(classes, size=images)]
    weight = draw(random, images) ** 2

    tensor = torch.tensor(logits, requires_grad=True)
    losses = F.cross_entropy(tensor, torch.tensor(targets), reduction="none")
    (losses * torch.tensor(weight)).sum().backward()
    assert tensor.grad is not None
    return {
        "logits": logits, "targets": targets, "weight": weight,
        "probabilities": torch.softmax(tensor, dim=1).detach().numpy(),
        "losses": losses.detach().numpy(), "dlogits": tensor.grad.numpy(),
    }  # fmt: skip


def forward(images: torch.Tensor, parameters: list[torch.Tensor]) -> torch.Tensor:
    """LeNet-5 of the article: two convolutions with ReLU and pooling, then three dense layers, to logits."""
    w1, b1, w3, b3, w5, b5, w6, b6, w7, b7 = parameters
    maps = F.max_pool2d(F.relu(F.conv2d(images, w1, b1)), 2)
    maps = F.max_pool2d(F.relu(F.conv2d(maps, w3, b3)), 2)
    features = maps.permute(0, 2, 3, 1).reshape(len(images), -1)  # Keras's order
    features = F.relu(F.linear(features, w5, b5))
    features = F.relu(F.linear(features, w6, b6))
    return F.linear(features, w7, b7)


def torch_layout(w: np.ndarray) -> torch.Tensor:
    return torch_filters(w) if w.ndim == 4 else torch.tensor(w.T.copy())


def keras_layout(w: torch.Tensor) -> np.ndarray:
    return keras_filters(w) if w.ndim == 4 else w.detach().numpy().T


def lenet5(images: int, steps: int, dtype: type) -> dict[str, np.ndarray]:
    """The loss before each Adam step, and the Euclidean norm of each parameter's first gradient."""
    x, labels = batch(images)
    parameters = [torch_layout(w.astype(dtype)).requires_grad_() for w in initial_weights()]
    adam = torch.optim.Adam(
        parameters, lr=ADAM["learning_rate"], betas=(ADAM["beta_1"], ADAM["beta_2"]), eps=ADAM["epsilon"]
    )
    losses, norms = [], []
    for step in range(steps):
        adam.zero_grad()
        loss = F.cross_entropy(forward(channels_first(x.astype(dtype)), parameters), torch.tensor(labels))
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            norms = [float(np.linalg.norm(w.grad.double())) for w in parameters if w.grad is not None]
        adam.step()
    return {"losses": np.array(losses), "gradient_norms": np.array(norms)}


def save(name: str, arrays: dict[str, np.ndarray]) -> None:
    path = HERE / f"{name}.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1024:.0f} KB")


def of_all_cases(cases, make) -> dict[str, np.ndarray]:
    """One flat dictionary, "<number of the case>/<array>"."""
    random = np.random.RandomState(0)
    return {f"{n}/{key}": value for n, case in enumerate(cases) for key, value in make(case, random).items()}


def main() -> None:
    torch.set_num_threads(1)
    save("conv2d", of_all_cases(CONV, conv2d))
    save("pool", of_all_cases(POOL, pool))
    save("conv3d", of_all_cases(CONV3D, conv3d))
    for kind in ("max", "average", "lp"):
        save(f"{kind}_pool3d", of_all_cases(POOL3D, pool3d(kind)))
    save("dense", of_all_cases(DENSE, dense))
    save("cross_entropy", of_all_cases(SOFTMAX, cross_entropy))
    runs = {
        f"{dtype.__name__}/{images}": lenet5(images, steps, dtype)
        for dtype in (np.float32, np.float64)
        for images, steps in STEPS.items()
    }
    save("lenet5", {f"{run}/{key}": value for run, arrays in runs.items() for key, value in arrays.items()})


if __name__ == "__main__":
    main()
