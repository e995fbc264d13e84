"""``loopnet doctor``: what loopnet finds on this computer."""

import argparse

from .usage import Parser

SUMMARY = "what loopnet finds on this computer: versions, processor, threads, CUDA, data"


def options(parser: Parser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> None:
    from ..doctor import report

    for name, found in report():
        print(f"{name:<14} {found}")
