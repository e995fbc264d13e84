"""The machine and the versions that a result belongs to. No host name, no path: a result is for everyone to read."""

import importlib.metadata
import importlib.util
import os
import platform
from typing import Any

PACKAGES = ("loopnet", "numba", "llvmlite", "numpy", "torch", "tensorflow", "jax")


def machine() -> dict[str, Any]:
    """Processor, cores, vector unit, system."""
    from loopnet.doctor import cpu_name, simd

    return {
        "processor": cpu_name(),
        "cores": available_cores(),
        "simd": simd(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def available_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))  # type: ignore[attr-defined,unused-ignore]
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Of loopnet, what it stands on, and the peers that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
