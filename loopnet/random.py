"""TensorFlow's ``tf.random``, of which beginners' listings use the seed: ``tf.random.set_seed(42)``."""

from .missing import getattr_of, listed
from .seeds import set_random_seed as set_seed

__all__ = ["set_seed"]

__getattr__ = getattr_of(
    __name__,
    listed({
        "use numpy.random.default_rng(seed)": """
            Generator SeedGenerator categorical gamma normal randint shuffle truncated_normal uniform""",
        "use set_seed": "set_random_seed",
    }),
)
