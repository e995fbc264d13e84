"""The picture of a training: how far, how fast, and whether what was learned holds for images not seen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..events import validates
from .style import BLUE, ORANGE, SMALL, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_history(history: Any) -> "Figure":
    """Loss and metrics over the epochs, training and validation in each.

    history is what ``fit`` returned, or its dict: lists ``loss`` and, where there are any, ``val_loss``,
    ``accuracy`` and ``val_accuracy`` and so on, one value for each epoch. Raises ValueError without a ``loss``.

    >>> plot_history(model.fit(x, y, epochs=5)).savefig("history.png")
    """
    from matplotlib.ticker import MaxNLocator

    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    if not curves.get("loss"):
        raise ValueError("the history has no loss to plot: train for an epoch first")
    names = [name for name in curves if not name.startswith("val_")]
    figure = new_figure(4.8 * len(names), 3.6)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label, colour, line, marker in (
            (name, "training", BLUE, "-", "o"),
            (f"val_{name}", "validation", ORANGE, "--", "s"),
        ):
            if key in curves:
                epochs = _epochs(history, curves[key])
                axes.plot(epochs, curves[key], line, color=colour, marker=marker, markersize=4, label=label)
        axes.set(title=name.replace("_", " ").capitalize(), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(0.8, max(len(curves[name]), 2) + 0.2)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        axes.tick_params(labelsize=SMALL + 1)
        axes.legend(frameon=False)
    return figure


def _epochs(history: Any, values: Sequence[float]) -> list[int]:
    """The epochs, counted from 1, that the values are of: all, or those after which ``fit`` validated."""
    epochs = getattr(history, "epoch", range(len(values)))
    return [at + 1 for at, epoch in enumerate(epochs) if len(values) == len(epochs) or validates(history.model, epoch)]
