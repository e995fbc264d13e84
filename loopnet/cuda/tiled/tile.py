"""The sizes of tiles: which part of a product of matrices a block of threads works out, and how.

A block fetches ``depth`` columns of the left factor and ``depth`` rows of the right one into shared memory, where all
its threads read them; each thread holds its own ``high`` x ``wide`` corner of the result in registers. So a number that
comes from memory once is used ``rows`` or ``columns`` times, and one that comes from shared memory ``high`` or
``wide`` times.

             columns                     threads: down x across, counted along the rows
          +-----------+                  rows    = down * high
    depth |  right    |                  columns = across * wide
          +-----------+
     depth
    +----+-----------+
    |left| result    | rows
    +----+-----------+

Volkov, Demmel (2008), *Benchmarking GPUs to tune dense linear algebra*.
"""

from dataclasses import dataclass

THREADS = 128
"""How many threads a block has, about: enough to hide each other's waiting, few enough for many blocks."""
DEPTH = 16
"""How many terms of the sums are fetched at once, at most."""
COLUMNS = 64
ROWS = 512
"""At most: with ``DEPTH`` terms each, that is 32 KiB of the 48 KiB of shared memory that every card gives a block."""


@dataclass(frozen=True)
class Tile:
    high: int
    wide: int
    down: int
    across: int
    depth: int

    @property
    def rows(self) -> int:
        return self.down * self.high

    @property
    def columns(self) -> int:
        return self.across * self.wide

    @property
    def threads(self) -> int:
        return self.down * self.across

    def fetched(self, elements: int) -> int:
        """How many of so many elements one thread fetches."""
        return parts(elements, self.threads)


def parts(whole: int, part: int) -> int:
    """How many parts it takes to cover the whole."""
    return -(-whole // part)


def even(whole: int, most: int) -> int:
    """The size of equal parts, none of them larger than ``most``, that cover the whole with the least to spare."""
    return parts(whole, parts(whole, most))


def tall_tile(columns: int, terms: int) -> Tile:
    """For a result with far more rows than columns: pixels times filters. Its columns are those of the result, or as
    good as.
    """
    wide = 8 if columns >= 32 else min(4, columns)
    across = parts(even(columns, COLUMNS), wide)
    return Tile(8, wide, min(THREADS // across, ROWS // 8), across, even(terms, DEPTH))


def small_tile(columns: int, terms: int) -> Tile:
    """For a result with few rows and columns, which many small blocks share better than few large ones."""
    wide = min(4, columns)
    across = parts(even(columns, 32), wide)
    return Tile(2, wide, max(1, 64 // across), across, even(terms, DEPTH))


def sum_tile(rows: int, columns: int) -> Tile:
    """For a small result of long sums: every weight's share of many pixels. The fewer results, the fewer a thread
    holds, so that a block has threads enough.
    """
    tiles = [
        Tile(high, wide, parts(even(rows, 64), high), parts(even(columns, COLUMNS), wide), DEPTH)
        for high, wide in ((8, 4), (4, 4), (4, 2), (2, 2), (2, 1), (1, 1))
    ]
    return next((tile for tile in tiles if tile.threads >= 64), tiles[-1])
