"""What the README and docs/ show is what there is: commands, links, the loop, the picture."""

import inspect
import json
import re
import runpy
from pathlib import Path

import pytest
from PIL import Image

from loopnet.cli import COMMANDS
from loopnet.kernels import conv2d

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_readme_shows_the_loop_that_runs():
    (shown,) = re.findall(r"```python\n(def conv2d_forward.*?)```", README, re.DOTALL)
    source = inspect.getsource(conv2d.conv2d_forward)
    without_docstring = re.sub(r'    """.*?"""\n', "", source, count=1, flags=re.DOTALL)
    assert shown == without_docstring


def test_the_picture_of_the_ladder_is_of_the_results_that_are_here():
    drawn = json.loads(Image.open(ROOT / "docs/ladder.png").info["Description"])
    assert drawn == runpy.run_path(str(ROOT / "docs/ladder.py"))["ratios"](), "draw it again: python docs/ladder.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing
    assert page.name != "README.md" or len(links) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one(page):
    known = {command.__name__.rpartition(".")[2] for command in COMMANDS} | {"bench"}
    named = set(re.findall(r"(?:^|`)loopnet ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= known
    assert page.name != "README.md" or named == known  # the README shows them all


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= targets
