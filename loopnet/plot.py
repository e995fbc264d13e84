"""Figures: matplotlib's own, made without pyplot, so there is nothing to close and no display is needed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with every kind of colour blindness, and by their grey values in print.
BLUE, ORANGE = "#0072B2", "#D55E00"


def plot_history(history: Any) -> "Figure":
    """Loss and accuracy over the epochs, training and validation in each.

    history is what ``fit`` returned, or its dict: lists ``loss`` and, where there are any, ``val_loss``,
    ``accuracy`` and ``val_accuracy``, one value for each epoch. Raises ValueError without a ``loss``.

    >>> plot_history(model.fit(x, y, epochs=5)).savefig("history.png")
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    if not curves.get("loss"):
        raise ValueError("the history has no loss to plot: train for an epoch first")
    names = [name for name in ("loss", "accuracy") if name in curves]
    figure = Figure(figsize=(4.8 * len(names), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label, colour, line, marker in (
            (name, "training", BLUE, "-", "o"),
            (f"val_{name}", "validation", ORANGE, "--", "s"),
        ):
            if key in curves:
                epochs = range(1, len(curves[key]) + 1)
                axes.plot(epochs, curves[key], line, color=colour, marker=marker, markersize=4, label=label)
        axes.set(title=name.capitalize(), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
    return figure
