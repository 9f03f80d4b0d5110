"""A headless Chromium that sees nothing but this machine."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_OPTIONS = [
    "--no-sandbox",  # containers, and root, cannot have it; only our own pages are shown
    "--autoplay-policy=no-user-gesture-required",
    # The discard port: whatever is not of this machine, by name or by number, is refused, and no
    # name is looked up. Loopback addresses go without a proxy.
    "--proxy-server=http://127.0.0.1:9",
]


def is_installed() -> bool:
    """Return whether there are a Chromium to start, and Playwright to drive it."""
    has_driver = importlib.util.find_spec("playwright") is not None
    return has_driver and shutil.which("chromium") is not None


@contextmanager
def running() -> Iterator[Browser]:
    """Have a browser run; it ends with this process, however that ends.

    Meanwhile Playwright has an event loop in this thread, so that nothing can call `asyncio.run`.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The system's own: Playwright brings none, and would download one.
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
