"""The upper rungs: cores, vector unit, GPU threads."""

import numpy as np

from ..exercise import Case, Exercise
from ..reference import numbers
from ..words import product_window
from .backward import weights_cases
from .image import FILTER, IMAGE, _conv, conv_mistakes
from .network import dense_cases


def _cuda_case(image: np.ndarray, filter: np.ndarray, what: str = "") -> Case:
    out = image.shape[0] - filter.shape[0] + 1, image.shape[1] - filter.shape[1] + 1
    wrong = {
        words: {"out": gives}
        for words, gives in conv_mistakes(image, filter, out).items()
        if "set back" not in words  # threads share no sum
    }
    block = (4, 2)
    grid = -(-out[1] // block[0]), -(-out[0] // block[1])
    return Case(
        what or f"an image {image.shape[0]}x{image.shape[1]}, a filter {filter.shape[0]}x{filter.shape[1]}",
        {"image": image, "filter": filter, "out": None},
        {"out": _conv(image, filter, out)},
        wrong,
        lambda name, at: product_window(image, filter, at[0], at[1]),
        launch=(grid, block),
    )


def _cuda_cases(random: np.random.Generator) -> list[Case]:
    def draw(filter: tuple[int, int], high: int, wide: int) -> Case:
        return _cuda_case(numbers(random, high, wide), numbers(random, *filter))

    return [
        _cuda_case(IMAGE.astype(np.float32), FILTER.astype(np.float32), "the example"),
        draw((3, 3), 4, 4),
        draw((3, 3), 5, int(random.integers(9, 12))),
        draw((2, 3), int(random.integers(7, 10)), 5),
    ]


EXERCISES = (
    Exercise(
        "parallel_backward_weights", "conv2d_backward_weights on all cores, and no race", weights_cases, 8,
        compiled="parallel", operation="conv2d_backward_weights",
    ),
    Exercise(
        "vector_dense", "dense_forward in an order of loops that fills the vector unit", dense_cases, 8,
        compiled="vector", operation="dense_forward",
    ),
    Exercise("cuda_conv", "one GPU thread for each output, in the simulator", _cuda_cases, 9, mode="cuda"),
)  # fmt: skip
