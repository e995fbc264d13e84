"""How long an epoch of 60,000 images would take on each rung: from one training step, in proportion."""

from typing import Any

from .nets import NETS, describe
from .peers import LOOPNET
from .race import Field, agree
from .timing import summary, take_turns
from .worker import Task
from .workers import Worker

IMAGES = 60_000


def measure(field: Field, net: str, rounds: int, seconds: float) -> dict[str, Any]:
    """Seconds an epoch by rung. Python's is extrapolated from training steps on a single image."""
    worker, batch = field.worker(LOOPNET), NETS[net].batch
    bursts = {}
    for rung in ("literal", "parallel", "tuned"):
        task = Task(net, "train", batch, rung)
        built(field, worker, task)
        bursts[rung] = worker.burst_of(task, seconds)
    task = Task(net, "train", 1, "python")
    built(field, worker, task)
    one_image = worker.ask("burst", calls=1, **task._asdict())["seconds"]
    rungs: dict[str, Any] = {"python": {**summary([one_image * IMAGES]), "extrapolated_from": "1 image"}}
    for rung, times in take_turns(bursts, rounds).items():
        rungs[rung] = summary([s * IMAGES / batch for s in times])
    return {"net": net, "task": describe(NETS[net], "train", batch), "images": IMAGES, "rungs": rungs}


def built(field: Field, worker: Worker, task: Task) -> None:
    """Raises ValueError if the rung answers wrong: then there is nothing to time."""
    want = field.worker(LOOPNET).ask("reference", net=task.net, kind=task.kind, batch=task.batch)["answers"]
    got = worker.build(task)
    if not agree(got, want):
        raise ValueError(f"{task.variant} is refused: it answers {got[:3]}, expected {want[:3]}")
