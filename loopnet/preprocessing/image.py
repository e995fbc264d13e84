"""Keras's ``preprocessing.image``: the names alone."""

from ..missing import getattr_of, listed
from .folder import image_dataset_from_directory
from .generator import ImageDataGenerator
from .iterators import DirectoryIterator, Iterator, NumpyArrayIterator
from .loading import array_to_img, img_to_array, load_img, save_img
from .warp import apply_affine_transform, apply_brightness_shift, apply_channel_shift

__all__ = [
    "DirectoryIterator", "ImageDataGenerator", "Iterator", "NumpyArrayIterator", "apply_affine_transform",
    "apply_brightness_shift", "apply_channel_shift", "array_to_img", "image_dataset_from_directory", "img_to_array",
    "load_img", "save_img",
]  # fmt: skip

__getattr__ = getattr_of(
    __name__,
    listed({
        "use load_img(path, target_size=size, keep_aspect_ratio=True)": "smart_resize",
        "use ImageDataGenerator(...).random_transform(x)": """
            random_rotation random_shift random_shear random_zoom random_channel_shift random_brightness""",
        "use ImageDataGenerator.flow or flow_from_directory": "DataFrameIterator",
    }),
)
