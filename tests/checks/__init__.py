"""The suite's checks of one rung, as functions that take its `ops`.

test_kernels.py and test_golden.py apply them to every rung; test_meta.py applies them to kernels broken on purpose, to
see that they object. rules.py says what is asked of a rung, table.py of which operations and on which cases; the rest
is a file for each family of operations.
"""

from .compare import SAME_BITS_AS_PYTHON, TOLERANCE, assert_close, assert_same_bits
from .rules import (
    check_against_oracle,
    check_broken_logits_stay_visible,
    check_broken_numbers_stay_visible,
    check_everything,
    check_same_bits_as_python,
    run,
)
from .rung import Arrays, plain, poison, tensor
from .table import DTYPES, KEEPS_NAN, OPERATIONS, is_offered, is_tried, operations_of

__all__ = [
    "DTYPES", "KEEPS_NAN", "OPERATIONS", "SAME_BITS_AS_PYTHON", "TOLERANCE", "Arrays",
    "assert_close", "assert_same_bits", "check_against_oracle", "check_broken_logits_stay_visible",
    "check_broken_numbers_stay_visible", "check_everything", "check_same_bits_as_python", "is_offered", "is_tried",
    "operations_of", "plain", "poison", "run", "tensor",
]  # fmt: skip
