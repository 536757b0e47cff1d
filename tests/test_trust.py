"""Import paths in a config are honoured for those alone who say so, wherever it is run from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest

import gigsim
from gigsim.app.controls import controls
from gigsim.app.live import LiveEconomy, Settings
from gigsim.checkpoint import load_checkpoint, save_checkpoint
from gigsim.config import Config, build
from gigsim.errors import InputError
from gigsim.experiments.study import load_study
from gigsim.inputs import files_of
from gigsim.learners.protocol import make_learner, make_reader
from gigsim.learners.recipes import OwnRecipe
from gigsim.model import GigEconomy
from gigsim.replicates import Replicates
from gigsim.results.verify import verify
from gigsim.runs import save_run
from gigsim.trust import Trusting, import_paths, require, trusting
from tests.own_modules import QUICK, Write, imported

Own = Callable[..., Config]
REFUSED = r"^platform.learner.path: 'own_\d+:Rates' names code, which .*--trust \(in Python: trust="


@pytest.fixture
def own(toy_config: Config, write_module: Write) -> Own:
    """A toy world with a learner of one's own: 100 people, six periods, a second."""

    def make(kind: str = "Rates", **overrides: Any) -> Config:
        learner = {"kind": "own", "path": f"{write_module()}:{kind}"}
        values = {
            "population.size": 100,
            "collective.first_movers": 12,
            "corpus.test_size": 60,
            "platform.learner": learner,
        }
        return build(toy_config.model_dump(mode="json"), values | overrides)

    return make


class TestRefused:
    """Whoever does not say so is told what to say, and nothing is imported."""

    def test_by_a_model(self, own: Own, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=REFUSED):
            GigEconomy(own())
        assert not imported(tmp_path)

    def test_by_dotted_keys(self, write_module: Write, tmp_path: Path) -> None:
        values: dict[str, Any] = {"kind": "own", "path": f"{write_module()}:Rates"}
        values = {"platform.learner": values}
        with pytest.raises(InputError, match=REFUSED):
            GigEconomy(**values)
        assert not imported(tmp_path)

    def test_where_it_would_be_imported(self, own: Own, tmp_path: Path) -> None:
        """The second lock: an entry that forgets to ask imports nothing."""
        recipe = own().platform.learner
        assert isinstance(recipe, OwnRecipe)
        for make in (make_learner, make_reader):
            with pytest.raises(InputError, match=REFUSED):
                make(recipe, labels=3)
            with trusting(True), trusting(False), pytest.raises(InputError, match=REFUSED):
                make(recipe, labels=3)
        assert not imported(tmp_path)
        with trusting(True):
            make_learner(recipe, labels=3)
        assert imported(tmp_path)
        with pytest.raises(InputError, match=REFUSED):
            make_learner(recipe, labels=3)

    def test_by_replicates_and_studies(self, own: Own, tmp_path: Path) -> None:
        config = own()
        with pytest.raises(InputError, match=REFUSED):
            Replicates(config, 2, tmp_path / "runs")
        study = {"name": "mine", "config": config}
        with pytest.raises(InputError, match=REFUSED):
            gigsim.sweep(study, out=tmp_path / "runs", workers=0)
        # Where only one of many cases has it.
        learners = [{"kind": "linear"}, {"kind": "own", "path": "never_made:Rates"}]
        study |= {"config": build(config.model_dump(), {"platform.learner": {"kind": "bayes"}})}
        study |= {"design": {"kind": "grid", "values": {"platform.learner": learners}}}
        with pytest.raises(InputError, match=r"platform.learner.path: 'never_made:Rates' names"):
            gigsim.sweep(study, out=tmp_path / "runs", workers=0)
        assert not imported(tmp_path)
        assert not (tmp_path / "runs").exists()

    def test_by_a_page(self, own: Own, tmp_path: Path) -> None:
        live = LiveEconomy(Settings(own()))
        assert "names code" in live.problem
        assert live.economy is None
        assert not imported(tmp_path)
        (control,) = controls(Config(), ["platform.learner.kind"])
        assert "linear" in control.choices
        assert "own" not in control.choices

    def test_a_config_without_import_paths_is_nobodys_business(self, toy_config: Config) -> None:
        assert import_paths(toy_config) == {}
        require([toy_config], trust=False)


class TestTrusted:
    """The loop with a learner of one's own, and what becomes of its results."""

    def test_it_learns_the_signal(self, own: Own) -> None:
        most = {"collective.first_movers": 40}
        model = GigEconomy(own(**most), trust=True)
        periods = model.run()
        last = periods.iloc[-1]
        assert len(periods) == 7
        assert model.stage.learner.name == "Rates"  # type: ignore[union-attr]
        # By more than any count of 60 resumes would by chance: members planted it.
        assert last["success_any"] > last["base_any"] + 0.25
        again = GigEconomy(own("Kept", **most), trust=True).run()
        pd.testing.assert_frame_equal(again, periods)

    def test_scikit_learn_in_the_example(
        self, toy_config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Naive Bayes as scikit-learn computes it, on what the platform was handed in."""
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.naive_bayes import MultinomialNB

        monkeypatch.syspath_prepend(Path(__file__).parent.parent / "examples")
        path = "own_learner:NaiveBayes"
        learner = {"kind": "own", "path": path, "settings": {"alpha": 0.3}}
        overrides: dict[str, Any] = {"platform.learner": learner, "corpus.test_size": 60}
        model = GigEconomy(toy_config, trust=True, **overrides)
        model.run(2)
        job = model.platform.training(model.platform.submissions, 1, None, model.stage.tests)  # type: ignore[union-attr]
        counts = [rows.arrays() for rows in (job.rows, *job.evaluate)]
        shown, planted = (_matrix(arrays) for arrays in counts[:2])
        plain = OneVsRestClassifier(MultinomialNB(alpha=0.3)).fit(shown, job.labels)
        fitted = job.learner.fit(job.rows, job.labels, 1)
        np.testing.assert_array_equal(
            fitted.probabilities(job.evaluate[0]), plain.predict_proba(planted).astype(np.float32)
        )

    def test_the_other_example_goes_on_from_its_weights(
        self, toy_config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.syspath_prepend(Path(__file__).parent.parent / "examples")
        learner = {"kind": "own", "path": "own_learner:Descent"}
        overrides: dict[str, Any] = {"platform.learner": learner, "platform.retrain": "warm"}
        overrides |= {"corpus.test_size": 60, "run.periods": 2, "population.size": 100}
        overrides |= {"collective.first_movers": 12, "collective.strategy": "erasure"}
        model = GigEconomy(toy_config, trust=True, **overrides)
        model.run()
        assert model.evaluation.values["accuracy"] > 0.5
        assert model.collective.opinions is not None

    @pytest.mark.parametrize(
        ("overrides", "said"),
        [
            ({"platform.retrain": "warm"}, 'platform.retrain: "warm", and .* define fit_from'),
            (
                {"at": [{"period": 3, "set": {"platform.retrain": "warm"}}]},
                'platform.retrain: "warm", and .* define fit_from',
            ),
            ({"collective.strategy": "erasure"}, "cannot put down a classifier.*define state"),
            (
                {"collective.strategy": "unplanting", "collective.adaptive": True},
                "cannot put down a classifier.*define state",
            ),
        ],
    )
    def test_without_a_state(self, own: Own, overrides: dict[str, Any], said: str) -> None:
        """What needs one is refused before anything is trained; with one it runs."""
        with pytest.raises(InputError, match=said):
            GigEconomy(own(**overrides), trust=True)
        GigEconomy(own("Kept", **overrides), trust=True).step()

    @pytest.mark.parametrize("overrides", [{}, {"platform.retrain": "warm"}], ids=["", "warm"])
    def test_a_checkpoint(self, own: Own, tmp_path: Path, overrides: dict[str, Any]) -> None:
        """Goes on to the same bits, with or without arrays of the classifier; not untrusted."""
        config = own("Kept" if overrides else "Rates", **overrides)
        model = GigEconomy(config, trust=True)
        for _ in range(3):
            model.step()
        save_checkpoint(model, tmp_path / "a.checkpoint")
        expected = model.run(3)
        with pytest.raises(InputError, match="names code, which would be imported"):
            gigsim.restore(tmp_path / "a.checkpoint")
        again = gigsim.restore(tmp_path / "a.checkpoint", trust=True)
        pd.testing.assert_frame_equal(again.run(3), expected)
        (file,) = [name for name, key in files_of(config).items() if "learner" in key]
        Path(file).write_text(QUICK + "\n# changed\n")
        with pytest.raises(InputError, match=f"{file}: not the file that the run of"):
            load_checkpoint(tmp_path / "a.checkpoint").restore(trust=True)

    def test_where_it_came_from_is_recorded(self, own: Own, tmp_path: Path) -> None:
        config = own(**{"run.periods": 0})
        folder = save_run(GigEconomy(config, trust=True), tmp_path / "runs")
        (path,) = import_paths(config).values()
        expected = {
            "path": path,
            "file": f"{path.partition(':')[0]}.py",
            "sha256": hashlib.sha256(QUICK.encode()).hexdigest(),
        }
        made = json.loads((folder / "provenance.json").read_text())
        assert made["imported"] == [expected]
        with pytest.raises(InputError, match="never imported by gigsim runs verify"):
            verify(folder)

    @pytest.mark.slow
    def test_replicates(self, own: Own, tmp_path: Path) -> None:
        config = own(**{"run.periods": 2})
        many = Replicates(config, 2, tmp_path / "runs", trust=True)
        assert [number for number, _ in many.run(0)] == [0, 1]
        folder = many.save()
        assert folder is not None
        (made,) = json.loads((folder / "provenance.json").read_text())["imported"]
        assert [made["path"]] == [*import_paths(config).values()]
        with pytest.raises(InputError, match="never imported by gigsim runs verify"):
            verify(folder)

    def test_batch_run(self, own: Own) -> None:
        learner = own().platform.learner
        rows = mesa.batch_run(
            GigEconomy,
            {
                "trust": True,
                "platform.learner": [learner],
                "population.size": 60,
                "corpus.test_size": 40,
            },
            max_steps=1,
            display_progress=False,
        )
        assert [row["period"] for row in rows] == [1]


class TestStudies:
    """Cases with learners of one's own beside others."""

    def study(self, own: Own, **changes: Any) -> dict[str, Any]:
        design = {"kind": "grid", "values": {"platform.learner.settings.smoothing": [0.5, 1.0]}}
        config = own(**{"run.periods": 2})
        return {"name": "mine", "config": config, "record": ["periods"], "design": design} | changes

    def test_settings_are_varied(self, own: Own, tmp_path: Path) -> None:
        study = self.study(own)
        folder = gigsim.sweep(study, out=tmp_path / "runs", workers=0, trust=True)
        runs = gigsim.load_runs(folder).runs
        assert list(runs["platform.learner.settings.smoothing"]) == [0.5, 1.0]
        made = json.loads((folder / "provenance.json").read_text())
        (path,) = import_paths(study["config"]).values()
        assert [one["path"] for one in made["imported"]] == [path]
        inputs = json.loads((folder / "inputs.json").read_text())["files"]
        assert f"{path.partition(':')[0]}.py" in inputs
        # To look at what there is takes no trust, to verify it none helps.
        with pytest.raises(InputError, match="never imported by gigsim runs verify"):
            verify(folder)
        with pytest.raises(InputError, match=REFUSED):
            gigsim.sweep(resume=folder, workers=0)
        assert gigsim.sweep(resume=folder, workers=0, trust=True) == folder

    def test_others_are_verified(self, own: Own, tmp_path: Path) -> None:
        config = own(**{"run.periods": 0})
        learners = [config.platform.learner.model_dump(), {"kind": "linear"}]
        design = {"kind": "grid", "values": {"platform.learner": learners}}
        study = {"name": "mixed", "config": config, "design": design}
        folder = gigsim.sweep(study, out=tmp_path / "runs", workers=0, trust=True)
        found = verify(folder)
        assert [verdict.level for verdict in found.verdicts] == ["failed", "values"]
        assert "never imported by gigsim runs verify" in found.verdicts[0].lines[0]

    def test_a_changed_file_is_another_study(self, own: Own, tmp_path: Path) -> None:
        study = self.study(own)
        folder = gigsim.sweep(study, out=tmp_path / "runs", workers=0, trust=True)
        (path,) = import_paths(study["config"]).values()
        file = Path(f"{path.partition(':')[0]}.py")
        file.write_text(QUICK + "\n# changed\n")
        with pytest.raises(InputError, match=f"{file}: the study in .* another content"):
            gigsim.sweep(resume=folder, workers=0, trust=True)

    def test_a_module_that_is_not_there_is_missed_at_once(self, own: Own, tmp_path: Path) -> None:
        config = build(own().model_dump(), {"platform.learner.path": "not.here:Rates"})
        study = {"name": "mine", "config": config}
        with pytest.raises(InputError, match=r"^not.here:Rates: no such file; platform.learner.pa"):
            gigsim.sweep(study, out=tmp_path / "runs", workers=0, trust=True)
        assert not (tmp_path / "runs").exists()

    def test_every_case_with_code_is_among_those_that_tell(self, own: Own) -> None:
        learners = [{"kind": "linear"}, *({"kind": "own", "path": f"m{n}:A"} for n in range(3))]
        values = {"collective.leak": [0.0, 0.1], "platform.learner": learners}
        study = load_study(
            {"name": "mine", "config": own(), "design": {"kind": "grid", "values": values}}
        )
        told = {path for _, c in study.telling() for path in import_paths(c).values()}
        assert told == {"m0:A", "m1:A", "m2:A"}

    @pytest.mark.slow
    def test_in_a_worker(self, own: Own, tmp_path: Path) -> None:
        study = self.study(own)
        folders = [
            gigsim.sweep(study, out=tmp_path / str(workers), workers=workers, trust=True)
            for workers in (0, 1)
        ]
        tables = [gigsim.load_runs(folder).periods.drop(columns="source") for folder in folders]
        pd.testing.assert_frame_equal(*tables)


def test_curves(own: Own, tmp_path: Path) -> None:
    """Refused, measured, and not verified, like runs."""
    config = own()
    asked: dict[str, Any] = {"alphas": [0.4], "seeds": 1, "out": tmp_path / "runs", "workers": 0}
    with pytest.raises(InputError, match=REFUSED):
        gigsim.curve(config, **asked)
    assert not imported(tmp_path)
    assert not (tmp_path / "runs").exists()
    found = gigsim.curve(config, **asked, trust=True)
    clean, planted = (row for _, row in found.rows.sort_values("alpha").iterrows())
    assert clean["learner"] == planted["learner"] == "own"
    assert planted["success_any"] > clean["success_any"] + 0.25
    with pytest.raises(InputError, match=REFUSED):
        gigsim.curve(resume=found.path, workers=0)
    with pytest.raises(InputError, match="never imported by gigsim runs verify"):
        verify(found.path)


def test_a_trusting_task() -> None:
    """A worker begins without trust; its owner hands it over with the task."""
    recipe = OwnRecipe(path="no_such_module:Class")

    def task(labels: int, tell: Callable[[Any], None]) -> None:
        tell(labels)
        make_learner(recipe, labels=labels)

    told: list[Any] = []
    with pytest.raises(InputError, match="there is no module no_such_module"):
        Trusting(task)(3, told.append)
    with pytest.raises(InputError, match="names code"):
        task(3, told.append)
    assert told == [3, 3]


def _matrix(arrays: dict[str, Any]) -> Any:
    from scipy import sparse

    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_array(parts, shape=tuple(arrays["shape"]))
