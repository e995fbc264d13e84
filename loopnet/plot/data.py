"""Pictures of images with their labels: a data set, and what a network made of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import SMALL, class_numbers, draw, grid, name_of, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show_dataset(
    images: Any, labels: Any = None, n: int = 10, classes: Sequence[str] | None = None, columns: int = 10
) -> "Figure":
    """The first ``n`` images with their labels.

    images: (images, h, w), (images, h, w, 1) or in colours (images, h, w, 3), as bytes or from 0 to 1. labels: class
    numbers, also of shape (images, 1) as CIFAR-10's are, or one-hot rows; classes: their names.

    >>> show_dataset(x_train, y_train, classes=cifar10.CLASSES)
    """
    n = min(n, len(images))
    columns = min(n, columns)
    numbers = None if labels is None else class_numbers(labels[:n])
    if numbers is not None and len(numbers) < n:
        raise ValueError(f"expected as many labels as images, given {len(images)} images and {len(labels)} labels")
    figure, axes = grid(-(-n // columns), columns)
    for i in range(n):
        caption = "" if numbers is None else name_of(numbers[i], classes)
        draw(axes.flat[i], images[i], caption)
    return figure


def misclassified(
    images: Any, labels: Any, outputs: Any, n: int = 10, classes: Sequence[str] | None = None, columns: int = 5
) -> "Figure":
    """The ``n`` images that the network got wrong most confidently: "4, taken for 9" with the share it gave the 9.

    outputs: (images, classes) as ``model.predict`` gives them, probabilities or logits. Without a mistake the
    figure says so.
    """
    truth, p = class_numbers(labels), np.asarray(outputs, np.float64)
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-3):  # logits
        p = np.exp(p - p.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
    given = p.argmax(axis=1)
    wrong = np.flatnonzero(given != truth)
    worst = wrong[np.argsort(-p[wrong, given[wrong]], kind="stable")][:n]
    title = f"{len(wrong)} of {len(truth)} wrong"
    if len(worst) > 1:
        title += f"; the {len(worst)} most confident" if len(worst) < len(wrong) else "; the most confident first"
    columns = max(1, min(len(worst), columns))
    figure, axes = grid(max(1, -(-len(worst) // columns)), columns, title, size=1.5, caption=0.45)
    for panel, i in zip(axes.flat, worst, strict=False):
        share = p[i, given[i]]
        draw(panel, images[i], f"{name_of(truth[i], classes)}, taken for\n{name_of(given[i], classes)} ({share:.0%})")
    return figure


def confusion_matrix(labels: Any, outputs: Any, classes: Sequence[str] | None = None) -> "Figure":
    """How often each class (row) was taken for each (column): counts, and as shade the share of the row.

    labels: class numbers or one-hot rows. outputs: as ``model.predict`` gives them, or class numbers.
    """
    truth, given = class_numbers(labels), class_numbers(outputs)
    if len(truth) != len(given):
        raise ValueError(f"expected as many labels as outputs, given {len(truth)} and {len(given)}")
    size = len(classes) if classes is not None else int(max(truth.max(), given.max())) + 1
    counts = np.zeros((size, size), int)
    np.add.at(counts, (truth, given), 1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    right = counts.trace() / counts.sum()
    figure = new_figure(0.5 * size + 1.6, 0.5 * size + 1.4, f"Confusion matrix: {right:.2%} right")
    panel = figure.subplots()
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, k in np.ndindex(size, size):
        if counts[i, k]:
            colour = "white" if share[i, k] > 0.55 else "black"
            panel.text(k, i, f"{counts[i, k]}", ha="center", va="center", color=colour, fontsize=SMALL)
    names = [name_of(k, classes) for k in range(size)]
    turned: dict[str, Any] = {} if classes is None else {"rotation": 45, "ha": "right"}
    panel.set_xticks(range(size), names, **turned)
    panel.set_yticks(range(size), names)
    panel.tick_params(length=0, labelsize=SMALL + 1)
    panel.set(xlabel="given by the network", ylabel="true class")
    panel.spines[:].set_visible(False)
    return figure
