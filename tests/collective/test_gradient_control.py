"""Driving real, non-convex torch networks along a straight line."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gigsim.collective.gradient_control import Gradients, Labels, Pool, Reports, drive
from gigsim.collective.gradient_platform import (
    Gradient,
    Platform,
    Rows,
    draw_parameters,
    two_layers,
)
from gigsim.theory.gaps import Floats
from gigsim.theory.gradient_learner import distance_after, gain_left, path_condition
from gigsim.theory.private import private_distance_bound

MEMBERS, OTHERS, ETA, XI = 100, 400, 0.1, 0.8


def base(seed: int = 0, *, classes: bool = False) -> Rows:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((OTHERS, 4))
    truth = np.sin(2 * rows[:, 0]) + 0.5 * rows[:, 1] ** 2 + 0.3 * rng.standard_normal(OTHERS)
    return Rows(rows, (truth > 0.3).astype(float) if classes else truth)


@pytest.fixture(scope="module")
def platform() -> Platform:
    """4 features, 6 hidden tanh units: 37 parameters; 400 rows."""
    return Platform(two_layers(4, 6), base(), ETA)


def model(platform: Platform, seed: int) -> Floats:
    return draw_parameters(platform.network, np.random.default_rng(seed))


def features(count: int, seed: int = 9) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, 4))


def test_the_loss_is_not_convex_on_the_way(platform: Platform) -> None:
    start, goal = model(platform, 1), model(platform, 2)
    line = [(1 - part) * start + part * goal for part in np.linspace(0, 1, 41)]
    risks = np.diff([risk(platform, theta) for theta in line], 2)
    assert risks.min() < -1e-4 < 1e-4 < risks.max()


def risk(platform: Platform, theta: Floats) -> float:
    means, _ = platform.outputs(theta, platform.base.features)
    return float(0.5 * ((means - platform.base.labels) ** 2).mean())


@pytest.mark.parametrize(
    "reports", [Gradients(), Labels(features(MEMBERS))], ids=["gradients", "labels"]
)
def test_known_answer_v22(platform: Platform, reports: Reports) -> None:
    """η=.1, α=.2, ξ=.8: ratio .984 each step, .4464 after 50; with reports and with real rows."""
    start, goal = model(platform, 1), model(platform, 2)
    found = drive(platform, reports, members=MEMBERS, start=start, goal=goal, xi=XI, steps=50)
    assert found.alpha == 0.2
    np.testing.assert_allclose(found.distances[1:] / found.distances[:-1], 0.984, rtol=1e-9)
    np.testing.assert_allclose(found.distances, found.ideal, rtol=1e-9)
    assert round(found.distances[-1] / found.distances[0], 4) == 0.4464
    expected = distance_after(50, 0.2, eta=ETA, xi=XI, start=found.distances[0])
    assert found.distances[-1] == pytest.approx(float(expected), rel=1e-9)
    assert found.astray.max() < 1e-9
    assert found.residuals.max() < 1e-8


def test_without_the_collective_the_platform_goes_elsewhere(platform: Platform) -> None:
    start, goal = model(platform, 1), model(platform, 2)
    theta = start
    for _ in range(50):
        theta = platform.learn(theta, Rows(np.empty((0, 4)), np.empty(0)))
    assert np.linalg.norm(theta - goal) > 0.9 * np.linalg.norm(start - goal)


def test_any_goal_at_all(platform: Platform) -> None:
    """In one step, to the all-zero network, with the largest gain."""
    start = model(platform, 1)
    zero = np.zeros_like(start)
    found = drive(
        platform, Gradients(), members=MEMBERS, start=start, goal=zero, xi=1 / (0.2 * ETA), steps=1
    )
    assert found.distances[1] < 1e-12


def test_labels_of_a_classifier() -> None:
    """Cross-entropy and soft labels in [0, 1]: an honest limit, and the residual says so."""
    platform = Platform(two_layers(4, 6), base(classes=True), ETA, loss="logistic")
    start, goal = model(platform, 1), model(platform, 2)
    free = drive(
        platform, Labels(features(100)), members=100, start=start, goal=goal, xi=XI, steps=10
    )
    np.testing.assert_allclose(free.distances, free.ideal, rtol=1e-9)
    soft = Labels(features(200), 0.0, 1.0)
    found = drive(platform, soft, members=200, start=start, goal=goal, xi=0.05, steps=4)
    assert found.largest.max() <= 1
    assert found.residuals.min() > 0
    assert np.all(found.distances <= found.allowed + 1e-12)


@pytest.mark.parametrize("limit", [3.0, 20.0])
def test_bounded_labels_miss_by_no_more_than_is_allowed(platform: Platform, limit: float) -> None:
    start, goal = model(platform, 1), model(platform, 2)
    reports = Labels(features(MEMBERS), -limit, limit)
    found = drive(platform, reports, members=MEMBERS, start=start, goal=goal, xi=XI, steps=8)
    assert found.largest.max() <= limit
    assert found.residuals.max() > 0.1
    assert np.all(found.distances <= found.allowed + 1e-12)
    assert np.all(found.distances >= found.ideal - 1e-12)
    worst = distance_after(
        8, 0.2, eta=ETA, xi=XI, start=found.distances[0], residual=found.residuals.max()
    )
    assert found.allowed[-1] <= worst + 1e-12


def test_too_few_members_for_the_parameters(platform: Platform) -> None:
    """20 members choose 20 labels; there are 37 parameters."""
    start, goal = model(platform, 1), model(platform, 2)
    found = drive(
        platform, Labels(features(20)), members=20, start=start, goal=goal, xi=XI, steps=10
    )
    assert found.residuals.min() > 1e-3
    assert np.all(found.distances <= found.allowed + 1e-12)


def test_a_pool_of_real_rows(platform: Platform) -> None:
    """Copies of feasible rows: what is left is rounding, and goes down with the members."""
    rng = np.random.default_rng(3)
    pool = Pool(Rows(3 * rng.standard_normal((400, 4)), rng.choice([-10.0, 10.0], 400)))
    start, goal = model(platform, 1), model(platform, 2)
    needed = pool.critical_masses(platform, start, goal, 5)
    assert np.all(needed < 0.2)
    left = []
    for factor in (1, 10):
        rows = Rows(*(np.repeat(part, factor, axis=0) for part in platform.base))
        many = replace(platform, base=rows)
        found = drive(many, pool, members=100 * factor, start=start, goal=goal, xi=0.2, steps=4)
        assert found.alpha == 0.2
        assert set(np.unique(found.largest)) == {10.0}
        assert np.all(found.distances <= found.allowed + 1e-12)
        left.append(found.residuals.mean())
    assert left[1] < 0.3 * left[0]
    assert found.distances[-1] < found.distances[0]
    assert left[1] < 0.2 * found.base_norms.mean()


def test_a_pool_too_small_to_cancel(platform: Platform) -> None:
    """The base's own rows: members can report nothing that the base does not."""
    pool = Pool(platform.base)
    start, goal = model(platform, 1), model(platform, 2)
    assert pool.critical_masses(platform, start, goal, 3).max() > 0.2
    found = drive(platform, pool, members=MEMBERS, start=start, goal=goal, xi=XI, steps=5)
    assert found.residuals.min() > 1
    assert np.all(found.distances <= found.allowed + 1e-12)


def test_the_path_sets_the_size_of_a_limited_collective(platform: Platform) -> None:
    """A platform that clips: it gets there over the share of the path; under it nobody holds it."""
    clipping = replace(platform, clip=0.5)
    start, goal = model(platform, 1), model(platform, 2)
    norms = clipping.base_norms(start, goal, 81)
    needed = float(path_condition(norms, [0.5]))
    assert norms.argmax() not in (0, 80) or norms.max() > 1.2 * norms.min()
    length = float(np.linalg.norm(start - goal))
    enough = int(np.ceil(1.5 * needed / (1 - 1.5 * needed) * OTHERS))
    share = enough / (enough + OTHERS)
    gain = gain_left(share, eta=ETA, base_norm=norms.max(), reach=0.5, distance=length)
    found = drive(
        clipping, Gradients(), members=enough, start=start, goal=goal, xi=float(gain), steps=60
    )
    np.testing.assert_allclose(found.distances, found.ideal, rtol=1e-9)
    # Where the base gradient is largest half of that share cannot even hold the model.
    few = int(0.5 * needed / (1 - 0.5 * needed) * OTHERS)
    share, part = few / (few + OTHERS), norms.argmax() / 80
    worst = (1 - part) * start + part * goal
    held = drive(clipping, Gradients(), members=few, start=worst, goal=worst, xi=1.0, steps=1)
    slipped = ETA * ((1 - share) * norms.max() - share * 0.5)
    assert slipped > 0.01
    assert held.distances[1] == pytest.approx(slipped)
    held = drive(clipping, Gradients(), members=enough, start=worst, goal=worst, xi=1.0, steps=1)
    assert held.distances[1] < 1e-12


@pytest.mark.parametrize("runs", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_a_private_platform(runs: int) -> None:
    """DP-SGD on a real network, paired runs: within the bound, and worse with more noise, 4 s.e."""
    steps, small = 8, Rows(base().features[:40], base().labels[:40])
    plain = Platform(two_layers(4, 3), small, 0.5, clip=1.0)
    start = model(plain, 1)
    goal = start + 0.05 * (model(plain, 2) - start)
    left = []
    for sigma in (0.0, 2.0, 8.0):
        platform = replace(plain, noise=sigma)
        found = [
            drive(
                platform,
                Gradients(),
                members=60,
                start=start,
                goal=goal,
                xi=0.3,
                steps=steps,
                generator=np.random.default_rng(seed),
            )
            for seed in range(runs if sigma else 1)
        ]
        assert max(run.residuals.max() for run in found) < 1e-12, "no report was clipped"
        left.append(np.array([run.distances[-1] for run in found]))
        bound = private_distance_bound(
            0.6,
            steps=steps,
            eta=0.5,
            xi=0.3,
            start=found[0].distances[0],
            noise=sigma,
            clip=1.0,
            dimension=plain.size,
            batch=100,
        )
        error = 4 * left[-1].std() / np.sqrt(len(left[-1]))
        assert left[-1].mean() <= bound + error + 1e-12
        squares = left[-1] ** 2
        assert abs(squares.mean() - bound**2) <= 4 * squares.std() / np.sqrt(runs) + 1e-12
    for less, more in ((left[0], left[1]), (left[1], left[2])):
        worse = more - less
        assert worse.mean() > 4 * worse.std() / np.sqrt(runs)


def test_same_numbers_same_bits(platform: Platform) -> None:
    start, goal = model(platform, 1), model(platform, 2)
    noisy = replace(platform, clip=1.0, noise=0.5)
    twice = [
        drive(
            noisy,
            Labels(features(MEMBERS)),
            members=MEMBERS,
            start=start,
            goal=goal,
            xi=XI,
            steps=3,
            generator=np.random.default_rng(4),
        ).models.tobytes()
        for _ in range(2)
    ]
    assert twice[0] == twice[1]


def test_torchs_global_state_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither random state nor threads are read or set, here or by what is called."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("global torch state was touched")

    for name in ("set_num_threads", "get_num_threads", "manual_seed", "seed", "set_rng_state"):
        monkeypatch.setattr(torch, name, forbidden)
    before = torch.get_rng_state()
    platform = Platform(two_layers(4, 3), base(), ETA)
    start, goal = model(platform, 1), model(platform, 2)
    drive(platform, Labels(features(50)), members=50, start=start, goal=goal, xi=XI, steps=2)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    "call",
    [
        lambda p, s: drive(p, Gradients(), members=0, start=s, goal=s, xi=XI, steps=1),
        lambda p, s: drive(p, Gradients(), members=9, start=s[1:], goal=s[1:], xi=XI, steps=1),
        lambda p, s: drive(p, Gradients(), members=9, start=s, goal=s, xi=1e9, steps=1),
        lambda p, s: drive(p, Labels(features(8)), members=9, start=s, goal=s, xi=XI, steps=1),
        lambda p, s: drive(
            replace(p, clip=1.0, noise=1.0), Gradients(), members=9, start=s, goal=s, xi=XI, steps=1
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    platform: Platform, call: Callable[[Platform, Floats], object]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        call(platform, model(platform, 1))


def test_no_steps_no_change(platform: Platform) -> None:
    start = model(platform, 1)
    found = drive(platform, Gradients(), members=9, start=start, goal=start, xi=XI, steps=0)
    assert found.distances.tolist() == [0.0]
    assert found.residuals.shape == (0,)


def test_another_network(platform: Platform) -> None:
    """Three layers of a torch module of one's own."""

    class Deeper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = ((4, 5), (5, 3), (3, 1))
            self.layers = nn.ModuleList(
                [nn.utils.skip_init(nn.Linear, *size, dtype=torch.float64) for size in sizes]
            )

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            for layer in self.layers[:-1]:
                rows = torch.nn.functional.gelu(layer(rows))
            return self.layers[-1](rows)

    other = replace(platform, network=Deeper())
    start, goal = model(other, 1), model(other, 2)
    found = drive(
        other, Labels(features(MEMBERS)), members=MEMBERS, start=start, goal=goal, xi=XI, steps=10
    )
    np.testing.assert_allclose(found.distances, found.ideal, rtol=1e-9)


@pytest.mark.gpu
def test_on_a_gpu(platform: Platform) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    start, goal = model(platform, 1), model(platform, 2)
    there = replace(platform, device="cuda")
    for reports in (Gradients(), Labels(features(MEMBERS))):
        found = drive(there, reports, members=MEMBERS, start=start, goal=goal, xi=XI, steps=10)
        np.testing.assert_allclose(found.distances, found.ideal, rtol=1e-9)


def test_a_report_is_a_gradient_of_so_many_clients(platform: Platform) -> None:
    start = model(platform, 1)
    rows = Rows(features(7), np.arange(7.0))
    value = platform.mean_gradient(start, rows)
    np.testing.assert_allclose(
        platform.learn(start, rows), platform.learn(start, Gradient(value, 7)), atol=1e-12
    )
