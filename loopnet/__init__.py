"""loopnet: convolutional networks whose loops you can read. See ``README.md`` and, first of all,
``loopnet/kernels/conv2d.py``.
"""

from . import threads  # noqa: F401, I001  first of all: Numba reads its settings when it is imported
from . import callbacks, datasets, initializers, layers, lenet, losses, metrics, optimizers, plot, pytorch
from . import schedules, utils
from . import model as models
from .layers import Input
from .model import Sequential
from .ops import BACKENDS, Ops, get_ops

__version__ = "0.1.0"

__all__ = [
    "BACKENDS",
    "Input",
    "Ops",
    "Sequential",
    "callbacks",
    "datasets",
    "get_ops",
    "initializers",
    "layers",
    "lenet",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plot",
    "pytorch",
    "schedules",
    "utils",
]
