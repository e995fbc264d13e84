"""The stepper: watch the very loop that trains the network, line by line, on real numbers.

    trace = step(conv2d_forward, x, w, b, y, (1, 1), (0, 0))
    trace                         in a notebook: the page, embedded
    trace.save("step.html")       a page that needs no network
    trace.terms((0, 3, 4, 2))     what that output cell was made of

``source`` reads the loop, ``record`` runs it under watch, ``window`` chooses what to run of a long one, ``trace``
answers questions, ``page`` and ``terminal`` show it, and ``scenes`` finds the arguments: a layer of a network, and an
image.
"""

from .run import step
from .scenes import Images, show, step_article, step_layer
from .trace import Read, Term, Trace

__all__ = ["Images", "Read", "Term", "Trace", "show", "step", "step_article", "step_layer"]
