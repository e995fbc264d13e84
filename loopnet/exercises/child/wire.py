"""How the checker and its child talk: one length, one ``.npz``, each way. No pickle: what comes back is data."""

import io
import json
import struct
from typing import IO, Any

import numpy as np

LENGTH = struct.Struct("<Q")
LONGEST = 1 << 28  # bytes; a longer answer is not one of ours


def send(file: IO[bytes], header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write one message. Arrays travel bit by bit, NaNs with their payload."""
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(packed, header=text, **{f"array {name}": array for name, array in arrays.items()})  # type: ignore[arg-type]
    body = packed.getvalue()
    file.write(LENGTH.pack(len(body)) + body)
    file.flush()


def receive(file: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read one message. Raises ``EOFError`` if the other side has gone, ``ValueError`` if it is not a message."""
    (length,) = LENGTH.unpack(_exactly(file, LENGTH.size))
    if length > LONGEST:
        raise ValueError("not a message")
    with np.load(io.BytesIO(_exactly(file, length)), allow_pickle=False) as packed:
        header = json.loads(packed["header"].tobytes())
        return header, {name.removeprefix("array "): packed[name] for name in packed.files if name != "header"}


def _exactly(file: IO[bytes], count: int) -> bytes:
    read = file.read(count)
    if len(read) < count:
        raise EOFError
    return read
