"""Replicates: neighbouring seeds, the same bits however they are run, nothing finished is lost."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

import gigsim.replicates
from gigsim.config import Config, build, digest
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.plots import replicates_overview
from gigsim.processes import Outcome
from gigsim.replicates import Replicates, ReplicatesFolder, load_replicates
from gigsim.runs import SCHEMA_VERSION, load_run, tables_of
from gigsim.summary import summarise_run
from gigsim.summary_replicates import summarise_replicates

TABLES = ("periods", "retrainings", "collectives", "theory", "timings", "runs")
FILES = {
    "config.toml",
    "provenance.json",
    "summary.json",
    "overview.png",
    *(f"{name}.parquet" for name in TABLES),
}


@pytest.fixture(scope="module")
def config(toy_config: Config) -> Config:
    fewer = {
        "population.size": 100,
        "collective.first_movers": 12,
        "corpus.test_size": 60,
        "run.periods": 4,
        "run.seed": 5,
        "measure.success_target": 0.6,
    }
    return build(toy_config.model_dump(mode="json"), fewer)


@pytest.fixture(scope="module")
def folder(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three replicates, run in this process: look, do not touch."""
    return finished(Replicates(config, 3, tmp_path_factory.mktemp("runs")), 0)


@pytest.fixture(scope="module")
def three(folder: Path) -> ReplicatesFolder:
    return load_replicates(folder)


def finished(study: Replicates, workers: int) -> Path:
    outcomes = dict(study.run(workers))
    assert not [o.reason for o in outcomes.values() if o.failed]
    path = study.save(["gigsim", "run", "toy", "--replicates", "3"])
    assert path is not None
    return path


def contents(path: Path) -> dict[str, str]:
    apart = {"timings.parquet", "provenance.json"}
    return {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest()
        for f in path.iterdir()
        if f.name not in apart
    }


def test_what_is_in_it(folder: Path, config: Config) -> None:
    assert {f.name for f in folder.iterdir()} == FILES
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-toy-{digest(config)}-x3", folder.name)
    assert [f.name for f in folder.parent.iterdir()] == [folder.name], "nothing waits beside it"
    for name in TABLES:
        path = folder / f"{name}.parquet"
        assert pq.read_schema(path).metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
        assert list(pd.read_parquet(path).columns[:2]) == ["replicate", "seed"]
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["seeds"] == [5, 6, 7]
    assert provenance["command"][-1] == "3"


def test_replicate_r_is_the_run_of_seed_plus_r(three: ReplicatesFolder, config: Config) -> None:
    assert three.config == config
    for r in range(3):
        model = GigEconomy(config, rng=5 + r)
        model.run()
        for name, table in tables_of(model).items():
            if name == "freelancers":
                continue
            ours = getattr(three, name)
            mine = ours[ours["replicate"] == r].reset_index(drop=True)
            assert (mine["seed"] == 5 + r).all()
            pd.testing.assert_frame_equal(mine.iloc[:, 2:], table, check_dtype=False)
        row, summary = three.runs.iloc[r], summarise_run(model)
        assert (row["replicate"], row["seed"]) == (r, 5 + r)
        for name in ("tipped", "grown", "periods", "clean_rate"):
            assert row[name] == summary[name]
        assert row["alpha"] == summary["final"]["alpha"]
        tipped = None if pd.isna(row["tipping_period"]) else row["tipping_period"]
        assert tipped == summary["tipping_period"]


def test_worker_processes_change_no_bit(config: Config, folder: Path, tmp_path: Path) -> None:
    assert contents(finished(Replicates(config, 3, tmp_path), 2)) == contents(folder)


def test_the_summary_is_of_the_rows(three: ReplicatesFolder) -> None:
    found, runs = three.summary, three.runs
    json.dumps(found, allow_nan=False)
    assert (found["replicates"], found["replicates_done"], found["complete"]) == (3, 3, True)
    assert found["tipped"]["count"] == runs["tipped"].sum()
    values = found["tipping_period"]["values"]
    assert len(values) == 3
    assert found["tipping_period"]["never"] == (~runs["tipped"]).sum() == values.count(None)
    for name in ("alpha", "success_top1", "free_riders"):
        band = found["final"][name]
        assert band["mean"] == pytest.approx(runs[name].mean())
        assert band["mean_se"] == pytest.approx(runs[name].std() / np.sqrt(3))
        assert band["low"] <= band["median"] <= band["high"]


def test_one_replicate_has_no_standard_error(config: Config, tmp_path: Path) -> None:
    study = Replicates(config, 1, tmp_path)
    found = load_replicates(finished(study, 0))
    assert found.summary["final"]["alpha"]["mean_se"] is None
    assert found.summary["tipped"]["of"] == 1


def test_a_replicate_that_fails_is_reported_and_the_others_are_written(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = GigEconomy.step

    def step(self: GigEconomy) -> None:
        if self.config.run.seed == 6:
            raise ZeroDivisionError("planted")
        honest(self)

    monkeypatch.setattr(GigEconomy, "step", step)
    study = Replicates(config, 3, tmp_path)
    outcomes = dict(study.run(0))
    assert [outcomes[r].failed for r in range(3)] == [False, True, False]
    assert "ZeroDivisionError: planted" in str(outcomes[1].bug)
    path = study.save()
    assert path is not None
    found = load_replicates(path)
    assert found.summary["complete"] is False
    assert found.summary["replicates_done"] == 2
    assert found.summary["failed"] == [
        {"replicate": 1, "seed": 6, "why": "ZeroDivisionError: planted"}
    ]
    assert found.runs["replicate"].tolist() == [0, 2]
    assert found.runs["seed"].tolist() == [5, 7]


def test_what_is_refused_before_it_begins_is_refused_for_all(
    config: Config, tmp_path: Path
) -> None:
    wrong = build(config.model_dump(mode="json"), {"collective.target": "Plumber"})
    study = Replicates(wrong, 3, tmp_path / "runs")
    with pytest.raises(InputError, match="no label 'Plumber'"):
        dict(study.run(0))
    assert study.outcomes == {}
    assert study.save() is None
    assert list(tmp_path.iterdir()) == []


def test_bad_input_later_is_that_replicates_own(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(self: GigEconomy) -> None:
        raise InputError("the learner", "has not converged", "more iterations")

    monkeypatch.setattr(GigEconomy, "step", step)
    study = Replicates(config, 2, tmp_path)
    outcomes = dict(study.run(0))
    assert all(isinstance(outcomes[r].refused, InputError) for r in range(2))
    assert study.save() is None


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt])
def test_what_is_finished_outlives_the_writing(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    study = Replicates(config, 2, tmp_path)
    dict(study.run(0))

    def fail(*_: object) -> None:
        raise kind("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(gigsim.replicates, "replicates_overview", fail)
        with pytest.raises(kind):
            study.save()
    assert [p.name for p in tmp_path.iterdir()] == [study.waiting.name]
    assert study.done == [0, 1]
    assert study.save() is not None
    assert not study.waiting.exists()


def test_a_folder_of_one_kind_is_not_read_as_the_other(
    folder: Path, toy_run: GigEconomy, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="holds replicates, not one run"):
        load_run(folder)
    single = gigsim.runs.save_run(toy_run, tmp_path)
    with pytest.raises(InputError, match=r"runs\.parquet"):
        load_replicates(single)
    with pytest.raises(InputError, match="no such folder"):
        load_replicates(tmp_path / "nowhere")
    damaged = Path(shutil.copytree(folder, tmp_path / "damaged"))
    (damaged / "theory.parquet").unlink()
    with pytest.raises(InputError, match=r"theory\.parquet"):
        load_replicates(damaged)


def test_fewer_than_one_is_refused(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1 replicate"):
        Replicates(config, 0, tmp_path)


def draw(three: ReplicatesFolder, **tables: Any) -> Figure:
    shown = {name: tables.get(name, getattr(three, name)) for name in (*TABLES[:4], "runs")}
    summary = summarise_replicates(three.config, len(shown["runs"]), shown["runs"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = replicates_overview(
            three.config,
            summary,
            shown["periods"],
            shown["retrainings"],
            shown["theory"],
            shown["runs"],
        )
        figure.canvas.draw()
    return figure


def many(three: ReplicatesFolder, count: int, change: Callable[..., Any]) -> dict[str, Any]:
    """As many replicates as wanted, made of the first; ``change(name, table, r)`` alters them."""
    tables = {}
    for name in ("periods", "retrainings", "theory", "runs"):
        first = getattr(three, name).query("replicate == 0")
        parts = [change(name, first.assign(replicate=r, seed=5 + r), r) for r in range(count)]
        tables[name] = pd.concat(parts, ignore_index=True)
    return tables


def same(_: str, table: pd.DataFrame, __: int) -> pd.DataFrame:
    return table


def test_the_title_says_the_share_that_tipped_and_its_interval(three: ReplicatesFolder) -> None:
    tipped = three.summary["tipped"]
    title = draw(three).get_suptitle()
    assert f"{tipped['count']} of 3 runs tipped" in title
    assert f"{100 * tipped['low']:.0f}–{100 * tipped['high']:.0f} %" in title


def test_single_runs_are_drawn_while_they_are_few(three: ReplicatesFolder) -> None:
    few, crowd = (draw(three, **many(three, n, same)) for n in (20, 21))
    thin = [
        sum(line.get_linewidth() == 0.6 for line in f.axes[0].get_lines()) for f in (few, crowd)
    ]
    assert thin == [21, 0], "with the one in the legend"


def test_bands_are_pointwise_quantiles(three: ReplicatesFolder) -> None:
    def spread(name: str, table: pd.DataFrame, r: int) -> pd.DataFrame:
        return table.assign(alpha=r / 40) if name == "periods" else table

    axes = draw(three, **many(three, 41, spread)).axes[0]
    heights = []
    for band in axes.collections[:2]:
        y = band.get_paths()[0].vertices[:, 1]
        heights += [y.min(), y.max()]
    assert heights == pytest.approx([0.025, 0.975, 0.25, 0.75])
    (median,) = [line for line in axes.get_lines() if line.get_label() == "median"]
    assert np.allclose(median.get_ydata(), 0.5)


def test_runs_that_ended_earlier_stay_where_they_were(three: ReplicatesFolder) -> None:
    def shorter(name: str, table: pd.DataFrame, r: int) -> pd.DataFrame:
        if name != "periods":
            return table
        return table.assign(alpha=float(r)).iloc[: 3 if r else None]

    axes = draw(three, **many(three, 3, shorter)).axes[0]
    (median,) = [line for line in axes.get_lines() if str(line.get_label()).startswith("median")]
    assert "stay where they were" in str(median.get_label())
    assert list(median.get_ydata()) == [1.0] * 5


@pytest.mark.parametrize("never", [0, 2, 7])
def test_who_never_tipped_is_on_the_panel(three: ReplicatesFolder, never: int) -> None:
    def tipped(name: str, table: pd.DataFrame, r: int) -> pd.DataFrame:
        if name != "runs":
            return table
        period = pd.array([None if r < never else 4], dtype="Int64")
        return table.assign(tipped=r >= never, tipping_period=period)

    (axes,) = [
        axes
        for axes in draw(three, **many(three, 7, tipped)).axes
        if "When they tipped" in axes.get_title(loc="left")
    ]
    assert f"({7 - never} of 7)" in axes.get_title(loc="left")
    assert axes.get_xticklabels()[-1].get_text() == "never"
    heights = [patch.get_height() for patch in axes.patches]
    assert heights[-1] == never
    assert sum(heights) == 7
    at = [p.get_x() + p.get_width() / 2 for p in axes.patches[:-1] if p.get_height()]
    assert at == ([] if never == 7 else [pytest.approx(4)])
    shown = [line for line in axes.get_lines() if "median" in str(line.get_label())]
    assert len(shown) == (1 if never < 4 else 0)


def test_the_last_retraining_has_a_width(three: ReplicatesFolder) -> None:
    """S of the last period holds for all of it."""
    axes = draw(three).axes[1]
    last = three.periods["period"].max()
    (median,) = [line for line in axes.get_lines() if line.get_label() == "median"]
    assert list(median.get_xdata()) == [*range(last + 1), last + 1]
    assert median.get_ydata()[-1] == median.get_ydata()[-2]
    assert axes.collections[0].get_paths()[0].vertices[:, 0].max() == last + 1


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        (range(3, 25, 3), [3, 6, 9, 12, 15, 18, 21, 24]),
        (range(3, 28, 3), [6, 12, 18, 24]),
        (range(1, 41), [5, 10, 15, 20, 25, 30, 35, 40]),
        ([3, 6, 7, 8, 9], [3, 6, 7, 8, 9]),
    ],
)
def test_the_labels_of_tipping_periods_are_retrainings(
    three: ReplicatesFolder, periods: Iterable[int], expected: list[int]
) -> None:
    one = three.retrainings.query("replicate == 0").iloc[[0]]
    rows = pd.concat([one.assign(period=period) for period in (0, *periods)], ignore_index=True)
    (axes,) = [
        axes
        for axes in draw(three, retrainings=rows).axes
        if "When they tipped" in axes.get_title(loc="left")
    ]
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert shown == [*map(str, expected), "never"]
    assert list(axes.get_xticks()[:-1]) == expected


def test_changes_in_time_are_marked(three: ReplicatesFolder) -> None:
    changed = build(
        three.config.model_dump(mode="json"),
        {"at": [{"period": 2, "set": {"collective.first_movers": 20}}]},
    )
    alpha, success, *others = draw(replace(three, config=changed)).axes
    for axes in (alpha, success):
        assert [t.get_text() for t in axes.get_legend().get_texts()].count("config changes") == 1
    assert "12, then 20 first movers" in [text.get_text() for text in alpha.texts]
    for axes in others:
        shown = axes.get_legend()
        assert shown is None or "config changes" not in [t.get_text() for t in shown.get_texts()]


def test_a_failed_outcome_has_a_reason() -> None:
    assert Outcome(died="its process died").failed
    assert Outcome(died="its process died").reason == "its process died"
    assert not Outcome(value=None).failed
    assert Outcome().reason == ""
