"""What convolution, subsampling and dense layers have in common: x and dy go through, and w and b learn."""

from typing import Any

from loopnet.ops import Ops

from .rung import Arrays, on_host, plain, poison, tensor


def run_layer(ops: Ops, name: str, given: Arrays, *geometry: Any) -> Arrays:
    """Forward with x, w and b; back with dy to the gradients of all three."""
    dtype = given["x"].dtype
    x, dy = tensor(ops, given["x"]), tensor(ops, given["dy"])
    w, b = plain(ops, given["w"]), plain(ops, given["b"])

    y, dx = tensor(ops, poison(given["dy"].shape, dtype)), tensor(ops, poison(given["x"].shape, dtype))
    dw, db = plain(ops, poison(given["w"].shape, dtype)), plain(ops, poison(given["b"].shape, dtype))
    getattr(ops, f"{name}_forward")(x, w, b, y, *geometry)
    getattr(ops, f"{name}_backward_input")(dy, w, dx, *geometry)
    getattr(ops, f"{name}_backward_weights")(dy, x, dw, db, *geometry)
    return {
        "y": ops.to_host(y, given["dy"].shape),
        "dx": ops.to_host(dx, given["x"].shape),
        "dw": on_host(dw),
        "db": on_host(db),
    }
