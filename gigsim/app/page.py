# ruff: noqa: N802 - components are named like classes, as solara's and Mesa's own
"""The page: Mesa's SolaraViz with its buttons, the scenario's settings beside, figures below.

SolaraViz draws its own components in a grid of fixed height that tall figures overlap, so it gets
none; the dashboard listens to the same counter and lies below it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reacton.ipywidgets as widgets
import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from gigsim.app.controls import Control
from gigsim.app.drawing import COLOURS
from gigsim.app.live import FREE_RIDER, MEMBER, OUTSIDER, Frame, LiveEconomy, Settings
from gigsim.app.network_picture import MOST_NODES, NetworkPicture
from gigsim.app.offered import GROUPS
from gigsim.app.panels import Money, OverTime, People, against_alpha, riders_words
from gigsim.app.strip import Strip
from gigsim.config import Config, load, scenarios
from gigsim.society.layout import layout

# The headings that are open at first.
_OPEN = ("Population", "Collective")

_STYLE = """
.gigsim-strip { display: flex; flex-wrap: wrap; gap: 8px 28px; padding: 4px 8px; }
.gigsim-fact { min-width: 84px; }
.gigsim-fact b { display: block; font-size: 1.35rem; line-height: 1.5rem; }
.gigsim-fact span { font-size: .78rem; opacity: .75; }
.gigsim-grid { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); }
.gigsim-grid img { width: 100%; height: auto; display: block; background: white; }
.gigsim-caption { font-size: .8rem; padding: 2px 6px; }
.gigsim-caption > * { white-space: nowrap; display: inline-block; }
.gigsim-caption i { display: inline-block; width: .75em; height: .75em; border-radius: 50%;
  margin: 0 .3em 0 .9em; }
.gigsim-group { justify-content: start; text-transform: none; letter-spacing: 0; }
.gigsim-setting { padding: 2px 8px; }
.gigsim-setting .gigsim-key { font-size: .8rem; display: flex; justify-content: space-between; }
.gigsim-elsewhere { height: 0; overflow: hidden; }
.gigsim-heading { padding: 8px 4px; font-weight: 500; }
.gigsim-busy { min-height: 1.4em; font-size: .8rem; opacity: .75; padding: 0 8px; }
"""


@solara.component
def EconomyPage(start: Config, play_interval: int = 1) -> None:
    """One economy, to be set, stepped and played.

    Args:
        start: the config that the page opens with, and that its settings stand at.
        play_interval: milliseconds between a drawn period and the next one while playing; Mesa's
            own slider sets it afterwards.
    """
    busy = solara.use_reactive("")
    settings = solara.use_memo(lambda: Settings(start, busy.set), [])
    live = solara.use_reactive(solara.use_memo(lambda: LiveEconomy(settings), []))
    solara.use_effect(lambda: lambda: setattr(settings, "closed", True), [])
    seed, shown = str(start.run.seed), live.value.frame
    solara.Style(_STYLE)
    # What it shows goes to the bar and the sidebar; in its own place it leaves empty space.
    with solara.Div(classes=["gigsim-elsewhere"]):
        SolaraViz(
            live,
            model_params={
                "settings": settings,
                "run.seed": {"type": "InputText", "label": "run.seed", "value": seed},
            },
            play_interval=play_interval,
            name=f"gigsim: {shown.config.name if shown else start.name}",
        )
    Below(live.value, settings, busy)


@solara.component
def Below(live: LiveEconomy, settings: Settings, busy: solara.Reactive[str]) -> None:
    """What is not Mesa's. A level deeper than SolaraViz, so that its sidebar is below Mesa's."""
    SettingsPanel(settings)
    Busy(busy)
    Dashboard(live)


@solara.component
def Dashboard(live: LiveEconomy) -> None:
    """The strip of numbers and the figures, or the sentence that says why there are none."""
    update_counter.get()
    live.shown.clear()
    solara.use_effect(live.shown.set, None)
    if live.problem:
        with solara.Div(attributes={"data-gigsim": "problem"}):
            solara.Error(f"{live.problem}. Change the setting and press Reset.")
    if live.frame is not None:
        Figures(live, live.frame)


@solara.component
def Figures(live: LiveEconomy, frame: Frame) -> None:
    """The strip of numbers and the figures of a frame: four, and one where there is money."""
    Strip(frame)
    with solara.Div(classes=["gigsim-grid"]):
        NetworkPanel(live, frame)
        time = solara.use_memo(OverTime, [live])
        Picture("over-time", time.draw, frame)
        Curve(live, frame)
        bands = solara.use_memo(People, [live])
        Picture("people", bands.draw, frame)
        if frame.has_money:
            MoneyPanel(live, frame)


@solara.component
def NetworkPanel(live: LiveEconomy, frame: Frame) -> None:
    """The network, with a legend that counts."""
    assert live.economy is not None
    committed = live.economy.population.first_mover

    def make() -> NetworkPicture | None:
        assert live.economy is not None
        stage = live.economy.stage
        if stage.network.size > MOST_NODES:
            return None
        seed = live.economy.streams.seed_for("layout")
        places = layout(stage.network, seed)
        return NetworkPicture(stage.network, places, committed, seed)

    picture = solara.use_memo(make, [live])
    with solara.Div():
        if picture is None:
            solara.Text(f"Networks of more than {MOST_NODES:,} freelancers are not drawn.")
        else:
            Picture("network", picture.draw, frame)
            with solara.Div(classes=["gigsim-caption"]):
                solara.v.Html(tag="span", children=[picture.caption])
                for state, name in (
                    (MEMBER, "members" if frame.contract in (None, "met") else "pledged"),
                    (FREE_RIDER, riders_words(frame, "", frame.count(FREE_RIDER) > 0)),
                    (OUTSIDER, "outsiders"),
                ):
                    if name:
                        Mark(f"background: {COLOURS[state]}", f"{frame.count(state):,} {name}")
                if committed.any():
                    Mark("border: 1.5px solid black", "first movers")


@solara.component
def MoneyPanel(live: LiveEconomy, frame: Frame) -> None:
    """The collective's money; on the page from the period on in which there is any."""
    money = solara.use_memo(Money, [live])
    Picture("money", money.draw, frame)


@solara.component
def Mark(style: str, words: str) -> None:
    """A dot and what it means."""
    with solara.v.Html(tag="span"):
        solara.v.Html(tag="i", style_=style)
        solara.v.Html(tag="span", children=[words])


@solara.component
def Curve(live: LiveEconomy, frame: Frame) -> None:
    """S against α_effective; changes when the platform has retrained."""

    def make() -> bytes:
        assert live.theory is not None
        return against_alpha(frame, live.theory)

    image = solara.use_memo(make, [live, frame.trained])
    with solara.Div(attributes={"data-gigsim": "curve"}):
        widgets.Image(value=image, format="png")


@solara.component
def Picture(name: str, draw: Callable[[Frame], bytes], frame: Frame) -> None:
    """A figure that changes with every frame."""
    image = solara.use_memo(lambda: draw(frame), [draw, frame])
    with solara.Div(attributes={"data-gigsim": name}):
        widgets.Image(value=image, format="png")


@solara.component
def Busy(busy: solara.Reactive[str]) -> None:
    """What the model is doing, where a training takes long enough to wonder."""
    with solara.Div(classes=["gigsim-busy"]):
        solara.v.Html(tag="span", children=[busy.value])


@solara.component
def SettingsPanel(settings: Settings) -> None:
    """The settings in the sidebar, by heading, and the scenarios that they can be those of."""
    opened = solara.use_memo(lambda: settings.start, [])
    first = f"{opened.name}, as opened"
    chosen, choose = solara.use_state(first)

    def begin(name: str) -> None:
        settings.begin(opened if name == first else load(name))
        choose(name)

    marks = {"data-gigsim": "scenario", "title": "settings of a scenario that ships"}
    with solara.Sidebar(), solara.Column(gap="0px"):
        solara.Text("Settings: in force from the next Reset on", classes=["gigsim-heading"])
        with solara.Div(classes=["gigsim-setting"], attributes=marks):
            solara.Select("scenario", [first, *scenarios()], chosen, begin, dense=True)
        for title in GROUPS:
            Group(title, settings, settings.start)


@solara.component
def Group(title: str, settings: Settings, start: Config) -> None:
    """The settings under a heading. Closed, it is empty: every frame passes all there is.

    Args:
        title: the heading.
        settings: of the page.
        start: what they stand over; a new one redraws the group.
    """
    _, redraw = solara.use_state(0)

    def choose(key: str, value: Any) -> None:
        settings.choose(key, value)
        redraw(lambda count: count + 1)

    opened, set_opened = solara.use_state(title in _OPEN)
    icon = "mdi-chevron-up" if opened else "mdi-chevron-down"
    solara.Button(title, lambda: set_opened(not opened), icon, text=True, classes=["gigsim-group"])
    if opened:
        for control in settings.group(title):
            Setting(control, choose).key(control.key)


@solara.component
def Setting(control: Control, choose: Callable[[str, Any], None]) -> None:
    """One control with its key, its value, and the schema's words as a tooltip."""

    def on_value(value: Any) -> None:
        choose(control.key, value)

    marks = {"data-gigsim": control.key, "title": control.help}
    with solara.Div(classes=["gigsim-setting"], attributes=marks):
        words = [solara.v.Html(tag="span", children=[control.key])]
        if control.widget == "slider":
            words.append(solara.v.Html(tag="b", children=[f"{control.value:,}"]))
        solara.Div(classes=["gigsim-key"], children=words)
        if control.widget == "slider":
            grid: dict[str, Any] = {"min": control.low, "max": control.high, "step": control.step}
            slider = solara.SliderInt if control.whole else solara.SliderFloat
            slider("", value=control.value, on_value=on_value, **grid)
        elif control.widget == "choice":
            solara.Select("", list(control.choices), control.value, on_value, dense=True)
        elif control.widget == "switch":
            solara.Checkbox(label="", value=control.value, on_value=on_value)
        else:
            solara.InputText("", value=control.value, on_value=on_value, dense=True)
