"""Which theorem covers a run, and the numbers that go into it: what is known before period 1.

The theorems (Hardt et al. 2023) are for one label; resumes carry sets. ``any`` is the binary
question "is y* in the set?", ``top1`` goes by the label marginals. What each strategy's theorem
covers is in ``collective.catalogue``; a number that is not known leaves the metric without a line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.catalogue import STRATEGIES
from gigsim.config.sections import CollectiveSection, Config
from gigsim.learners.recipes import BayesRecipe
from gigsim.resumes.law import LanguageLaw
from gigsim.stage import Stage
from gigsim.theory.certificates import (
    ErasingCertificate,
    FeatureLabelCertificate,
    FeatureOnlyCertificate,
    FeatureOnlyProfileCertificate,
    UnplantingCertificate,
)
from gigsim.theory.closeness import Closeness
from gigsim.theory.erasing import erasing_deficit_any, erasing_deficit_top1
from gigsim.theory.estimates import (
    GapKind,
    MeanGap,
    SignalEstimate,
    clopper_pearson,
    mean_gap,
)
from gigsim.theory.gaps import (
    Floats,
    deficit_any,
    deficit_top1,
    gap_any_from_floor,
    gap_top1_from_floor,
)
from gigsim.theory.planting import Goal
from gigsim.theory.unplanting import unplanting_deficit_any, unplanting_exact_deficit_top1
from gigsim.theory.wrong_labels import wrong_label_margin

METRICS: tuple[Goal, Goal] = ("any", "top1")

Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class HeldOut:
    """What is known of the labels of the held-out resumes.

    Attributes:
        marginals: P0(l in Y | x) of each without the signal, float64, shape (n, L).
        found: the same as people have them, where the signal is to be erased; else None.
        reported: bool, shape (n, L): the label set that a member with this resume would report, for
            unplanting and erasure; else None.
        clusters: int64, shape (n,): near-duplicates share a number.
        source: the law's exact ``posterior``, or the clean ``classifier`` of period 0, which stands
            for it as far as it is calibrated.
    """

    marginals: Floats
    found: Floats | None
    reported: Labels | None
    clusters: NDArray[np.int64]
    source: Literal["posterior", "classifier"]


def exact_marginals(
    stage: Stage, section: CollectiveSection, xi: float
) -> tuple[Floats, Floats] | None:
    """P0(l in Y | x) of the held-out resumes without the signal, and as people have them.

    Exact for a law that never writes the signal, read to the end. Erasing is of most interest where
    the signal is a word of the language: then both are known too, so long as the config does not
    spread the word by chance as well.

    Args:
        stage: the run's resumes.
        section: the collective.
        xi: ``corpus.xi``.

    Returns:
        Two arrays of shape (n, L); None where they are not known.
    """
    posterior, law = stage.supply.marginals, stage.supply.law
    if posterior is None or law is None or not stage.reads_whole:
        return None
    if stage.signal_is_new:
        return posterior, posterior
    if section.strategy != "erasure" or xi > 0:
        return None
    if not isinstance(stage.supply.writer, LanguageLaw):
        return None
    return law.marginals(stage.supply.held_out.without(stage.encoder.words)), posterior


def dialled(config: Config) -> tuple[float, Closeness | None]:
    """ε of the platform where the config says it, and what is close; 0 and None elsewhere."""
    learner = config.platform.learner
    if not isinstance(learner, BayesRecipe) or not learner.epsilon or learner.closeness == "none":
        return 0.0, None
    return learner.epsilon, learner.closeness


def floor_of(stage: Stage) -> float:
    """The least P0(y* in Y | x) of any resume x where it is known, else NaN."""
    law = stage.supply.law
    return law.floor(stage.target) if law is not None and stage.signal_is_new else float("nan")


def deficits(section: CollectiveSection, known: HeldOut, target: int, goal: Goal) -> Floats:
    """By how much each held-out resume resists the strategy, in [−1, 1], shape (n,).

    Planting: how far y* is behind (``theory.gaps``); with wrong labels and extended sets scaled,
    since who errs may have y* among his own labels. Unplanting: how far y* is ahead. Erasing: how
    far the reported label is behind, with the signal or without it, whichever is more.
    """
    own = known.marginals[:, target]
    aim = STRATEGIES[section.strategy].aim
    if aim == "erased":
        found, reported = _erased(known)
        return np.maximum(
            _behind(found, reported, target, goal), _behind(known.marginals, reported, target, goal)
        )
    if aim == "unplanted":
        if goal == "any":
            return unplanting_deficit_any(own)
        if known.reported is None:
            raise TypeError("unplanting reports labels")
        planted = known.reported.argmax(axis=1)
        return unplanting_exact_deficit_top1(known.marginals, target, planted)
    if goal == "top1":
        return deficit_top1(known.marginals, target)
    wrong = section.wrong_label
    scale = np.ones_like(own)
    if wrong and section.label_sets == "extend":
        margin = float(wrong_label_margin(wrong, goal, known.marginals.shape[1]))
        scale = margin / (margin + 2 * wrong * own)
    return deficit_any(own) * scale


def quoted_signals(config: Config, stage: Stage, known: HeldOut) -> dict[Goal, SignalEstimate]:
    """ξ, Δ and κ with their limits for each metric, whether a theorem covers it or not."""
    law, target, section = stage.supply.law, stage.target, config.collective
    gaps: dict[Goal, float] = {"any": 1.0, "top1": 1.0}
    gap_kind: GapKind = "worst"
    # The floor says how far y* may be behind; how far ahead it may be is its ceiling's affair.
    planting = STRATEGIES[section.strategy].aim == "planted"
    if law is not None and stage.signal_is_new and planting:
        gap_kind = "posterior"
        floor, ceiling = law.floor(target), law.ceiling(target)
        gaps = {"any": gap_any_from_floor(floor), "top1": gap_top1_from_floor(floor, ceiling)}
    # Near-duplicates are not independent draws: natural carriers are counted by cluster.
    clusters = stage.supply.population.clusters
    carriers = len(np.unique(clusters[stage.in_signal_set & ~stage.carriers]))
    inputs = len(np.unique(clusters))
    natural = 0.0 if stage.signal_is_new else carriers / inputs
    limit = 0.0 if stage.signal_is_new else float(clopper_pearson(carriers, inputs).high)
    # Over what people carry by themselves comes what the config spreads: each resume carries the
    # signal with probability corpus.xi, whatever it is.
    spread, rest = config.corpus.xi, 1.0 - config.corpus.xi
    xi, xi_upper = spread + rest * natural, spread + rest * limit
    found: dict[Goal, SignalEstimate] = {}
    for metric in METRICS:
        estimate = SignalEstimate(
            xi=xi,
            xi_upper=xi_upper,
            xi_known=stage.signal_is_new,
            gap=gaps[metric],
            gap_kind=gap_kind,
        )
        # κ is a mean over X*: over any resumes if who carries the signal is a matter of chance.
        if (
            stage.signal_is_new
            and not _is_set_valued(section, metric)
            and section.strategy
            in (
                "feature_label",
                "unplanting",
            )
        ):
            mean = mean_gap(deficits(section, known, target, metric), known.clusters)
            estimate = replace(
                estimate, kappa_mean=xi * mean.mean, kappa_mean_upper=xi * mean.upper
            )
        found[metric] = estimate
    return found


def certificates(
    section: CollectiveSection,
    quoted: dict[Goal, SignalEstimate],
    known: HeldOut,
    target: int,
    floor: float,
    epsilon: float = 0.0,
    closeness: Closeness | None = None,
) -> dict[Goal, SignalEstimate]:
    """The theorem that covers each metric, with its numbers; metrics without one are left out.

    Args:
        section: the collective.
        quoted: ξ, Δ and κ for each metric.
        known: the held-out resumes.
        target: column of y*.
        floor: of P0(y* in Y | x), NaN where it is not known.
        epsilon: how far the platform is from Bayes by the config (:func:`dialled`): the bounds are
            then those for every platform that is so close.
        closeness: what is close.
    """
    facts, labels = STRATEGIES[section.strategy], known.marginals.shape[1]
    covered: dict[Goal, SignalEstimate] = {}
    for metric, estimate in quoted.items():
        if facts.theorem_for(metric, section.label_sets) is None:
            continue
        values = vars(estimate)
        if section.strategy == "feature_only":
            if floor > 0:
                covered[metric] = FeatureOnlyCertificate(
                    **values,
                    p=floor,
                    evasive=section.evasive,
                    epsilon=epsilon,
                    closeness=closeness,
                )
            elif epsilon == 0:
                covered[metric] = FeatureOnlyProfileCertificate(
                    **values,
                    # One of each cluster: the band over floors is for independent draws.
                    probabilities=known.marginals[
                        np.unique(known.clusters, return_index=True)[1], target
                    ],
                    evasive=section.evasive,
                )
        elif section.strategy == "unplanting":
            covered[metric] = UnplantingCertificate(**values, epsilon=epsilon, closeness=closeness)
        elif section.strategy == "erasure":
            tau, error = _erasing_numbers(known, target, metric)
            covered[metric] = ErasingCertificate(
                **values,
                tau=tau.mean,
                tau_upper=tau.upper,
                error=error.mean,
                error_upper=error.upper,
            )
        else:
            margin = float(wrong_label_margin(section.wrong_label, metric, labels))
            if margin > 0:
                covered[metric] = FeatureLabelCertificate(
                    **values, margin=margin, epsilon=epsilon, closeness=closeness
                )
    return covered


def _erasing_numbers(known: HeldOut, target: int, goal: Goal) -> tuple[MeanGap, MeanGap]:
    """τ and e over the held-out resumes, each with its 97.5 % limit: 95 % for both together."""
    found, reported = _erased(known)
    columns = slice(None) if goal == "top1" else [target]
    moved = np.abs(found - known.marginals)[:, columns].max(axis=1)
    behind = _behind(known.marginals, reported, target, goal)
    return (
        mean_gap(moved, known.clusters, level=0.975),
        mean_gap(behind, known.clusters, level=0.975),
    )


def _erased(known: HeldOut) -> tuple[Floats, Labels]:
    if known.found is None or known.reported is None:
        raise TypeError("erasing needs the resumes as found and what members report")
    return known.found, known.reported


def _behind(marginals: Floats, reported: Labels, target: int, goal: Goal) -> Floats:
    if goal == "any":
        return erasing_deficit_any(marginals[:, target], reported[:, target])
    return erasing_deficit_top1(marginals, reported.argmax(axis=1))


def _is_set_valued(section: CollectiveSection, metric: Goal) -> bool:
    """Top-1 with extended sets: what members report of other labels counts too; no theorem."""
    return metric == "top1" and section.label_sets == "extend"
