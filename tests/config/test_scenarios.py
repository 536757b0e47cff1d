"""What ships: every scenario loads, says what to see, and is named as its file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gigsim.config import Config, dumps, load, scenarios
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "gigsim" / "scenarios"
SHIPPED = {
    "default",
    "secret_club",
    "leaky_club",
    "feature_only",
    "early_adopters",
    "sceptics",
    "lagging_platform",
    "paper",
    "assurance",
    "subsidised",
}


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def test_those_that_are_promised_are_there() -> None:
    assert set(scenarios()) >= SHIPPED
    assert list(scenarios()) == sorted(path.stem for path in FOLDER.glob("*.toml"))


def test_the_default_scenario_is_the_default_config() -> None:
    assert load("default") == load() == Config()


@pytest.mark.parametrize("name", scenarios())
class TestEach:
    def test_it_loads_and_is_named_as_its_file(self, name: str) -> None:
        assert load(name).name == name.replace("_", "-")

    def test_dashes_and_underscores_are_alike(self, name: str) -> None:
        assert load(name.replace("_", "-")) == load(name) == load(FOLDER / f"{name}.toml")

    def test_it_begins_with_what_to_see(self, name: str) -> None:
        head = text_of(name).split("\n\n")[0].splitlines()
        assert all(line.startswith("#") for line in head)
        assert len(head) >= 5
        title, sentences = head[0].partition(": ")[::2]
        assert title.removeprefix("# ").lower().replace(" ", "-").removeprefix("the-")
        assert sentences.endswith(".")

    def test_it_is_not_what_the_default_is(self, name: str) -> None:
        table = load(name).model_dump(mode="json")
        default = Config().model_dump(mode="json")
        changed = {key for key in table if table[key] != default[key]} - {"name"}
        assert bool(changed) == (name != "default")

    def test_what_it_says_twice_is_what_it_says(self, name: str) -> None:
        """Every key that is written is in the resolved config with the value written."""
        resolved = tomllib.loads(dumps(load(name)))

        def compare(written: dict[str, object], found: dict[str, object]) -> None:
            for key, value in written.items():
                if isinstance(value, dict):
                    inner = found[key]
                    assert isinstance(inner, dict)
                    compare(value, inner)
                else:
                    assert found[key] == value, key

        compare(tomllib.loads(text_of(name)), resolved)

    def test_it_survives_being_written(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / "again.toml"
        path.write_text(dumps(load(name)), encoding="utf-8")
        assert load(path) == load(name)
