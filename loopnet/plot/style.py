"""The one style of all pictures. Colours are told apart with every kind of colour blindness, and in grey print.

Okabe and Ito's palette for lines; matplotlib's perceptually even maps for numbers: grey for images, ``cividis`` for
amounts, and orange through white to purple for numbers that have a sign, white always being 0.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, SKY, GREEN, GREY = "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#666666"
IMAGE, AMOUNT, SIGNED = "gray", "cividis", "PuOr"
SMALL, TITLE = 8, 11  # points


def new_figure(width: float, height: float, title: str = "") -> "Figure":
    """An empty figure of that size in inches, whose panels and labels never overlap."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=TITLE)
    return figure


def grid(
    rows: int, columns: int, title: str = "", size: float = 1.2, caption: float = 0.3, bar: bool = False
) -> tuple["Figure", Any]:
    """A figure of ``rows`` x ``columns`` square panels, each ``size`` inches, and its axes (rows, columns).

    caption: inches above each panel for its title; bar: leave room for a colour bar on the right.
    """
    height = rows * (size + caption) + (0.4 if title else 0.0)
    width = columns * (size + 0.06) + (1.0 if bar else 0.1)
    figure = new_figure(max(width, 0.085 * len(title) + 0.5), height, title)
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.flat:
        panel.set_axis_off()
    return figure, axes


def draw(panel: Any, image: np.ndarray, caption: str = "", colours: str = IMAGE, limit: float | None = None) -> Any:
    """An image on a panel: grey (h, w) or (h, w, 1), or colours (h, w, 3).

    Bytes are shown as they are, floats from 0 to 1; with SIGNED or AMOUNT, up to ``limit``, the largest if None.
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim == 3:
        top = 255 if image.dtype == np.uint8 else 1.0
        drawn = panel.imshow(np.clip(image / top, 0, 1), interpolation="nearest")
    else:
        if limit is None:
            limit = largest(image) if colours != IMAGE else 255 if image.dtype == np.uint8 else 1.0
        lowest = -limit if colours == SIGNED else 0
        drawn = panel.imshow(image, cmap=colours, vmin=lowest, vmax=limit, interpolation="nearest")
    if caption:
        panel.set_title(caption, fontsize=SMALL, pad=3)
    return drawn


def largest(values: np.ndarray) -> float:
    """The largest absolute value, or 1 if all are 0, as the end of a colour scale."""
    return float(np.abs(values).max()) or 1.0


def colour_bar(figure: "Figure", drawn: Any, axes: Any, label: str, inside: Any = None) -> None:
    """The scale of what was drawn: to the right of ``axes``, or at the right edge of ``inside``, an empty panel."""
    if inside is None:
        bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, shrink=0.9)
    else:
        bar = figure.colorbar(drawn, cax=inside.inset_axes((0.86, 0.05, 0.08, 0.9)), ticklocation="left")
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)


def class_numbers(labels: Any) -> np.ndarray:
    """Class numbers (n,) from class numbers of shape (n,) or (n, 1), one-hot rows, or a network's outputs."""
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] > 1:
        return labels.argmax(axis=1)
    return labels.reshape(-1).astype(int)


def name_of(number: int, classes: Any) -> str:
    return str(number) if classes is None else str(classes[number])
