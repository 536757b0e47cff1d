"""The collective's money and contract on the page, in a real headless Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, Site, until

pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Browser]:
    """A hundred people before a bound, so that a step is a moment, with the money unfolded."""
    settings = {
        "population.size": 100,
        "collective.first_movers": 10,
        "society.activation": 0.3,
        "platform.learner.kind": "surrogate",
        "platform.learner.source": "bound",
        "platform.learner.bound_xi": 0.01,
        "platform.retrain_every": 1,
    }
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    site = Site(tmp_path, ["--port", "0", *words])
    opened = Browser(tmp_path)
    opened.driver.get(site.url)
    until(lambda: opened.fact("period") == "0")
    opened.unfold("Money and contract")
    until(lambda: opened.marked("collective.subsidy"))
    yield opened
    assert opened.complaints() == []
    opened.driver.quit()
    assert site.stop() == 0
    assert "Traceback" not in site.errors.read_text()


def step(page: Browser, period: int) -> tuple[float, float, float]:
    """One period on; fund, dues in and subsidies out, as the strip has them."""

    def strip() -> tuple[str, str] | None:
        # Facts come over the wire one by one: wait until they stay.
        seen = page.fact("fund"), page.fact("flows")
        time.sleep(0.5)
        return seen if seen == (page.fact("fund"), page.fact("flows")) else None

    page.press("Step")
    until(lambda: page.fact("period") == str(period))
    fund, flows = until(strip)
    came, went = flows.split(" / ")
    return float(fund), float(came.strip("+")), float(went.strip("−"))


def test_a_subsidy_without_money_is_a_sentence_and_out_of_a_fund_is_paid(page: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    page.push("collective.subsidy", *[Keys.ARROW_RIGHT] * 10)
    until(lambda: page.set_value("collective.subsidy") == "0.1")
    page.press("Reset")
    until(lambda: "the collective has no money" in page.marked("problem").text)

    page.push("collective.fund", *[Keys.ARROW_RIGHT] * 2)
    until(lambda: page.set_value("collective.fund") == "10.0")
    page.press("Reset")
    until(lambda: page.fact("fund") == "10.0")
    picture = until(lambda: page.marked("money").find_element("tag name", "img"))
    before, spent = picture.screenshot_as_base64, 0.0
    for period in range(1, 5):
        left, came, went = step(page, period)
        spent += went
        assert came == 0.0
        # Each figure is rounded to a tenth.
        assert left == pytest.approx(10.0 - spent, abs=0.05 * (period + 1))
    assert spent > 0
    until(
        lambda: page.marked("money").find_element("tag name", "img").screenshot_as_base64 != before
    )


def test_dues_of_a_contract_are_paid_from_the_provision_point_on(page: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    page.push("collective.provision_point", *[Keys.ARROW_RIGHT] * 20)
    until(lambda: page.set_value("collective.provision_point") == "0.2")
    page.push("collective.dues", *[Keys.ARROW_RIGHT] * 5)
    until(lambda: page.set_value("collective.dues") == "0.05")
    page.press("Reset")
    until(lambda: page.fact("contract") == "open")
    assert "0.0 % pledged, 20.0 % needed, nobody pays" in page.text()

    # Too few at first: nobody pays. What the bound promises at a fifth brings more.
    period, flows = 1, step(page, 1)
    assert page.fact("contract") == "open"
    while page.fact("contract") == "open":
        assert flows == (0.0, 0.0, 0.0)
        period, flows = period + 1, step(page, period + 1)
    assert page.fact("contract") == "met"
    fund, came, went = flows
    assert fund == came > 0.0 == went
    # A hundred people: the percentage is their number.
    assert came == pytest.approx(0.05 * float(page.fact("alpha").split()[0]), abs=0.051)
