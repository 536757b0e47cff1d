"""``gigsim app`` as a process and its page in a headless Chromium, by what a user sees and does."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import pytest

T = TypeVar("T")

#: Runs ``gigsim`` and notes every address outside of this machine that it looks up or connects to.
_WATCHED = """
import sys
from pathlib import Path

abroad = Path(sys.argv.pop(1))
local = ("localhost", "127.", "::1", "0.0.0.0")

def watch(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host and not host.startswith(local):
        with abroad.open("a") as log:
            log.write(f"{event} {host}\\n")

sys.addaudithook(watch)
from gigsim.cli import main
main()
"""


def binary(*names: str) -> str:
    """The path of a program, or a skipped test."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{names[0]} is not installed")


def until(found: Callable[[], T | Literal[False] | None], seconds: float = 60.0) -> T:
    """The first true answer; the page may be redrawn while it is looked at."""
    from selenium.common.exceptions import StaleElementReferenceException

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if answer := found():
                return answer
        except (StaleElementReferenceException, StopIteration, IndexError):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"nothing in {seconds} s")


class Site:
    """A running ``gigsim app``."""

    def __init__(self, folder: Path, arguments: list[str]) -> None:
        self.abroad = folder / "abroad.txt"
        self.errors = folder / "errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _WATCHED, str(self.abroad), "app", *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=folder,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://localhost:[0-9]+", line)
        assert found, self.errors.read_text()
        self.url = found[0]

    def stop(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


class Browser:
    """A page in Chromium, by what a user sees of it."""

    def __init__(self, folder: Path) -> None:
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = binary("chromium", "chromium-browser", "google-chrome")
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1500,1300",
            f"--user-data-dir={folder / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        service = webdriver.ChromeService(binary("chromedriver"))
        self.driver: Any = webdriver.Chrome(options=options, service=service)

    def marked(self, name: str) -> Any:
        return self.driver.find_elements("css selector", f'[data-gigsim="{name}"]')[0]

    def fact(self, name: str) -> str:
        return str(self.marked(name).find_element("tag name", "b").text)

    def facts(self) -> dict[str, str]:
        return {name: self.fact(name) for name in ("period", "alpha", "success", "promise")}

    def text(self) -> str:
        return str(self.driver.find_element("tag name", "body").text)

    def button(self, words: str) -> Any:
        found = self.driver.find_elements("tag name", "button")
        return next(b for b in found if b.text.strip().upper() == words.upper())

    def press(self, words: str) -> None:
        until(lambda: self.button(words).is_enabled())
        self.button(words).click()

    def pictures(self) -> dict[str, str]:
        """What the figures look like on the screen."""
        names = ("network", "over-time", "curve", "people")
        return {
            name: self.marked(name).find_element("tag name", "img").screenshot_as_base64
            for name in names
        }

    def push(self, key: str, *keys: str) -> None:
        """Press keys on a setting's slider."""
        css = ".v-slider__thumb-container"
        self.marked(key).find_element("css selector", css).send_keys(*keys)

    def unfold(self, title: str) -> None:
        """Open a heading of the settings."""
        self.button(title).click()

    def pick(self, key: str, word: str) -> list[str]:
        """Choose a word at a setting; returns all that it offers."""
        self.marked(key).find_element("css selector", ".v-select__slot").click()
        css = ".menuable__content__active .v-list-item"
        items = until(lambda: self.driver.find_elements("css selector", css))
        offered = until(lambda: all(i.text for i in items) and [i.text for i in items])
        items[offered.index(word)].click()
        until(lambda: word in self.marked(key).text)
        return list(offered)

    def set_value(self, key: str) -> str:
        return str(self.marked(key).find_element("css selector", ".gigsim-key b").text)

    def complaints(self) -> list[str]:
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def hosts(self) -> set[str]:
        """Hosts that pages asked for; Chromium's own new-tab page is not ours."""
        asked = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = urlsplit(message["params"]["request"]["url"])
                if url.scheme not in ("data", "blob", "chrome", "chrome-untrusted"):
                    asked.add(url.hostname or "")
        return asked
