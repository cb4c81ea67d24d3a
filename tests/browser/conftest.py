"""A real Chromium in front of a real server; whatever a page does that it must not do fails its test."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.servers import serving

_FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=30_000)  # drawing all operations takes a busy machine more than the usual five seconds
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation",
    (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
def server(service: None) -> Iterator[str]:
    """The base URL of a server on this run's database."""
    with serving() as base:
        yield base


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: install Debian's package chromium")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture
def faults() -> list[str]:
    """What the page did that it must not do; a test that provokes something takes it out."""
    return []


@pytest.fixture(scope="session")
async def window(browser: Browser, server: str) -> AsyncIterator[BrowserContext]:
    """One window for all: a new one takes Chromium longer than most of the pages."""
    window = await browser.new_context(base_url=server, locale="en-GB", timezone_id="America/New_York")
    await window.add_init_script(_REPORT_VIOLATIONS)
    await window.new_page()  # with its last page the window would go
    yield window
    await window.close()


@pytest.fixture
async def page(window: BrowserContext, server: str, faults: list[str]) -> AsyncIterator[Page]:
    """A fresh page that asks nobody but our server, breaks no policy, and logs no error; it leaves nothing behind."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{server}/", "blob:", "data:")):
            faults.append(f"asked for {request.url}")

    page = await window.new_page()
    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", on_request)
    yield page
    protocol = await window.new_cdp_session(page)
    await protocol.send("Storage.clearDataForOrigin", {"origin": server, "storageTypes": "all"})
    await protocol.send("Network.clearBrowserCache")
    await page.close()
    await window.clear_cookies()
    assert faults == []
