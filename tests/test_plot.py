"""The figure of a training history: what is in it, not how it looks."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from loopnet.plot import plot_history

CURVES = {
    "loss": [1.5, 0.5, 0.3],
    "accuracy": [0.5, 0.8, 0.9],
    "val_loss": [1.0, 0.6, 0.4],
    "val_accuracy": [0.6, 0.7, 0.8],
}


@pytest.mark.parametrize("history", [CURVES, SimpleNamespace(history=CURVES)])
def test_every_curve_is_drawn_over_its_epochs(history):
    axes = plot_history(history).axes
    assert [a.get_title() for a in axes] == ["Loss", "Accuracy"]
    for a, name in zip(axes, ("loss", "accuracy"), strict=True):
        drawn = {line.get_label(): line for line in a.lines}
        assert set(drawn) == {"training", "validation"}
        for label, key in (("training", name), ("validation", f"val_{name}")):
            np.testing.assert_array_equal(drawn[label].get_xdata(), [1, 2, 3])
            np.testing.assert_array_equal(drawn[label].get_ydata(), CURVES[key])
        # told apart without colours too
        assert drawn["training"].get_linestyle() != drawn["validation"].get_linestyle()
        assert drawn["training"].get_marker() != drawn["validation"].get_marker()


def test_loss_alone_is_one_panel():
    (axes,) = plot_history({"loss": [2.0]}).axes
    assert [line.get_label() for line in axes.lines] == ["training"]


def test_nothing_to_plot():
    with pytest.raises(ValueError, match="no loss to plot"):
        plot_history({"loss": []})


def test_neither_pyplot_nor_a_display_is_needed(tmp_path):
    code = (
        "import sys; from loopnet.plot import plot_history; assert 'matplotlib' not in sys.modules;"
        f"plot_history({CURVES}).savefig({str(tmp_path / 'history.png')!r});"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "", "HOME": str(tmp_path)})
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
