"""``gigsim app`` as a user has it: a process of its own, played in a real headless Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, Site, binary, until

pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

pytestmark = pytest.mark.slow


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
