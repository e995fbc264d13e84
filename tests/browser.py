"""A real browser for the pages: headless Chromium, which fails a test for anything it complains about.

    pytest_plugins = ["browser"]

    def test_a_page(browser):
        tab = browser(path)                      Playwright's Page; also browser(path, width=390, height=844, dark=True)

A test fails if the page writes an error or a warning to the console, throws, or asks for anything beside itself. It is
skipped where no Chromium is installed.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loopnet.pages import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000  # milliseconds to wait for what a test expects, on a busy machine

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser itself, started once for the tests of a module."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = [Path(path) for path in map(shutil.which, NAMES) if path]
    executable = next((path for path in found if path.resolve().name != "snap"), None)  # a snap cannot read /tmp
    if executable is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to be run by root
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=executable, args=OPTIONS, chromium_sandbox=not root)
        yield started
        started.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Open]:
    """``browser(path, width=1280, height=900, dark=False, touch=False)`` opens a file and returns Playwright's page."""
    with watched(chromium) as open_page:
        yield open_page


@pytest.fixture
def opened(browser: Open, tmp_path: Path) -> Open:
    """``opened(page, ...)`` opens a ``loopnet.pages.Page``; the rest is as for ``browser``."""

    def open_page(page: Page, **options: Any) -> Any:
        page.save(tmp_path / "page.html")
        return browser(tmp_path / "page.html", **options)

    return open_page


@contextmanager
def watched(chromium: Any) -> Iterator[Open]:
    """What the fixture gives. Raises ``AssertionError`` at the end if a page complained or asked for something."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(path: Path, width: int = 1280, height: int = 900, dark: bool = False, touch: bool = False) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=touch,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        address = path.resolve().as_uri()
        complain = complaints.append
        context.on("request", lambda r: complain(f"asked for {r.url}") if _outside(r.url, address) else None)
        tab = context.new_page()
        tab.on("console", lambda m: complain(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complain(f"thrown: {error}"))
        tab.goto(address)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    if complaints:
        raise AssertionError("the page complained:\n" + "\n".join(complaints))


def _outside(url: str, address: str) -> bool:
    """Whether a request is for anything but the page; what a page carries in itself (data:, blob:) is no request."""
    return url.partition("#")[0] != address and not url.startswith(("data:", "blob:"))
