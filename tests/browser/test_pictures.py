"""The page's figures: what is drawn is what the frame says, however little is drawn anew."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from numpy.typing import NDArray

from gigsim.app.drawing import COLOURS
from gigsim.app.live import FREE_RIDER, MEMBER, OUTSIDER, Frame, frame_of
from gigsim.app.network_picture import MOST_TIES, NetworkPicture, staggered, ties_to_draw
from gigsim.app.panels import GrowingPanel, Money, OverTime, People, against_alpha, announced
from gigsim.config import Config, build
from gigsim.model import GigEconomy
from gigsim.society.network_models import small_world
from gigsim.society.networks import CompleteNetwork


@pytest.fixture(scope="session")
def frame(toy_run: GigEconomy) -> Frame:
    return frame_of(toy_run)


def pixels(picture: bytes) -> NDArray[np.float64]:
    """Red, green and blue in [0, 1], shape (height, width, 3)."""
    return imread(io.BytesIO(picture))


def test_everybody_has_the_colour_of_their_state(frame: Frame) -> None:
    network = small_world(12, 2, 0.0, seed=1)
    angle = 2 * np.pi * (np.arange(12) + 0.5) / 12
    places = 0.8 * np.column_stack([np.sin(angle), np.cos(angle)])
    first = np.arange(12) < 2
    picture = NetworkPicture(network, places, first, seed=1)
    assert picture.caption == "12 freelancers, 12 ties drawn"
    for turn in range(3):
        state = np.roll(np.repeat([OUTSIDER, FREE_RIDER, MEMBER], 4), turn).astype(np.int8)
        image = pixels(picture.draw(replace(frame, state=state)))
        height, width, _ = image.shape
        for (x, y), code in zip(places, state, strict=True):
            row = round(height / 2 * (1 - y / 1.05))
            column = round(width / 2 + height / 2 * x / 1.05)
            assert image[row, column] == pytest.approx(to_rgb(COLOURS[code]), abs=0.02)


@pytest.mark.parametrize("size", [2000, 3000])
def test_ties_are_drawn_all_or_as_a_fixed_sample(size: int) -> None:
    network = small_world(size, 10, 0.1, seed=1)
    drawn, total = ties_to_draw(network, seed=3)
    assert total == 5 * size
    assert len(drawn) == min(total, MOST_TIES)
    known = network.matrix()
    assert np.all(known[drawn[:, 0], drawn[:, 1]] == 1)
    assert len(np.unique(drawn, axis=0)) == len(drawn)
    assert np.array_equal(drawn, ties_to_draw(network, seed=3)[0])


def test_a_complete_network_is_never_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(CompleteNetwork, "matrix")
    drawn, total = ties_to_draw(CompleteNetwork(20_000), seed=3)
    assert (len(drawn), total) == (MOST_TIES, 20_000 * 19_999 // 2)
    assert np.all(drawn[:, 0] != drawn[:, 1])
    assert drawn.min() >= 0
    assert drawn.max() < 20_000


def test_dots_on_a_crowded_circle_are_staggered() -> None:
    angle = 2 * np.pi * np.arange(600) / 600
    circle = np.column_stack([np.sin(angle), np.cos(angle)])
    moved = staggered(circle, 7.0)
    radius = np.hypot(*moved.T)
    assert radius.max() == pytest.approx(1)
    assert radius.min() > 0.35
    assert np.allclose(moved / radius[:, None], circle)
    assert len(np.unique(radius.round(9))) > 2
    # However many tracks they came in.
    tracks = circle * np.tile([1.0, 0.75], 300)[:, None]
    assert np.array_equal(staggered(tracks, 7.0), moved)
    assert staggered(circle[:1], 7.0) == pytest.approx(circle[:1])
    elsewhere = np.roll(circle, 1, axis=0)
    assert np.array_equal(staggered(elsewhere, 7.0), elsewhere)


@pytest.mark.parametrize("kind", [OverTime, People])
def test_a_kept_panel_looks_like_a_new_one(kind: type[GrowingPanel], frame: Frame) -> None:
    """Drawn frame by frame over kept axes, or at once: the same picture."""
    kept, pictures = kind(), []
    for period in range(frame.period + 1):
        now = replace(
            frame,
            period=period,
            periods=frame.periods[frame.periods["period"] <= period],
            retrainings=frame.retrainings[frame.retrainings["period"] <= period],
        )
        pictures.append(kept.draw(now))
    assert len(set(pictures)) == len(pictures)
    assert pictures[-1] == kind().draw(frame)


def test_bands_stand_where_the_table_says(frame: Frame) -> None:
    """At the last period, from below: members, free riders, outsiders."""
    image = pixels(People().draw(frame))
    height, width, _ = image.shape
    # The axes reach over 12 periods at first; look a hair to the left of the last one.
    column = round(width * (0.09 + 0.88 * (frame.period - 0.1) / 12))
    row = frame.periods.iloc[-1]
    size = len(frame.state)
    edges = np.cumsum([row["members"], row["free_riders"], row["outsiders"]]) / size
    bands = np.array([0.0, *edges])
    for low, high, colour in zip(bands, bands[1:], ["#0072B2", "#E69F00", "#E4E6E9"], strict=False):
        if high - low > 0.03:
            share = (low + high) / 2
            up = 0.11 + 0.8 * (share + 0.01) / 1.02
            assert image[round(height * (1 - up)), column] == pytest.approx(
                to_rgb(colour), abs=0.12
            )


@pytest.fixture(scope="module")
def paying(toy_config: Config) -> Frame:
    """Five periods of a collective with a fund, dues, a subsidy that ends, and a contract."""
    wanted = {
        "population.size": 100,
        "corpus.test_size": 60,
        "collective.fund": 9.0,
        "collective.dues": 0.01,
        "collective.subsidy": 0.4,
        "collective.subsidy_until": 0.3,
        "collective.provision_point": 0.05,
        "collective.refund": False,
    }
    economy = GigEconomy(build(toy_config.model_dump(mode="json"), wanted))
    for _ in range(5):
        economy.step()
    return frame_of(economy)


def test_the_money_is_that_of_the_table(paying: Frame) -> None:
    panel = Money()
    assert panel.words(paying) == ("fund", "subsidies paid so far", "dues taken so far")
    kept = panel.draw(replace(paying, periods=paying.periods.head(2)))
    assert kept != panel.draw(paying) == Money().draw(paying)
    fund, paid, dues = (line.get_ydata() for line in panel.show(panel._axes, paying))  # type: ignore[attr-defined]
    assert np.array_equal(fund, paying.periods["fund"])
    assert paid[-1] == pytest.approx(paying.periods["subsidies"].sum())
    assert fund == pytest.approx(9 + dues - paid, abs=1e-9)
    assert panel._axes.get_ylim() == pytest.approx((-0.01 * panel.top(paying), 1.01 * 10))


@pytest.mark.parametrize(
    ("fund", "top"), [(0.0, 1.0), (0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (150.0, 200.0), (501, 1e3)]
)
def test_the_axis_of_money_ends_at_a_round_number(paying: Frame, fund: float, top: float) -> None:
    there = paying.periods.assign(fund=fund, dues=0.0, subsidies=0.0)
    assert Money().top(replace(paying, periods=there)) == pytest.approx(top)


def test_announced_sizes_are_lines_with_words(paying: Frame, frame: Frame) -> None:
    panel = OverTime()
    panel.draw(paying)
    legend = panel._axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()][-2:] == [
        "provision point",
        "end of the subsidy",
    ]
    assert announced(paying) == {"provision point": 0.05, "end of the subsidy": 0.3}
    assert announced(frame) == {}


def with_strategy(frame: Frame, strategy: str) -> Frame:
    table = frame.config.model_dump(mode="json")
    return replace(frame, config=build(table, {"collective.strategy": strategy}))


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("feature_label", ("S, with the signal", "α, share of members", "U, without the signal")),
        (
            "unplanting",
            ("S, not y* with the signal", "α, share of members", "U, without it"),
        ),
        ("erasure", ("S, resumes on which the signal does not matter", "α, share of members")),
    ],
)
def test_the_lines_have_the_words_of_the_strategy(
    frame: Frame, strategy: str, said: tuple[str, ...]
) -> None:
    panel, now = OverTime(), with_strategy(frame, strategy)
    panel.draw(now)
    legend = panel._axes.get_legend()
    assert tuple(text.get_text() for text in legend.get_texts()) == said
    assert len(panel.show(panel._axes, now)) == len(said) + 1


def test_who_knows_of_an_erasure_is_shown_once_there_are_some(frame: Frame) -> None:
    now = with_strategy(frame, "erasure")
    assert now.periods["free_riders"].any()
    nobody = replace(now, periods=now.periods.assign(free_riders=0))
    kept = People()
    assert kept.words(nobody) == ("members", "outsiders")
    kept.draw(nobody)
    assert kept.words(now) == ("members", "others who know of it", "outsiders")
    assert kept.draw(now) == People().draw(now)


def test_axes_double_when_they_are_outgrown(frame: Frame) -> None:
    panel = OverTime()
    panel.draw(frame)
    axes = panel._axes
    panel.draw(replace(frame, period=12))
    assert panel._axes is axes
    assert axes.get_xlim() == (0, 12)
    panel.draw(replace(frame, period=13))
    assert panel._axes.get_xlim() == (0, 24)


def test_the_curve_is_that_of_a_run(
    frame: Frame, toy_run: GigEconomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gigsim.app import panels

    drawn = []
    monkeypatch.setattr(panels, "png", lambda figure: drawn.append(figure) or b"")
    against_alpha(frame, toy_run.lines.table(np.linspace(0.01, 1, 20)))
    (axes,) = drawn[0].axes
    labels = " ".join(text.get_text() for text in axes.get_legend().get_texts())
    assert "Theorem 1" in labels
    assert "emergent" in labels


@pytest.mark.parametrize("name", ["Theorem 1", "Theorem 5, derived form and somewhat longer"])
def test_the_legend_of_the_curve_is_inside_the_picture(
    frame: Frame, toy_run: GigEconomy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from gigsim.app import panels

    drawn = []
    monkeypatch.setattr(panels, "png", lambda figure: drawn.append(figure) or b"")
    now = replace(frame, retrainings=frame.retrainings.assign(theorem_top1=name))
    against_alpha(now, toy_run.lines.table(np.linspace(0.01, 1, 20)))
    (figure,) = drawn
    legend = figure.axes[0].get_legend()
    assert any(name in text.get_text() for text in legend.get_texts())
    extent = legend.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert 0 <= extent.x0 < extent.x1 <= figure.bbox.x1
    assert extent.y0 >= 0
