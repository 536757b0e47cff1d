"""Known answers on who takes part can fail: a simulation of something slightly else is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gigsim.society.joining import logit_rule
from gigsim.society.pivotal import by_difference_made
from gigsim.society.reinforcement import reinforced
from gigsim.theory.participation.curves import BoundCurve
from gigsim.validation import (
    known_cascades,
    known_chance,
    known_contagion,
    known_games,
    known_goods,
    known_participation,
    known_startup,
    known_sweeps,
    known_thresholds,
)
from gigsim.validation.contagion_runs import share_rule
from gigsim.validation.society_runs import play


def bound_times(factor: float) -> Callable[[float], Any]:
    return lambda kappa: BoundCurve(factor * kappa).value


def dearer(good: Any, price: Any, this: Any, *, scale: float) -> Any:
    return by_difference_made(good, 1.01 * price, this, scale=scale)


def worth_less(size: int, gain: Any, **arguments: Any) -> Any:
    return play(size, lambda alpha: 0.93 * gain(alpha), **arguments)


def leakier(size: int, gain: Any, *, keys: Any, **arguments: Any) -> Any:
    leak = 1.05 * keys["collective.leak"]
    return play(size, gain, keys=keys | {"collective.leak": leak}, **arguments)


def less_sure(difference: Any, precision: float, luck: Any) -> Any:
    return logit_rule(difference, 0.95 * precision, luck)


def slower(propensity: Any, member: Any, satisfaction: Any, rate: float) -> Any:
    return reinforced(propensity, member, satisfaction, 0.9 * rate)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "part", "instead"),
    [
        (known_participation, "V26", "bound", bound_times(1.01)),
        (known_participation, "V27", "bound", bound_times(0.99)),
        (known_participation, "V28", "bound", bound_times(1.2)),
        (known_participation, "V29", "bound", bound_times(1.01)),
        (known_participation, "P1", "bound", bound_times(1.01)),
        (known_goods, "P10", "bound", bound_times(1.01)),
        (known_goods, "P11", "bound", bound_times(100.0)),
        (known_games, "P12", "_STRENGTH", -5.0),
        (known_startup, "P14", "bound", bound_times(1.01)),
        (known_startup, "P15", "by_difference_made", dearer),
        (known_startup, "P16", "bound", bound_times(1.01)),
        (known_sweeps, "P17", "bound", bound_times(1.2)),
        (known_sweeps, "P17", "play", leakier),
        (known_sweeps, "P18", "play", worth_less),
        (known_chance, "P19", "logit_rule", less_sure),
        (known_chance, "P20", "reinforced", slower),
        (known_cascades, "V34", "share_rule", lambda net, phi: share_rule(net, phi + 0.08)),
        (known_cascades, "P6", "share_rule", lambda net, phi: share_rule(net, phi + 0.03)),
        (known_contagion, "V37", "share_rule", lambda net, q: share_rule(net, np.nextafter(q, 1))),
    ],
    ids=lambda part: part if isinstance(part, str) and part[0] in "VP" else "",
)
def test_it_notices(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, part: str, instead: Any
) -> None:
    (known,) = (known for known in module.KNOWN if known.name == name)
    monkeypatch.setattr(module, part, instead)
    found = known.check()
    assert found.fails, found.text
    assert "NOT AS EXPECTED" in found.text


def test_thresholds_are_counted_as_the_simulation_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = known_thresholds.play
    monkeypatch.setattr(
        known_thresholds,
        "play",
        lambda size, gain, *, traits, **rest: honest(
            size, gain, traits={"threshold": np.nextafter(traits["threshold"], 1)}, **rest
        ),
    )
    (known,) = (known for known in known_thresholds.KNOWN if known.name == "V31")
    assert known.check().fails
