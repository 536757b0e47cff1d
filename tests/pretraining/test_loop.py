"""The pretraining loop: it learns, it is a function of its seed, and it can be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from gigsim.errors import InputError
from gigsim.pretraining.loop import train
from gigsim.pretraining.material import Material, prepare
from gigsim.pretraining.quality import guesses
from gigsim.streams import Streams
from tests.pretraining.toys import paired, small


@pytest.fixture(scope="module")
def material() -> Material:
    return prepare(paired(), small())


def trained(material: Material, path: Path, **fields: Any) -> Any:
    recipe = small(**fields)
    return train(
        material.windows.ids, len(material.pieces.entries), recipe, path, digest="d", every=0.0
    )


def weights(network: Any) -> dict[str, torch.Tensor]:
    return dict(network.state_dict())


def same(one: Any, other: Any) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_it_learns_what_follows_what(material: Material, tmp_path: Path) -> None:
    network, progress = trained(material, tmp_path / "c", steps=200, warmup=20)
    size = len(material.pieces.entries)
    got = guesses(network, material.windows.ids, share=0.15, size=size, streams=Streams(1))
    # Of each pair, one tells the other; a guess by frequency alone is right in one of ten.
    assert got.right > 0.4
    assert progress.losses[-1][1] < progress.losses[0][1]


def test_the_same_seed_gives_the_same_bits(material: Material, tmp_path: Path) -> None:
    one, _ = trained(material, tmp_path / "a")
    torch.rand(3, generator=torch.Generator())
    two, _ = trained(material, tmp_path / "b")
    other, _ = trained(material, tmp_path / "c", seed=1)
    assert same(one, two)
    assert not same(one, other)


def test_killed_and_taken_up_again_it_ends_the_same(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gigsim.pretraining.loop._REPORT", 7)
    whole, _ = trained(material, tmp_path / "whole")
    said: list[str] = []

    class KilledError(Exception):
        pass

    def tell(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            raise KilledError

    arguments = (material.windows.ids, len(material.pieces.entries), small(), tmp_path / "part")
    with pytest.raises(KilledError):
        train(*arguments, digest="d", tell=tell, every=0.0)
    resumed, progress = train(*arguments, digest="d", tell=said.append, every=0.0)
    assert said[3].startswith("step 21 of 40"), "two reports were saved before the third"
    assert same(whole, resumed)
    assert [step for step, _ in progress.losses] == [7, 14, 21, 28, 35, 40]


def test_a_longer_end_is_as_if_asked_for_at_once(material: Material, tmp_path: Path) -> None:
    fields = {"cooldown": 0.5}
    whole, _ = trained(material, tmp_path / "whole", steps=40, **fields)
    # All 15 steps are before the rate falls: the checkpoint says nothing on the end.
    trained(material, tmp_path / "part", steps=15, cooldown=0.0)
    longer, _ = trained(material, tmp_path / "part", steps=40, **fields)
    assert same(whole, longer)


def test_a_finished_one_is_not_trained_on(material: Material, tmp_path: Path) -> None:
    trained(material, tmp_path / "part", steps=40)
    with pytest.raises(InputError, match="not on its way to 60"):
        trained(material, tmp_path / "part", steps=60)


@pytest.mark.parametrize("damage", ["digest", "bytes", "shape"])
def test_foreign_or_damaged_checkpoints_are_refused(
    material: Material, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "c"
    trained(material, path, steps=2)
    digest = "other" if damage == "digest" else "d"
    recipe = small(width=32 if damage == "shape" else 64)
    if damage == "bytes":
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=str(path)):
        train(material.windows.ids, len(material.pieces.entries), recipe, path, digest=digest)


def test_divergence_is_an_input_error(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gigsim.pretraining.loop.masked_loss",
        lambda network, _: network.cls.predictions.bias.sum() * torch.inf,
    )
    with pytest.raises(InputError, match="diverged at step 0"):
        trained(material, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_fewer_windows_than_a_batch_are_refused(material: Material, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="batch_size"):
        trained(material, tmp_path / "c", batch_size=4000)
