"""Keras's ``utils``, as far as beginners' listings use it."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import clear_session
from .missing import getattr_of, listed
from .preprocessing.folder import image_dataset_from_directory
from .preprocessing.loading import array_to_img, img_to_array, load_img, save_img
from .seeds import set_random_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .model import Sequential

__all__ = [
    "PyDataset", "Sequence", "array_to_img", "clear_session", "image_dataset_from_directory", "img_to_array",
    "load_img", "normalize", "plot_model", "save_img", "set_random_seed", "to_categorical",
]  # fmt: skip

MISSING = listed({
    "use plot_model, or loopnet.plot.plot_architecture": "model_to_dot",
    "models take numbers: make arrays of them with numpy": """
        text_dataset_from_directory audio_dataset_from_directory timeseries_dataset_from_array""",
    "give fit validation_split, or image_dataset_from_directory subset='both'": "split_dataset",
    "pooch.retrieve(url, known_hash=None) fetches a file, and processor=pooch.Untar() unpacks it": "get_file",
    "files name loopnet's own classes only": """
        register_keras_serializable get_custom_objects custom_object_scope CustomObjectScope
        deserialize_keras_object serialize_keras_object""",
    "use numpy": "pad_sequences FeatureSpace pack_x_y_sample_weight unpack_x_y_sample_weight",
    "a bar is shown by fit": "Progbar",
})  # fmt: skip

__getattr__ = getattr_of(__name__, MISSING)


def to_categorical(y: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers (images,) as one-hot rows (images, num_classes) of float32; those of pixels, (images, height,
    width), likewise, and a last axis of 1 is passed over, as in Keras. ``num_classes`` defaults to ``max(y) + 1``.
    """
    from .losses import SparseCategoricalCrossentropy

    y = np.asarray(y)
    if y.dtype.kind not in "fiub" or y.size == 0:
        raise ValueError(f"to_categorical: expected class numbers, given shape {y.shape} of {y.dtype}")
    places = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    classes = int(y.max()) + 1 if num_classes is None else num_classes
    rows = SparseCategoricalCrossentropy().encode(y.reshape(-1), classes)
    return rows.reshape(*places, classes).astype(np.float32)


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """x divided by its norm along ``axis``: order 2 is the Euclidean one. What has norm 0 stays 0; whole numbers become
    float64, as in Keras.
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


def plot_model(
    model: "Sequential",
    to_file: str | Path | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> "Figure":
    """``plot.plot_architecture(model)``, written to ``to_file`` with so many dots an inch; the folder must be there.

    Shapes and names are always shown, from left to right: of what Keras's function shows or leaves out at wish, nothing
    changes this picture. to_file: None writes none. Raises ``ValueError`` for an ending that is no kind of picture.
    """
    from .plot import plot_architecture

    figure = plot_architecture(model)
    if to_file is not None:
        figure.savefig(to_file, dpi=dpi)
    return figure


class PyDataset:
    """The base of data sets that are made batch by batch: ``__len__`` says how many batches there are, and
    ``__getitem__`` gives batch number i, as (x, y) or (x, y, sample_weight). What ``fit``, ``evaluate`` and ``predict``
    take does not have to be a subclass: see ``pieces``.

        class Pictures(PyDataset):
            def __len__(self):
                return 10

            def __getitem__(self, i):
                return np.load(f"pictures-{i}.npy"), np.load(f"labels-{i}.npy")

    ``on_epoch_begin`` and ``on_epoch_end`` are called before and after each pass. One without an end has no
    ``__len__``, and gives None as its ``num_batches``.

    workers, use_multiprocessing, max_queue_size: Keras's, and passed over: a batch is made when its turn has come.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __getitem__, which gives batch number i")

    def __iter__(self) -> Iterator[Any]:
        numbers = count() if self.num_batches is None else range(self.num_batches)
        return (self[i] for i in numbers)

    @property
    def num_batches(self) -> int | None:
        """How many batches a pass has; None if there is no end."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(f"{type(self).__name__}: expected a method __len__: how many batches there are")
        return len(self)

    def on_epoch_begin(self) -> None: ...

    def on_epoch_end(self) -> None: ...


Sequence = PyDataset
"""Its old name."""
