"""Known answers of planting: bounds, critical masses, the ε that the slides get wrong (V1-V14)."""

from __future__ import annotations

import numpy as np

from gigsim.theory.feature_only import (
    feature_only_critical_mass,
    feature_only_foot,
    randomised_floor,
)
from gigsim.theory.planting import critical_mass, feature_label_bound, foot
from gigsim.theory.worlds import Worlds, random_worlds
from gigsim.validation.known import Known, Obtained, compared, counted


def _nominal() -> Obtained:
    masses = critical_mass([0.5, 0.9], xi=0.001, gap=1.0)
    return compared(
        {
            "foot": (float(foot(xi=0.001, gap=1.0)), "0.000999"),
            "α*(0.5)": (float(masses[0]), "0.001996"),
            "α*(0.9)": (float(masses[1]), "0.009901"),
        }
    )


def _one_percent() -> Obtained:
    masses = critical_mass([0.5, 0.9, 0.99], xi=0.02, gap=0.5)
    printed = ("0.019608", "0.090909", "0.5")
    return compared(
        {
            f"α*({goal})": (float(mass), digits)
            for goal, mass, digits in zip((0.5, 0.9, 0.99), masses, printed, strict=True)
        }
    )


def _feature_only() -> Obtained:
    return compared(
        {
            "foot": (float(feature_only_foot(p=0.05, xi=1e-4)), "0.0019"),
            "α*(0.9)": (float(feature_only_critical_mass(0.9, p=0.05, xi=1e-4)), "0.019"),
        }
    )


def slides_world() -> Worlds:
    """The world of V10: nobody carries the signal before, and α = 0.1 plant it."""
    base = np.zeros((1, 3, 2))
    base[0, 0] = [0.1, 0.5]
    base[0, 1] = [0.2, 0.2]
    return Worlds(base, np.eye(2, dtype=np.bool_), np.array([[2, 2, 2]]), np.array([0]))


def _slides() -> Obtained:
    world, share, epsilon = slides_world(), 0.1, 0.05
    worst = float(world.worst_case_success(share, epsilon, "joint_tv")[0])

    def bound(closeness: str) -> float:
        return float(
            feature_label_bound(
                share,
                xi=world.xi[0],
                gap=world.gap()[0],
                epsilon=epsilon,
                closeness=closeness,  # type: ignore[arg-type]
            )
        )

    return compared(
        {
            "worst-case S": (worst, "0.000"),
            "slides' bound": (bound("slides"), "0.947"),
            "corrected bound 1 − 2ε/α": (bound("joint_tv"), "0.000"),
        }
    )


def _contamination() -> Obtained:
    worlds = random_worlds(np.random.default_rng(11), 500, xi=0.0)
    shares = np.array([1e-6, 0.001, 0.1, 1.0])[:, None]
    worst = np.stack(
        [
            worlds.worst_case_success(shares, epsilon, "conditional_contamination")
            for epsilon in (0.05, 0.25, 0.49)
        ]
    )
    below = int((worst < 1 - 1e-9).sum())
    return counted(below, worst.size, "worst cases under S = 1", "α from 10⁻⁶ to 1, ε up to 0.49")


def _label_noise() -> Obtained:
    noise = np.array([0.01, 0.05, 0.1, 0.2, 0.3])
    floors = randomised_floor(0.0, noise, 10)
    printed = ("999", "199", "99", "49", "32.33")
    scales = compared(
        {
            f"ρ = {rho:g}": (float((1 - p) / p), digits)
            for rho, p, digits in zip(noise, floors, printed, strict=True)
        }
    )
    grid = randomised_floor(0.0, np.linspace(0.001, 1, 1000), 10)
    masses = feature_only_critical_mass(0.9, p=grid, xi=1e-4)
    falls = bool(np.all(np.diff(masses) < 0))
    said = "falls" if falls else "DOES NOT FALL"
    return Obtained(f"{scales.text}; α*(0.9) {said} on 1,000 ρ", bool(scales.passed) and falls)


KNOWN = (
    Known(
        "V1",
        "Theorem 1, Δ = 1, ξ = 0.001: foot and critical masses",
        "foot 0.000999; α*(0.5) = 0.001996; α*(0.9) = 0.009901",
        "Hardt et al. 2023, Theorem 1 and Corollary 2",
        _nominal,
    ),
    Known(
        "V2",
        "Theorem 1, κ = Δξ = 0.01: critical masses",
        "α*(0.5) = 0.019608; α*(0.9) = 0.090909; α*(0.99) = 0.5",
        "Hardt et al. 2023, Corollary 2",
        _one_percent,
    ),
    Known(
        "V3",
        "Theorem 3, p = 0.05, ξ = 10⁻⁴: foot and critical mass",
        "foot 0.0019; α*(0.9) = 0.019",
        "Hardt et al. 2023, Theorem 3",
        _feature_only,
    ),
    Known(
        "V10",
        "the slides' ε-term: α = 0.1, ξ = 0, joint TV ε = 0.05",
        "worst-case S = 0; the slides' bound 0.947; corrected bound 1 − 2ε/α = 0",
        "derived",
        _slides,
    ),
    Known(
        "V11",
        "contamination at each x with ε < ½ and ξ = 0",
        "S = 1 for every α > 0",
        "derived",
        _contamination,
    ),
    Known(
        "V14",
        "a share ρ of the labels redrawn among K = 10, p = ρ/10: (1−p)/p, and the critical mass",
        "999, 199, 99, 49, 32.33 at ρ = 0.01, 0.05, 0.1, 0.2, 0.3; the critical mass falls in ρ",
        "Hardt et al. 2023, slides; derived",
        _label_noise,
    ),
)
