"""Pictures: of data, of what a convolution does, of a network and of how it learned.

Every function returns matplotlib's ``Figure``, made without pyplot: there is nothing to close, no display is needed, a
notebook shows it, and ``.savefig("name.png")`` writes it. One style for all is in ``style.py``.
"""

from .architecture import plot_architecture
from .convolution import FILTERS, convolve, plot_convolution, save_image
from .data import confusion_matrix, misclassified, show_dataset
from .history import plot_history
from .ladder import plot_ladder
from .network import plot_feature_maps, plot_filters
from .receptive import plot_receptive_field, receptive_field

__all__ = [
    "FILTERS",
    "confusion_matrix",
    "convolve",
    "misclassified",
    "plot_architecture",
    "plot_convolution",
    "plot_feature_maps",
    "plot_filters",
    "plot_history",
    "plot_ladder",
    "plot_receptive_field",
    "receptive_field",
    "save_image",
    "show_dataset",
]
