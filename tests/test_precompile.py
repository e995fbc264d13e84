"""Helpers that compile a network's loops: they compile what is needed, and nobody depends on them."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numba
import pytest
from numba.core import event

from loopnet import get_ops, precompile
from loopnet.ops import CPU_BACKENDS
from loopnet.precompile import Claims, _name, _Team

TESTS = Path(__file__).parent


def child(folder: Path, *command: str, given: str = "") -> str:
    """What a process with two threads prints that has its disk cache in ``folder``."""
    path = os.pathsep.join([str(TESTS.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"NUMBA_CACHE_DIR": str(folder), "NUMBA_NUM_THREADS": "2", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *command], input=given, env={**os.environ, **own}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("net", ["literal", "tuned"])
def test_a_helper_compiles_just_what_a_training_needs(net, tmp_path):
    script, cache, claims = str(TESTS / "precompile_child.py"), tmp_path / "cache", tmp_path / "claims"
    claims.mkdir()
    job = json.loads(child(cache, script, "job", net)) | {"claims": str(claims)}
    assert not list(cache.rglob("*.nbc"))
    child(cache, "-c", "from loopnet.precompile import main; main()", given=json.dumps(job))
    left = len(list(cache.rglob("*.nbc")))
    assert len(list(claims.glob("*.done"))) > 5
    trained = json.loads(child(cache, script, "train", net))
    assert trained["compiled"] == []
    assert len(list(cache.rglob("*.nbc"))) == left


def test_a_training_with_helpers_gives_the_same_bits(tmp_path):
    script = str(TESTS / "precompile_child.py")
    cold = json.loads(child(tmp_path, script, "train", "literal"))
    warm = json.loads(child(tmp_path, script, "train", "literal"))
    assert cold["compiled"] and not warm["compiled"]
    assert cold["weights"] == warm["weights"]


def test_a_loop_has_one_owner(tmp_path):
    mine, other = Claims(tmp_path), Claims(tmp_path)
    assert mine.take("a") and mine.take("a")
    assert not other.take("a") and other.take("b") and not mine.take("b")
    assert not mine.is_done("b")
    other.finish("b")
    assert mine.is_done("b")


@pytest.fixture
def claimed(tmp_path):
    """A loop that is not compiled, and a team of which a helper has claimed it: a process that only sleeps."""
    loop = numba.njit(lambda x: x + 1)
    team = _Team(dict, 1)
    team.claims = Claims(tmp_path)
    assert Claims(tmp_path).take(_name(loop, (numba.int64,)))
    team.helpers = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])]
    yield loop, team
    for helper in team.helpers:
        helper.kill()
        helper.wait()


def test_a_helper_that_ended_leaves_its_loops_to_the_training(claimed):
    loop, team = claimed
    team.helpers[0].kill()
    team.compile(loop, (numba.int64,))
    assert loop.signatures == [(numba.int64,)]


def test_nobody_waits_forever_for_a_helper(claimed, monkeypatch):
    monkeypatch.setattr(precompile, "PATIENCE", 0.2)
    loop, team = claimed
    start = time.monotonic()
    team.compile(loop, (numba.int64,))
    assert loop.signatures == [(numba.int64,)] and time.monotonic() - start > 0.2


def no_folder(**how):
    raise PermissionError("no room for a temporary folder")


def untold():
    raise AttributeError("a layer of somebody's own")


@pytest.mark.parametrize("trouble", ["process", "folder", "job"])
def test_where_no_helper_can_be_started_training_goes_on(trouble, tmp_path, monkeypatch):
    if trouble == "process":
        monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing here"))
    elif trouble == "folder":
        monkeypatch.setattr(precompile.tempfile, "TemporaryDirectory", no_folder)
    team = _Team(untold if trouble == "job" else dict, 1)
    loop = numba.njit(lambda x: x + 2)
    with precompile._instead_of_compiling(team.compile), event.install_listener("numba:compile", team):
        assert loop(1) == 3 and loop(1.5) == 3.5
    assert team.started and not team.helpers
    team.dismiss()


def test_helpers_know_the_compiled_rungs_and_no_others():
    known = [name for name in CPU_BACKENDS if precompile._can_be_helped(get_ops(name))]
    assert known == ["literal", "parallel", "tuned"]
    for own in (replace(get_ops("tuned"), name="yours"), replace(get_ops("tuned"))):
        assert not precompile._can_be_helped(own)


def test_a_folder_that_is_taken_away_ends_the_claims_and_not_the_training(tmp_path):
    claims = Claims(tmp_path / "gone")
    assert claims.take("a") and claims.take("b") and not claims.is_done("c")
