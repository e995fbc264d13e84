"""Named arrays and some JSON in one file: whole or not at all, and known to be whole when it is read.

The format is safetensors: a length, a JSON header with names, types and places, then plain numbers. It can run no
code, and a header that promises more than the file holds is refused before any memory is taken. Beside the JSON stands
a SHA-256 of all that was written, so that a flipped bit is noticed, which a format of plain numbers cannot do alone.
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]


def write(path: str | Path, arrays: Arrays, config: Mapping[str, Any], previous: Path | None = None) -> None:
    """Write to ``path``, whose folder must exist. Who looks at ``path`` meanwhile, or after a crash or a power cut,
    sees the file that was there before, or this one, and never half of it. previous: what the file that was there is
    called from now on; else it is gone.

    Raises ``OSError`` with the path: ``FileNotFoundError`` without the folder, others if it may not be written to, or
    the disk is full.
    """
    path, config = Path(path), as_json(config)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
    text = json.dumps({"sha256": _sum(arrays, config), **config})
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(path, unfinished, arrays, text, previous)
    except OSError as error:  # which names the unfinished file, or none
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def _write(path: Path, unfinished: Path, arrays: Arrays, text: str, previous: Path | None) -> None:
    try:
        save_file(dict(arrays), str(unfinished), metadata={"loopnet": text})
        with open(unfinished, "r+b") as file:
            os.fsync(file.fileno())  # the numbers are on the disk before the name is
        if previous is not None and path.exists():
            os.replace(path, previous)
        os.replace(unfinished, path)
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def save_file(arrays: dict[str, np.ndarray], name: str, metadata: dict[str, str]) -> None:
    """The file itself. The library is imported here and in ``read``: a network is trained without it."""
    from safetensors import numpy as safetensors

    Path(name).write_bytes(safetensors.save(arrays, metadata))  # its save_file turns an OSError into one of its own


def read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """``config, arrays`` as they were written. ``FileNotFoundError`` without a file, ``ValueError`` for any other
    content. A file without a sum, from an earlier version, is taken as it is.
    """
    from safetensors import safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such model file")
    try:
        with safe_open(str(path), framework="numpy") as file:
            config = json.loads((file.metadata() or {}).get("loopnet", "null"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # a forged file can fail in many ways, deep inside the libraries
        if _is_keras(path):
            raise ValueError(
                f"{path}: a file of Keras's own format, which loopnet does not read; make a model of the same layers "
                "here, and model.set_weights(keras_model.get_weights())"
            ) from None
        raise ValueError(f"{path}: not a model file ({' '.join(str(error).split())[:200]})") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path}: not a model that this version of loopnet can read")
    sha256 = config.pop("sha256", None)
    if sha256 not in (None, _sum(arrays, config)):
        raise ValueError(f"{path}: damaged model file (its SHA-256 is not the one that was written with it)")
    return config, arrays


def _is_keras(path: str | Path) -> bool:
    """Whether the file begins as Keras's do: an archive of JSON and weights, ``.keras``, or HDF5."""
    with open(path, "rb") as file:
        head = file.read(64)
    return head.startswith(b"\x89HDF\r\n") or (head.startswith(b"PK\3\4") and b"metadata.json" in head)


def _sum(arrays: Arrays, config: Any) -> str:
    """SHA-256 of the JSON without itself, and of every array's name, type, shape and numbers, ordered by name."""
    sha256 = hashlib.sha256(json.dumps(config).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha256.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        sha256.update(array.reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()


def as_json(value: Any) -> Any:
    """What becomes of ``value`` when it is written and read: tuples are lists."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    """NumPy's numbers as JSON takes them."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot be saved: {value!r}")


def _sync_folder(folder: Path) -> None:
    """Let the new name reach the disk too; a system that cannot do that for folders does it by itself."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
