"""``gigsim`` with a surrogate in the platform's place: all output says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from gigsim.checkpoint import save_checkpoint
from gigsim.config import load
from gigsim.model import GigEconomy
from gigsim.runs import save_run
from tests.cli.conftest import Gigsim

#: What must not depend on interruptions.
SAME = (
    *("periods", "retrainings", "collectives", "freelancers", "spot_checks"),
    *("summary.json", "config.toml", "overview.png"),
)


@pytest.fixture
def scenario(tmp_path: Path, toy_language_path: Path) -> Path:
    """A bound for the platform, held against trainings in periods 2 and 5, which is none."""
    table: dict[str, Any] = {
        "name": "checked",
        "population": {"size": 100},
        "society": {"rule": "threshold", "activation": 0.2},
        "collective": {"first_movers": 12},
        "corpus": {"language": str(toy_language_path), "test_size": 60},
        "platform": {"retrain_every": 2, "learner": {"kind": "surrogate", "source": "bound"}},
        "measure": {
            "spot_checks": [2, 5],
            "spot_size": 100,
            "spot_repeats": 2,
            "spot_learner": {"kind": "linear", "tolerance": 1e-3},
        },
        "run": {"periods": 4},
    }
    path = tmp_path / "checked.toml"
    path.write_text(tomli_w.dumps(table))
    return path


def only(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.is_dir())
    return found


@pytest.mark.slow
def test_run_show_and_verify(gigsim: Gigsim, scenario: Path) -> None:
    done = gigsim("run", str(scenario), "-q")
    assert done.code == 0
    assert "the platform is    a bound and no measurement (the least that Theorem 1" in done.out
    assert "spot check, period 2  S " in done.out
    assert "of 100 resumes follow): " in done.out
    assert "own draw of people" not in done.out
    assert "spot checks not reached  period 5" in done.out
    folder = only(Path("runs"))
    shown = gigsim("runs", "show", str(folder))
    lines = [line for line in done.out.splitlines() if "spot check" in line or "platform" in line]
    assert len(lines) == 3
    assert all(line in shown.out.splitlines() for line in lines)
    checks = json.loads(gigsim("runs", "show", str(folder), "--json").out)["spot_checks"]
    assert len(checks["difference"]) == len(checks["difference_se"]) == 1
    assert gigsim("runs", "verify", str(folder)).code == 0
    assert gigsim("runs", "diff", str(folder), str(folder)).code == 0


@pytest.mark.slow
def test_a_curves_one_draw_of_people_is_said_to_be_left_out(
    gigsim: Gigsim, scenario: Path, tmp_path: Path
) -> None:
    curve = tmp_path / "curve.csv"
    curve.write_text(
        "alpha,success_any,success_top1,base_any,base_top1,accuracy\n"
        "0,.1,.1,.1,.1,.9\n.5,.9,.9,.1,.1,.9\n"
    )
    words = ["platform.learner.source=curve", f"platform.learner.curve={curve}"]
    words += ["measure.spot_checks=[2]"]
    done = gigsim("run", str(scenario), "-q", *(word for pair in words for word in ("--set", pair)))
    assert (done.code, done.err) == (0, "")
    assert "%, the luck of the curve's own draw of people not in it) against" in done.out


@pytest.mark.slow
def test_resumed_to_the_same_bytes(gigsim: Gigsim, scenario: Path, tmp_path: Path) -> None:
    """Between the check that is done and the one that is not."""
    model = GigEconomy(load(scenario, {"measure.spot_checks": [2, 4]}))
    (tmp_path / "kept").mkdir()
    model.run(3)
    save_checkpoint(model, tmp_path / "kept" / "a run.checkpoint")
    model.run(1)
    whole = save_run(model, tmp_path / "whole")
    done = gigsim("run", "--resume", str(tmp_path / "kept" / "a run.checkpoint"), "-q")
    assert done.code == 0
    assert done.out.count("spot check, period ") == 2
    again = only(tmp_path / "kept")
    for name in SAME:
        file = name if "." in name else f"{name}.parquet"
        assert (again / file).read_bytes() == (whole / file).read_bytes(), file


@pytest.mark.slow
def test_replicates_and_studies_say_what_stands_there(
    gigsim: Gigsim, scenario: Path, tmp_path: Path
) -> None:
    said = "the platform is    a bound and no measurement: what a theorem promises at least"
    done = gigsim("run", str(scenario), "--replicates", "2", "--workers", "0", "-q")
    assert (done.code, said in done.out) == (0, True)
    assert said in gigsim("runs", "show", str(only(Path("runs")))).out
    study = tmp_path / "study.toml"
    base = {"name": "two", "base": str(scenario), "replicates": 1}
    values = {"platform.learner.source": ["bound", "staircase"]}
    varied = {"design": {"kind": "grid", "values": values}}
    study.write_text(tomli_w.dumps({**base, **varied}))
    refused = gigsim("sweep", str(study), "-q")
    assert refused.code == 2
    assert len(refused.err.strip().splitlines()) == 1
    assert "measure.spot_checks: [2, 5]: a study keeps no table of spot checks" in refused.err
    study.write_text(tomli_w.dumps({**base, **varied, "set": {"measure.spot_checks": []}}))
    assert gigsim("sweep", str(study), "--out", "s", "--no-cache", "--workers", "0").code == 0
    shown = " ".join(gigsim("runs", "show", str(only(Path("s")))).out.split())
    assert "at least; or an exact staircase and no measurement" in shown
