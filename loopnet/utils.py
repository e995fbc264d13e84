"""Keras's ``utils``, as far as beginners' listings use it."""

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
    "array_to_img", "clear_session", "image_dataset_from_directory", "img_to_array", "load_img", "normalize",
    "plot_model", "save_img", "set_random_seed", "to_categorical",
]  # fmt: skip

MISSING = listed({
    "use plot_model, or loopnet.plot.plot_architecture": "model_to_dot",
    "to_categorical is in loopnet.utils itself": "np_utils",
    "models take numbers: make arrays of them with numpy": """
        text_dataset_from_directory audio_dataset_from_directory timeseries_dataset_from_array""",
    "give fit validation_split, or image_dataset_from_directory subset='both'": "split_dataset",
    "pooch.retrieve(url, known_hash=None) fetches a file, and processor=pooch.Untar() unpacks it": "get_file",
    "x and y are arrays; for data that come in pieces call model.train_on_batch(x, y)": "Sequence PyDataset",
    "files name loopnet's own classes only": """
        register_keras_serializable get_custom_objects custom_object_scope CustomObjectScope
        deserialize_keras_object serialize_keras_object""",
    "use numpy": "pad_sequences FeatureSpace pack_x_y_sample_weight unpack_x_y_sample_weight",
    "a bar is shown by fit": "Progbar",
})  # fmt: skip

__getattr__ = getattr_of(__name__, MISSING)


def to_categorical(y: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers (images,) as one-hot rows (images, num_classes) of float32. ``num_classes`` defaults to
    ``max(y) + 1``.
    """
    from .losses import SparseCategoricalCrossentropy

    y = np.asarray(y)
    classes = int(y.max()) + 1 if num_classes is None else num_classes
    return SparseCategoricalCrossentropy().encode(y, classes).astype(np.float32)


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
