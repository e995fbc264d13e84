"""TensorFlow's ``tf.data``, for ``AUTOTUNE = tf.data.AUTOTUNE`` in listings that say ``import loopnet as tf``."""

from .missing import getattr_of, listed

__all__ = ["AUTOTUNE"]

AUTOTUNE = -1
"""What ``prefetch`` and ``map`` of a data set of pictures are given, and pass over."""

__getattr__ = getattr_of(
    __name__,
    listed({
        "fit takes arrays, generators, utils.PyDataset, and folders by utils.image_dataset_from_directory": """
            Dataset Iterator Options TFRecordDataset TextLineDataset experimental""",
    }),
)
