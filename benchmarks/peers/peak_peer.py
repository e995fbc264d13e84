"""The machine's peak, as if it were a peer: takes its turns like the others, so that shares are of the same moment."""

from ..nets import Net
from ..peak import MultiplyAdd
from . import Program


def start(threads: int) -> None:
    pass


def variants(kind: str, batch: int) -> list[str]:
    return ["multiply-add"]


def build(net: Net, kind: str, batch: int, variant: str, threads: int) -> Program:
    call = MultiplyAdd()
    return Program(call, answer=lambda _: [call.flops])
