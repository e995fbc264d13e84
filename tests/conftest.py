"""What every test gets."""

import zlib

import pytest
from tally import HEAVY


@pytest.fixture(autouse=True)
def the_same_cases_in_every_run(request, monkeypatch):
    """A check without a seed draws one; in ``make test`` it is each test's own, so that none fails by luck."""
    if not HEAVY:
        seed = zlib.crc32(request.node.nodeid.encode())
        monkeypatch.setattr("secrets.randbelow", lambda below: seed % below)
