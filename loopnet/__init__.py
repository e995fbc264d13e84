"""loopnet: convolutional networks whose loops you can read. See ``README.md`` and, first of all,
``loopnet/kernels/conv2d.py``.
"""

from . import threads  # noqa: F401, I001  first of all: Numba reads its settings when it is imported
from . import activations, backend, callbacks, constraints, data, datasets, initializers, keras, layers, lenet, losses
from . import metrics, missing, models, nn, optimizers, plot, preprocessing, pytorch, random, regularizers, schedules
from . import utils
from .functional import Model
from .layers import Input
from .model import Sequential
from .ops import BACKENDS, Ops, get_ops
from .tensors import *  # noqa: F403  TensorFlow's tf.argmax; not in __all__, for some are named as Python's own

__version__ = "0.1.0"

__all__ = [
    "BACKENDS",
    "Input",
    "Model",
    "Ops",
    "Sequential",
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "data",
    "datasets",
    "get_ops",
    "initializers",
    "keras",
    "layers",
    "lenet",
    "losses",
    "metrics",
    "models",
    "nn",
    "optimizers",
    "plot",
    "preprocessing",
    "pytorch",
    "random",
    "regularizers",
    "schedules",
    "utils",
]

_MISSING = missing.listed({
    "Model(inputs, outputs) makes a network of layers": "Function",
    "there are no recurrent layers; to pad arrays use numpy.pad": "preprocessing.sequence preprocessing.timeseries",
    "there are no recurrent layers; Conv1D reads sequences": "layers.embeddings layers.recurrent",
    "models take numbers: make them of the text with numpy": "preprocessing.text",
    "there are no trained networks in it; loopnet.lenet has LeNet-5": "applications",
    "use Sequential by itself": "wrappers",
    "the optimizers are in loopnet.optimizers itself": "optimizers.legacy optimizers.experimental",
    "use loopnet.models.load_model": "export saver",
    "the model has one dtype: Sequential(layers, dtype='float64')": "mixed_precision dtype_policies",
    "there are no settings; see loopnet.backend": "config",
    "there is one device": "distribution",
    "each has a module of its own: loopnet.losses.Loss and so on": """
        Loss Metric Optimizer Initializer Layer Regularizer""",
    "search by a loop of your own": "tuner",
    # TensorFlow's, for listings that say import loopnet as tf
    # but no ufunc's name: for numpy.add, NumPy 2.0's pickle asks all modules, and this one before numpy
    "use numpy, whose arrays models take and give": """
        TensorShape Variable einsum eye fill gather io linalg linspace math norm pad rank reduce_prod split string
        strings tensordot tile unstack""",
    "to distort images in training use layers.RandomDistortion": "image",
    "each layer works out its own gradient; fit and train_on_batch train": "GradientTape gradients train",
    "the loops are compiled as they are": "Session autograph compat executing_eagerly function py_function",
    "choose the loops with model.compile(backend=...); `loopnet doctor` says what there is": """
        device distribute sysconfig test""",
    "to keep a model use model.save(path)": "lite saved_model",
    "use callbacks.CSVLogger, or loopnet.plot.plot_history(history)": "summary profiler",
    "write a subclass of loopnet.layers.Layer": "Module",
    "use print": "print get_logger",
})  # fmt: skip

missing.modules(_MISSING)
__getattr__ = missing.getattr_of(__name__, _MISSING)
