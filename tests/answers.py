"""The files in exercises/<exercise>/: answers that learners could hand in, and whether a verdict on one fits it.

Of a wrong answer, the first line says what is wrong with it, and the second what the verdict must say. Files whose name
begins with ``right`` are right in another way than the solution, and must pass.
"""

import zlib
from functools import cache
from pathlib import Path

import numpy as np

from loopnet.exercises import EXERCISES, Verdict
from loopnet.exercises.draw import draw

FILES = sorted((Path(__file__).parent / "exercises").glob("*/*.py"))
RIGHT = [path for path in FILES if path.stem.startswith("right")]
WRONG = [path for path in FILES if path not in RIGHT]


def seed_of(path: Path) -> int:
    """Cases of its own for each file, the same in every run."""
    return zlib.crc32(f"{path.parent.name}/{path.name}".encode()) % 1_000_000


def said_to_be(path: Path) -> list[str]:
    """What the verdict on a wrong answer must say."""
    words = path.read_text(encoding="utf-8").splitlines()[1].removeprefix("# says:").split(";")
    return [word.strip().lower() for word in words]


def misfit(path: Path, verdict: Verdict) -> str:
    """What the verdict on a wrong answer lacks, or says of another mistake; empty if its words fit."""
    if verdict:
        return "it passed"
    told, said = str(verdict).lower(), said_to_be(path)
    lacks = [word for word in said if word not in told]
    named = [words for words in known_mistakes(path.parent.name) if words.lower() in told]
    others = [words for words in named if not any(word in words.lower() for word in said)]
    return f"it lacks {lacks}" if lacks else f"it names {named}" if others or len(named) > 1 else ""


@cache
def known_mistakes(exercise: str) -> list[str]:
    """The words for every mistake that the checker of this exercise knows."""
    cases = draw(EXERCISES[exercise], np.random.default_rng(0))
    return list(dict.fromkeys(words for case in cases for words in case.mistakes))
