"""All exercises, in the order of the tutorials."""

from difflib import get_close_matches

from .exercise import Exercise
from .subjects import backward, image, learning, network, speed

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for exercise in sorted(
        (*image.EXERCISES, *network.EXERCISES, *backward.EXERCISES, *learning.EXERCISES, *speed.EXERCISES),
        key=lambda e: e.tutorial,
    )
}


def find(name: str) -> Exercise:
    """The exercise of that name. Raises ``ValueError`` for another."""
    if name in EXERCISES:
        return EXERCISES[name]
    near = get_close_matches(str(name), EXERCISES, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(EXERCISES)}"
    raise ValueError(f"unknown exercise {name!r}; {hint}")
