"""Ctrl-C while a network is trained: the running epoch is finished first, so that nothing of it is lost."""

import signal
import sys
import threading
from types import FrameType
from typing import Any

from ..events import Callback


class FinishEpoch(Callback):
    """Around ``fit`` and among its callbacks: the first Ctrl-C ends the training after the running epoch, the second at
    once. ``asked``: whether there was one.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> "FinishEpoch":
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nfinishing the epoch; Ctrl-C again to stop at once", file=sys.stderr)

    def on_epoch_end(self, epoch, logs):
        if self.asked:
            self.model.stop_training = True
