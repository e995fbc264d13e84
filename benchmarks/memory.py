"""The most memory that training each network takes, beside the peers: one fresh process for each.

Peers run with the way that won their race, but without the malloc settings, which buy speed with memory, and without
torch.compile, whose compiler would be counted in.
"""

from typing import Any

from .nets import NETS
from .peers import LOOPNET, PEERS
from .worker import Task
from .workers import PeerFailed, Worker

STEPS = 30


def measure(net: str, ways: dict[str, str], threads: int) -> dict[str, Any]:
    """ways: the variant for each peer. For each: bytes after its import, and the peak after some steps."""
    row: dict[str, Any] = {"net": net, "task": NETS[net].title, "runners": {}}
    for name, variant in ways.items():
        peer = {"loopnet": LOOPNET, **PEERS}[name]
        task = Task(net, "train", NETS[net].batch, variant)
        try:
            with Worker(peer, threads) as worker:
                imported = worker.ask("memory")["bytes"]
                worker.build(task)
                worker.ask("burst", calls=STEPS, **task._asdict())
                row["runners"][name] = {
                    "title": peer.title,
                    "way": variant,
                    "imported_bytes": imported,
                    "peak_bytes": worker.ask("memory")["bytes"],
                }
        except PeerFailed as failed:
            row["runners"][name] = {"title": peer.title, "way": variant, "failed": str(failed)}
    return row


def ways_without_compiler(race: dict[str, Any]) -> dict[str, str]:
    """For each runner of a race the fastest variant that needs no torch.compile, without its environment's name."""
    ways = {}
    for name, entry in race["runners"].items():
        peer = {"loopnet": LOOPNET, **PEERS}[name]
        trial = {way: s for way, s in entry["trial"].items() if "compile" not in way}
        way = min(trial, key=trial.__getitem__) if trial else entry["way"]
        for environment in sorted(peer.environments, key=len, reverse=True):
            way = way.removesuffix(", " + environment)
        ways[name] = way
    return ways
