"""The page without a browser: solara renders it here, and its widgets are pressed and moved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gigsim.app.controls import Control
from gigsim.app.live import Settings
from gigsim.app.offered import GROUPS
from gigsim.config import Config, build, dumps
from gigsim.model import GigEconomy

solara = pytest.importorskip("solara", reason="solara is not installed: the extra `app`")
v = pytest.importorskip("ipyvuetify", reason="ipyvuetify is not installed: the extra `app`")
widgets = pytest.importorskip("ipywidgets")


@pytest.fixture(scope="session")
def start(toy_config: Config) -> Config:
    table = toy_config.model_dump(mode="json")
    return build(
        table,
        {"population.size": 100, "collective.first_movers": 12, "corpus.test_size": 60},
    )


def walk(found: Any, seen: set[int]) -> Iterator[Any]:
    """All widgets below one, in the order of the page."""
    if isinstance(found, widgets.Widget):
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            for name in found.keys:
                yield from walk(getattr(found, name), seen)
    elif isinstance(found, list | tuple | dict):
        for inner in found.values() if isinstance(found, dict) else found:
            yield from walk(inner, seen)


class Rendered:
    """A page in the layout that a server puts around it, with its bar and sidebar."""

    def __init__(self, element: Any) -> None:
        layout = solara.AppLayout(children=[element])
        self.box, self.rc = solara.render(layout, handle_error=False)

    def all(self, kind: type[Any]) -> list[Any]:
        return [w for w in walk(self.box, set()) if isinstance(w, kind)]

    def marked(self, name: str) -> Any:
        """The part of the page that carries our mark."""
        (found,) = (w for w in self.all(v.Html) if (w.attributes or {}).get("data-gigsim") == name)
        return found

    def press(self, words: str) -> None:
        (button,) = (b for b in self.all(v.Btn) if words in b.children)
        assert not button.disabled
        button.click()

    def texts(self) -> str:
        found = [c for w in self.all(widgets.Widget) for c in getattr(w, "children", ())]
        return " | ".join(text for text in found if isinstance(text, str))

    def fact(self, name: str) -> str:
        value = self.marked(name).children[0].children[0]
        assert isinstance(value, str)
        return value

    def setting(self, key: str) -> Any:
        """The widget that moves a key: it follows the words."""
        return self.marked(key).children[-1]

    def images(self) -> list[str]:
        """What each figure shows, as a digest: network, over time, curve, people."""
        return [hashlib.sha256(w.value).hexdigest() for w in self.all(widgets.Image)]


@pytest.fixture
def page(start: Config) -> Iterator[Rendered]:
    from gigsim.app.page import EconomyPage

    rendered = Rendered(EconomyPage(start))
    yield rendered
    rendered.rc.close()


def test_a_fresh_page_shows_every_setting_and_four_figures(page: Rendered, start: Config) -> None:
    wanted = {c.key: c for title in GROUPS for c in Settings(start).group(title)}
    for title in ("Network", "Society", "Money and contract", "Platform", "Resumes", "Measure"):
        page.press(title)
    texts = page.texts()
    for key, control in wanted.items():
        assert key in texts
        assert page.marked(key).attributes["title"] == control.help
        check_widget(page.setting(key), control)
    assert page.fact("period") == "0"
    assert page.fact("alpha") == "0.0 %"
    assert len(page.images()) == 4


def check_widget(widget: Any, control: Control) -> None:
    if control.widget == "slider":
        assert isinstance(widget, v.Slider)
        assert (widget.min, widget.max, widget.step) == (control.low, control.high, control.step)
        assert widget.v_model == control.value
    elif control.widget == "choice":
        assert isinstance(widget, v.Select)
        assert tuple(widget.items) == control.choices
    elif control.widget == "switch":
        assert isinstance(widget, v.Checkbox)
        assert widget.v_model == control.value
    else:
        assert isinstance(widget, v.TextField)
        assert widget.v_model == control.value


def test_step_moves_numbers_and_figures(page: Rendered, start: Config) -> None:
    before = page.images()
    page.press("Step")
    alone = GigEconomy(start)
    alone.step()
    assert page.fact("period") == "1"
    assert page.fact("alpha") == f"{100 * alone.alpha:.1f} %"
    assert page.fact("moves") == f"+{alone.joined} / −{alone.left}"
    assert page.fact("retrained") == "in period 0, next in 2"
    network, over_time, curve, people = (a == b for a, b in zip(before, page.images(), strict=True))
    # The platform has not retrained yet: only the curve stays as it was.
    assert (network, over_time, curve, people) == (False, False, True, False)
    page.press("Step")
    alone.step()
    assert page.fact("retrained") == "in this period"
    assert page.fact("success") == f"{100 * alone.success:.1f} %"
    assert page.images()[2] != before[2]


def test_reset_puts_settings_in_force(page: Rendered) -> None:
    page.press("Step")
    page.setting("population.size").v_model = 150
    page.setting("population.cost.kind").v_model = "constant"
    assert "population.cost.value" in page.texts()
    assert "population.cost.low" not in page.texts()
    assert page.fact("period") == "1"
    page.press("Reset")
    assert page.fact("period") == "0"
    assert "α: 0 of 150" in page.texts()


def test_an_impossible_setting_is_a_sentence_on_a_living_page(page: Rendered) -> None:
    page.setting("collective.first_movers").v_model = 200
    page.press("Reset")
    said = page.texts()
    assert "collective.first_movers = 200 is more than population.size = 100" in said
    assert page.images() == []
    page.press("Step")
    page.setting("collective.first_movers").v_model = 5
    page.press("Reset")
    assert "is more than" not in page.texts()
    page.press("Step")
    assert page.fact("period") == "1"


def test_the_strip_names_the_theorem(page: Rendered) -> None:
    assert "Theorem 1 at α, for ε = 0" in page.texts()
    page.setting("collective.strategy").v_model = "unplanting"
    assert "collective.adaptive" in page.texts()
    page.press("Reset")
    assert "Theorem 1 for unplanting at α, for ε = 0" in page.texts()
    assert "free riders" in page.texts()
    page.setting("collective.strategy").v_model = "erasure"
    page.setting("collective.label_sets").v_model = "extend"
    page.press("Reset")
    assert page.fact("promise") == "no theorem"
    assert "free riders" not in page.texts()


def test_money_and_a_contract_are_on_the_page_where_there_are_any(
    page: Rendered, start: Config
) -> None:
    assert "fund" not in page.texts()
    page.press("Money and contract")
    page.setting("collective.fund").v_model = 9.0
    page.setting("collective.subsidy").v_model = 0.4
    page.setting("collective.provision_point").v_model = 0.5
    page.press("Reset")
    assert "collective.provision_point = 0.5 with a refund needs to know" in page.texts()
    page.setting("collective.refund").v_model = False
    page.press("Reset")
    assert page.fact("fund") == "9.0"
    assert page.fact("contract") == "open"
    assert "contract: 0.0 % pledged, 50.0 % needed, no refund" in page.texts()
    assert "0 pledged" in page.texts()
    assert len(page.images()) == 5
    money = page.images()[4]
    wanted = {
        "collective.fund": 9.0,
        "collective.subsidy": 0.4,
        "collective.provision_point": 0.5,
        "collective.refund": False,
    }
    alone = GigEconomy(build(start.model_dump(mode="json"), wanted))
    for _ in range(2):
        page.press("Step")
        alone.step()
    assert page.fact("fund") == f"{alone.fund:,.1f}"
    assert page.fact("flows") == f"+{alone.dues:,.1f} / −{alone.subsidies:,.1f}"
    assert page.images()[4] != money


def test_a_scenario_is_chosen_and_in_force_after_reset(
    start: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gigsim.app import page as module

    other = build(
        start.model_dump(mode="json"),
        {"name": "other", "population.size": 80, "collective.dues": 0.02},
    )
    (tmp_path / "other.toml").write_text(dumps(other), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "scenarios", lambda: ("other.toml",))
    page = Rendered(module.EconomyPage(start))
    assert tuple(page.setting("scenario").items) == (f"{start.name}, as opened", "other.toml")
    page.setting("population.size").v_model = 150
    page.setting("scenario").v_model = "other.toml"
    assert page.setting("population.size").v_model == 80
    assert "α: 0 of 100" in page.texts()
    page.press("Reset")
    assert "α: 0 of 80" in page.texts()
    assert page.fact("fund") == "0.0"
    page.setting("scenario").v_model = f"{start.name}, as opened"
    page.press("Reset")
    assert "α: 0 of 100" in page.texts()
    page.rc.close()


def test_closing_the_page_stops_its_economy(start: Config) -> None:
    from gigsim.app import page as module

    made: list[Settings] = []

    class Noted(Settings):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "Settings", Noted)
        rendered = Rendered(module.EconomyPage(start))
    assert not made[0].closed
    rendered.rc.close()
    assert made[0].closed


def test_mesas_own_page_plays_the_model_itself(start: Config) -> None:
    """No page of ours: SolaraViz on GigEconomy, with dotted keys as its parameters."""
    from mesa.visualization import Slider, SolaraViz, make_plot_component

    page = Rendered(
        SolaraViz(
            GigEconomy(start),
            components=[make_plot_component(["alpha", "success"])],
            model_params={
                "config": start,
                "population.size": Slider("population.size", 120, 50, 200, 10),
            },
        )
    )
    page.press("Step")
    page.press("Reset")
    page.rc.close()
