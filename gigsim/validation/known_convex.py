"""Known answers of platforms that minimise a risk or follow its gradient (V19-V23)."""

from __future__ import annotations

import numpy as np

from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import contraction, control_gradient, distance_after
from gigsim.theory.label_rules import linear_label
from gigsim.theory.performative import level_rate, stable_mean
from gigsim.theory.risk_minimizer import cancelling_share, critical_mass_convex, distance_bound
from gigsim.validation.experiments_statistics import difference
from gigsim.validation.known import Known, Obtained, compared

_EXACT = 1e-10
#: For V20, whose tolerance is stated.
_COPY = 1e-12


def _mean_estimation() -> Obtained:
    goal, base, limit = 1.0, 0.0, 10.0
    critical = float(critical_mass_convex(abs(goal - base), abs(goal - limit)))
    reached = (1 - critical) * base + critical * limit
    return compared(
        {"α_c": (critical, "0.1"), "mean at α_c": (reached, "1.000000000000")},
        "members report 10",
    )


def _least_squares(features: Floats, labels: Floats, weights: Floats) -> Floats:
    """The weighted least-squares coefficients."""
    root = np.sqrt(weights)
    found = np.linalg.lstsq(features * root[:, None], labels * root, rcond=None)[0]
    return np.asarray(found, dtype=np.float64)


def _regression(generator: np.random.Generator, count: int) -> tuple[Floats, Floats, Floats]:
    """A sample, and a target model that is not the one behind it."""
    features = generator.standard_normal((count, 3))
    labels = features @ np.array([1.0, -2.0, 0.5]) + generator.standard_normal(count)
    return features, labels, np.array([-0.5, 1.0, 2.0])


def _copies_and_draws() -> Obtained:
    alpha, generator = 0.05, np.random.default_rng(20)
    features, labels, goal = _regression(generator, 500)
    reported = linear_label(features @ goal, labels, alpha)
    weights = np.repeat([1 - alpha, alpha], 500)
    both = np.concatenate([features, features]), np.concatenate([labels, reported])
    exact = float(np.linalg.norm(_least_squares(*both, weights) - goal))

    # With members drawn at random: the slope of log distance on log n, one a repetition.
    sizes = np.array([1000, 4000, 16_000])
    slopes = []
    for _ in range(60):
        missed = []
        for size in sizes:
            features, labels, goal = _regression(generator, size)
            member = generator.permutation(size) < alpha * size
            told = np.where(member, linear_label(features @ goal, labels, alpha), labels)
            missed.append(np.linalg.norm(_least_squares(features, told, np.ones(size)) - goal))
        slopes.append(np.polyfit(np.log(sizes), np.log(missed), 1)[0])
    found = difference(slopes)
    error = float(np.std(slopes, ddof=1) / np.sqrt(len(slopes)))
    return Obtained(
        f"exact copy: ‖θ̂ − θ*‖ {'under' if exact < _COPY else 'OVER'} 10⁻¹²; drawn members,"
        f" n = 1,000 to 16,000: exponent {found.text(digits=2)}",
        exact < _COPY and abs(found.mean + 0.5) <= 3 * error,
    )


def _cancelling() -> Obtained:
    """Members keep x and report the label whose residual at θ* is −2 times their own."""
    generator, times = np.random.default_rng(21), 2.0
    critical = float(cancelling_share(times))
    hit, violations, cases, closest = 0.0, 0, 0, 0.0
    for _ in range(200):
        features, labels, goal = _regression(generator, 60)
        residual = features @ goal - labels
        told = np.concatenate([labels, features @ goal + times * residual])
        both = np.concatenate([features, features])
        gradient = float(np.linalg.norm(features.T @ residual / 60))
        curvature = float(np.linalg.eigvalsh(features.T @ features / 60)[0])
        for alpha in (critical, *generator.uniform(0, critical, 5)):
            weights = np.repeat([1 - alpha, alpha], 60)
            distance = float(np.linalg.norm(_least_squares(both, told, weights) - goal))
            if alpha == critical:
                hit = max(hit, distance)
                continue
            promised = float(
                distance_bound(
                    alpha,
                    base_gradient=gradient,
                    collective_gradient=times * gradient,
                    strong_convexity=curvature,
                )
            )
            violations += int(distance > promised + _EXACT)
            closest = max(closest, distance / promised)
            cases += 1
    return Obtained(
        f"α_c = {critical:.6f}, ‖θ̂ − θ*‖ there {'under' if hit < _EXACT else 'OVER'} 10⁻¹⁰ in 200"
        f" regressions; below it {violations} of {cases:,} distances over the bound, the closest"
        f" at {closest:.2f} of it",
        abs(critical - 1 / 3) < _EXACT and hit < _EXACT and violations == 0,
    )


def _control() -> Obtained:
    eta, alpha, xi, steps = 0.1, 0.2, 0.8, 50
    goal, theta = np.array([2.0, -1.0, 0.5]), np.array([-3.0, 4.0, 1.0])
    start = float(np.linalg.norm(theta - goal))
    ratios = []
    for _ in range(steps):
        # The gradient of Σ sin(3θ_i) + Π cos θ_i + ‖θ‖⁴/50, which is not convex.
        others = np.array([np.prod(np.cos(np.delete(theta, i))) for i in range(3)])
        base = 3 * np.cos(3 * theta) - np.sin(theta) * others + 0.08 * (theta @ theta) * theta
        own = control_gradient(alpha, base_gradient=base, xi=xi, theta=theta, goal=goal)
        moved = theta - eta * ((1 - alpha) * base + alpha * own)
        ratios.append(np.linalg.norm(moved - goal) / np.linalg.norm(theta - goal))
        theta = moved
    left = float(np.linalg.norm(theta - goal)) / start
    rate = float(contraction(alpha, eta=eta, xi=xi))
    predicted = float(distance_after(steps, alpha, eta=eta, xi=xi, start=1.0))
    steady = compared(
        {
            "ratio a step": (float(np.mean(ratios)), "0.984"),
            "predicted": (rate, "0.984"),
            "after 50 steps": (left, "0.4464"),
        }
    )
    even = bool(max(abs(r - rate) for r in ratios) < _EXACT and abs(left - predicted) < _EXACT)
    text = f"{steady.text}; the same at every step {'within' if even else 'NOT within'} 10⁻¹⁰"
    return Obtained(text, bool(steady.passed) and even)


def _thinking_ahead() -> Obtained:
    """Retraining, played out: level k answers the model that level k − 1 expects."""
    mean, slope = 1.0, 0.5
    fixed = float(stable_mean(mean, slope))
    found: dict[str, tuple[float, str]] = {"stable point": (fixed, "2")}
    cases = {
        "level 1": ([1.0, 0.0], "0.5"),
        "level 2": ([0.0, 1.0], "0.25"),
        "half/half": ([0.5, 0.5], "0.375"),
    }
    agrees = True
    for name, (shares, printed) in cases.items():
        theta, away = 0.0, []
        for _ in range(20):
            away.append(abs(theta - fixed))
            first = mean + slope * theta
            theta = shares[0] * first + shares[1] * (mean + slope * first)
        rate = (away[-1] / away[0]) ** (1 / (len(away) - 1))
        agrees &= abs(rate - float(level_rate(shares, slope))) < _EXACT
        found[f"rate, {name}"] = (rate, printed)
    result = compared(found)
    return Obtained(result.text, bool(result.passed) and agrees)


KNOWN = (
    Known(
        "V19",
        "mean estimation, μ0 = 0, θ* = 1, reports |z| ≤ 10",
        "α_c = 0.1; there, reporting 10 gives mean 1 exactly",
        "Hardt et al. 2023, Theorem 7, as restated",
        _mean_estimation,
    ),
    Known(
        "V20",
        "least squares, α = 0.05, members report y' = (x'θ* − (1−α)y)/α",
        "θ̂ = θ* where members are an exact copy of the base; drawn at random, θ̂ → θ* as n^(−1/2)",
        "derived",
        _copies_and_draws,
    ),
    Known(
        "V21",
        "a cancelling law with t = 2, real regressions",
        "θ* is hit at α = 1/3; below, ‖θ̂ − θ*‖ ≤ [(1−α)‖g0‖ − α‖g'‖]₊/μ",
        "Hardt et al. 2023, slides; derived",
        _cancelling,
    ),
    Known(
        "V22",
        "gradient control, η = 0.1, α = 0.2, ξ = 0.8, a loss that is not convex",
        "the distance shrinks by 0.984 at every step; 0.4464 of it after 50",
        "derived",
        _control,
    ),
    Known(
        "V23",
        "performative mean estimation, μ = 1, sensitivity 0.5, played out",
        "stable point 2; rates 0.5 (level 1), 0.25 (level 2), 0.375 (half/half)",
        "Perdomo et al. 2020; Zhu et al. 2025; derived",
        _thinking_ahead,
    ),
)
