"""Tiles of every size that layers ask for, by arithmetic: do they fit a block, and do its threads fetch all of them?"""

import itertools

import pytest

from loopnet.cuda.tiled.tile import Tile, small_tile, sum_tile, tall_tile

SIZES = [*range(1, 70), 75, 100, 127, 128, 129, 150, 400, 800, 1000, 1024, 4097]
SHARED = 49152  # bytes that every card gives a block without being asked


def shared_bytes(tile: Tile) -> int:
    """What ``windows.freeze_accumulate`` takes: both tiles, and where the window of each row begins, in three parts."""
    left = tile.depth * (tile.rows + 4)
    rows_looked_at = tile.rows + 3 * max(1, tile.threads // tile.depth)
    return 4 * (left + tile.depth * tile.columns + 3 * rows_looked_at)


@pytest.mark.parametrize("make", [tall_tile, small_tile])
def test_tiles_of_windows(make):
    for columns, terms in itertools.product(SIZES, SIZES):
        tile = make(columns, terms)
        where = f"{columns} columns, {terms} terms: {tile}"
        assert shared_bytes(tile) <= SHARED, where
        assert tile.depth <= tile.threads <= 128, where  # each column of the left tile has a thread to fetch it
        assert 1 <= tile.depth <= terms and tile.columns <= 64 + tile.wide, where
        assert tile.high * tile.wide <= 64, where  # registers for the result alone
        if make is tall_tile:
            assert tile.high % 4 == 0, where  # a window of the pooling is never cut in two


def test_tiles_of_sums():
    for rows, columns in itertools.product([n + 1 for n in SIZES], SIZES):
        tile = sum_tile(rows, columns)
        where = f"{rows} rows, {columns} columns: {tile}"
        assert 4 * tile.depth * (tile.rows + tile.columns) <= SHARED, where
        assert 1 <= tile.threads <= 128 and tile.high * tile.wide <= 32, where


def test_grids_of_shares():
    """Every pixel in one share, and no more blocks than a grid has room for in its third direction."""
    from loopnet.cuda.tiled.table import LARGEST, PIXELS_OF_SHARE, SHARES, shares_of

    many = 1, 127, 128, 129, 64 * 1024, LARGEST
    for pixels, tiles, depth in itertools.product(many, (1, 3, 511, 512, 4096), (1, 16)):
        of_share, shares = shares_of(pixels, tiles, depth)
        assert of_share % depth == 0 and of_share >= PIXELS_OF_SHARE
        assert (shares - 1) * of_share < pixels <= shares * of_share
        assert shares <= max(1, SHARES // tiles) and of_share < 2**31
