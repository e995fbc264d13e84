"""loopnet: convolutional networks whose loops you can read. See ``README.md`` and, first of all,
``loopnet/kernels/conv2d.py``.
"""

from . import threads  # noqa: F401, I001  first of all: Numba reads its settings when it is imported
from . import activations, backend, callbacks, datasets, initializers, layers, lenet, losses, metrics, missing
from . import models, optimizers, plot, pytorch, schedules, utils
from .layers import Input
from .model import Sequential
from .ops import BACKENDS, Ops, get_ops

__version__ = "0.1.0"

__all__ = [
    "BACKENDS",
    "Input",
    "Ops",
    "Sequential",
    "activations",
    "backend",
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

_MODULES = missing.listed({
    "nothing is added to the loss; to keep weights small use the optimizer AdamW(weight_decay=...)": """
        regularizers constraints""",
    "a network is a chain of layers: Sequential([Input(shape), ...])": "Model Function",
    "to distort images in training use layers.RandomDistortion; to read image files use matplotlib.image": """
        preprocessing""",
    "there are no trained networks in it; loopnet.lenet has LeNet-5": "applications",
    "use Sequential by itself": "wrappers",
    "import from loopnet.layers": "layers.convolutional layers.core layers.advanced_activations layers.experimental",
    "the optimizers are in loopnet.optimizers itself": "optimizers.legacy optimizers.experimental",
    "import from loopnet.utils": "utils.np_utils",
    "use loopnet.plot.plot_architecture": "utils.vis_utils",
    "use loopnet.models.load_model": "export saver",
    "seeds are set with utils.set_random_seed, or Sequential(seed=...)": "random",
    "the model has one dtype: Sequential(layers, dtype='float64')": "mixed_precision dtype_policies",
    "there are no settings; see loopnet.backend": "config",
    "there is one device": "distribution",
    "each has a module of its own: loopnet.losses.Loss and so on": """
        Loss Metric Optimizer Initializer Layer Regularizer""",
    "search by a loop of your own": "tuner",
})  # fmt: skip

missing.modules(_MODULES)
__getattr__ = missing.getattr_of(__name__, _MODULES)
