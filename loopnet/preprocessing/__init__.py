"""Keras's ``preprocessing``: a beginner's own pictures, from files to batches.

``loading`` reads and writes one picture. ``folder`` makes a ``dataset`` of a folder of folders. ``generator`` has
``ImageDataGenerator``, whose ``iterators`` distort pictures by chance with ``warp``. ``image`` has Keras's names.
Pillow decodes, resizes and warps; it is imported when it is first needed.
"""

from ..missing import getattr_of, listed
from . import image
from .folder import image_dataset_from_directory

__all__ = ["image", "image_dataset_from_directory"]

MISSING = listed({
    "there are no recurrent layers; to pad arrays use numpy.pad": "sequence timeseries timeseries_dataset_from_array",
    "models take numbers: make them of the text with numpy": "text text_dataset_from_directory",
    "models take numbers: make them of the sound with numpy": "audio_dataset_from_directory",
})

__getattr__ = getattr_of(__name__, MISSING)
