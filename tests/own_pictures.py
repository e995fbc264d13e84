"""Lists and arrays of a beginner's pictures, compared with Keras's in golden."""

import itertools
from collections.abc import Iterable

import numpy as np
from golden.check import golden


def compare(part: str, given: dict[str, np.ndarray], share: float) -> None:
    """All arrays, to within a share of their largest number."""
    expected = {key.removeprefix(f"{part}/"): array for key, array in golden("pictures").items() if key[:4] == part[:4]}
    assert given.keys() == expected.keys()
    for key, array in expected.items():
        assert given[key].shape == array.shape, key
        if array.dtype.kind == "U":
            assert given[key].tolist() == array.tolist(), key
        else:
            np.testing.assert_allclose(given[key], array, rtol=0, atol=share * np.abs(array).max(), err_msg=key)


def joined(lists: Iterable[list]) -> list:
    return list(itertools.chain.from_iterable(lists))
