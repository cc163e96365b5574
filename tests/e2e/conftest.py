"""The browser tests' ground: the ASGI application on a real port, and a Chromium that forgives nothing."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from django.core.asgi import get_asgi_application
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.web_data import PASSWORD, people
from uzel.people.models import Role, User

CHROMIUM = os.environ.get("CHROMIUM", "") or shutil.which("chromium") or shutil.which("google-chrome") or ""
# How long a page may take on a busy machine before a test gives up; nothing is measured here.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
# The last ones keep the browser from asking its maker's hosts.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs a loop of its own in this thread: it ends with the module, so that other tests may run theirs."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: `make browser` says what to install")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django would refuse the database beside a running loop.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The whole application on the test's database; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(get_asgi_application(), log_level="warning", timeout_graceful_shutdown=1, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


class Faults:
    """What a page did wrong: console errors, uncaught errors, answers of 500 and above."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        # Substrings of console errors that a test expects, such as the browser's own word of a 403.
        self.expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.seen.append(f"{response.status}: {response.url}")

    def check(self) -> None:
        left = [fault for fault in self.seen if not any(words in fault for words in self.expected)]
        assert not left, left


@pytest.fixture
def faults() -> Iterator[Faults]:
    faults = Faults()
    yield faults
    faults.check()


@pytest.fixture
def context(browser: Browser, site: str, faults: Faults) -> Iterator[BrowserContext]:
    """A browser of its own with no cookies; every page of it is watched for faults."""
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900}, locale="ru-RU")
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", faults.watch)
    yield context
    context.close()


@pytest.fixture
def staff(site: str) -> dict[Role, User]:
    """One account per role."""
    return people()


@pytest.fixture
def sign_in(context: BrowserContext, staff: dict[Role, User]) -> Callable[..., Page]:
    """`sign_in(role)` signs in through the page as people do and gives the page, at the board."""

    def signed_in(role: Role, path: str = "/") -> Page:
        page = context.new_page()
        page.goto("/people/login/")
        page.fill("#id_username", staff[role].username)
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url("**/")
        if path != "/":
            page.goto(path)
        return page

    return signed_in
