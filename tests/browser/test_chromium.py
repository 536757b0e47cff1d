"""``gigsim app`` as a user has it: a process of its own, played in a real headless Chromium."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

pytestmark = pytest.mark.slow

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


def until(found: Callable[[], T], seconds: float = 60.0) -> T:
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
        self.driver = webdriver.Chrome(options=options, service=service)

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, toy_language_path: Path) -> Iterator[Site]:
    binary("chromium", "chromium-browser", "google-chrome")
    settings = {
        "population.size": 200,
        "collective.first_movers": 10,
        "society.activation": 0.5,
        "collective.leak": 0.01,
        "platform.retrain_every": 2,
        "corpus.language": str(toy_language_path),
        "corpus.test_size": 100,
    }
    arguments = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    running = Site(tmp_path_factory.mktemp("site"), ["--port", "0", *arguments])
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def browser(site: Site, tmp_path: Path) -> Iterator[Browser]:
    """A freshly opened page."""
    opened = Browser(tmp_path)
    opened.driver.get(site.url)
    until(lambda: opened.fact("period") == "0")
    until(lambda: len(opened.pictures()) == 4)
    yield opened
    opened.driver.quit()


def test_step_play_and_pause(browser: Browser, site: Site) -> None:
    start, pictures = browser.facts(), browser.pictures()
    assert start["alpha"] == "0.0 %"
    browser.press("Step")
    until(lambda: browser.fact("period") == "1")
    stepped = until(lambda: (now := browser.facts())["alpha"] != start["alpha"] and now)
    assert stepped["alpha"] == "5.0 %"
    assert stepped["promise"] != start["promise"]
    until(
        lambda: all(
            after != pictures[name] for name, after in browser.pictures().items() if name != "curve"
        )
    )

    browser.press("▶")
    seen = {}
    while len(seen) < 6:
        now = until(browser.facts)
        seen[int(now["period"])] = now
    assert len({now["alpha"] for now in seen.values()}) > 1
    assert len({now["success"] for now in seen.values()} | {start["success"]}) > 1
    browser.press("❚❚")
    until(lambda: browser.button("▶"))
    # The period that was under way when Pause was pressed is finished, and perhaps one more.
    time.sleep(1.5)
    paused = browser.fact("period")
    assert int(paused) >= max(seen)
    time.sleep(1.5)
    assert browser.fact("period") == paused
    assert browser.pictures()["curve"] != pictures["curve"]

    # It goes on from there, and stops for Reset.
    browser.press("▶")
    until(lambda: int(browser.fact("period")) > int(paused))
    browser.press("Reset")
    until(lambda: browser.fact("period") == "0")
    time.sleep(1.5)
    assert browser.facts() == start
    assert browser.complaints() == []
    assert browser.hosts() == {"localhost"}
    assert not site.abroad.exists(), site.abroad.read_text()


def test_settings_and_a_setting_that_cannot_be(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.push("population.size", Keys.ARROW_RIGHT)
    until(lambda: browser.set_value("population.size") == "250")
    assert "of 200" in browser.text()
    browser.press("Reset")
    until(lambda: "α: 0 of 250" in browser.text())
    until(lambda: "250 freelancers" in browser.text())

    browser.push("collective.first_movers", Keys.END)
    until(lambda: browser.set_value("collective.first_movers") == "300")
    browser.press("Reset")
    wanted = "collective.first_movers = 300 is more than population.size = 250"
    until(lambda: wanted in browser.marked("problem").text)

    browser.push("collective.first_movers", Keys.HOME)
    until(lambda: browser.set_value("collective.first_movers") == "0")
    browser.press("Reset")
    until(lambda: browser.fact("period") == "0")
    assert wanted not in browser.text()
    browser.press("Step")
    until(lambda: browser.fact("period") == "1")
    assert browser.fact("alpha") == "0.0 %"
    assert browser.complaints() == []


def test_unplanting_is_chosen_and_played(browser: Browser) -> None:
    assert "collective.adaptive" not in browser.text()
    offered = browser.pick("collective.strategy", "unplanting")
    assert "gradient_control" not in offered
    until(lambda: "collective.adaptive" in browser.text())
    browser.press("Reset")
    until(lambda: "Theorem 1 for unplanting at α" in browser.text())
    browser.press("Step")
    until(lambda: browser.fact("period") == "1")
    browser.press("Step")
    until(lambda: browser.fact("retrained") == "in this period")
    until(lambda: browser.fact("alpha") == "5.0 %")
    assert browser.complaints() == []


def test_a_learner_that_does_not_offer_the_strategy_is_a_sentence(
    browser: Browser, site: Site
) -> None:
    browser.pick("collective.strategy", "gradient_cancelling")
    browser.unfold("Platform")
    until(lambda: browser.marked("platform.learner.kind"))
    browser.pick("platform.learner.kind", "transformer")
    browser.press("Reset")
    said = until(lambda: browser.marked("problem").text)
    assert 'collective.strategy = "gradient_cancelling"' in said
    assert 'with platform.learner.kind = "transformer": it cancels the gradient' in said

    browser.pick("platform.learner.kind", "linear")
    browser.press("Reset")
    until(lambda: browser.fact("period") == "0")
    assert browser.fact("promise") == "no theorem"
    browser.press("Step")
    until(lambda: browser.fact("period") == "1")
    assert browser.complaints() == []
    assert "Traceback" not in site.errors.read_text()


def test_ctrl_c_ends_it_while_it_plays(tmp_path: Path, toy_language_path: Path) -> None:
    binary("chromium", "chromium-browser", "google-chrome")
    small = ["population.size=100", "corpus.test_size=60", f"corpus.language={toy_language_path}"]
    site = Site(tmp_path, ["--port", "0", *(w for s in small for w in ("--set", s))])
    browser = Browser(tmp_path)
    try:
        browser.driver.get(site.url)
        until(lambda: browser.fact("period") == "0")
        # Periods here are shorter than drawing: the page must not drown in them.
        browser.press("▶")
        until(lambda: int(browser.fact("period")) >= 2)
        assert site.stop() == 0
        assert site.errors.read_text() == ""
    finally:
        browser.driver.quit()
        site.process.kill()
