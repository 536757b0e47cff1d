"""ε of a deployed classifier: by how much it misses the best answer, where the law is known.

Certified on texts other than those that S is measured on: all texts of a finite world, or fresh
resumes of the built-in language, with the signal planted. Elsewhere ε is no more than the number
that would make the bound agree with what was measured, and is called fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gigsim.collective.reports import reported_law, unplanting_reports
from gigsim.config.sections import CollectiveSection, Config
from gigsim.encoding import Encoder
from gigsim.learners.protocol import Rows
from gigsim.resumes.finite_world import FiniteWorld
from gigsim.stage import Stage, signal_places
from gigsim.streams import Streams
from gigsim.theory.epsilon import (
    SlackCertificate,
    certify_exact,
    certify_sample,
)
from gigsim.theory.estimates import mean_gap
from gigsim.theory.gaps import Floats, deficit_any, deficit_top1
from gigsim.theory.mixture import Strategy, planted_marginals
from gigsim.theory.planting import Goal
from gigsim.theory.slack import feature_label_bound_mean_slack
from gigsim.theory.text_slack import slack_any, slack_top1
from gigsim.theory.unplanting import unplanting_deficit_any, unplanting_exact_deficit_top1
from gigsim.theory.wrong_labels import wrong_label_margin

#: Two limits hold together at 95 % if each does at 97.5 %.
_LEVEL = 0.975


@dataclass(frozen=True)
class Epsilon:
    """ε of one classifier by one reading of success, and what it leaves of the theorem.

    Attributes:
        slack: the mean slack over planted texts, with its limit.
        bound: ``slack.feature_label_bound_mean_slack`` at the upper limits of ε and κ, 95 % jointly
            (certain in a finite world), not clipped.
    """

    slack: SlackCertificate
    bound: float


@dataclass(frozen=True, eq=False)
class Probe:
    """Texts with the signal planted on which classifiers are certified.

    Attributes:
        rows: as the learner reads them, n.
        marginals: P0(l in Y | x) without the signal, exact, float64, shape (n, L).
        weights: P0(x) where these are all the texts there are; None for a sample.
        reported: P*(l in Y | x), what members with these texts report, shape (n, L), to unplant;
            else None.
    """

    rows: Rows
    marginals: Floats
    weights: Floats | None
    reported: Floats | None = None

    def assess(
        self,
        probabilities: NDArray[np.floating],
        alpha: float,
        *,
        section: CollectiveSection,
        target: int,
        xi: float,
        goal: Goal,
    ) -> Epsilon:
        """Certify a classifier.

        Args:
            probabilities: what it says of the rows, shape (n, L).
            alpha: share that followed in what it was trained on.
            section: the collective, of strategy ``feature_label`` or ``unplanting``.
            target: column of y*.
            xi: share of base resumes that carry the signal whatever they are.
            goal: the reading of success; ``top1`` for replaced sets.
        """
        law = planted_marginals(
            self.marginals,
            target,
            alpha,
            xi,
            strategy=cast("Strategy", section.strategy),
            label_sets=section.label_sets,
            wrong_label=section.wrong_label,
            reported=self.reported,
        )
        if goal == "any":
            slack = slack_any(law[:, target], probabilities[:, target] > 0.5)
        else:
            slack = slack_top1(law, probabilities.argmax(axis=1))
        behind = self._behind(target, goal)
        if self.weights is not None:
            certificate = certify_exact(slack, self.weights, masses=())
            kappa = xi * float(np.maximum(behind, 0.0) @ self.weights)
        else:
            certificate = certify_sample(slack, level=_LEVEL, method="bernstein", masses=())
            kappa = xi * mean_gap(behind, level=_LEVEL).upper
        labels = self.marginals.shape[1]
        bound = feature_label_bound_mean_slack(
            alpha,
            xi=xi,
            kappa=kappa,
            slack=certificate.mean_upper,
            margin=float(wrong_label_margin(section.wrong_label, goal, labels)),
        )
        return Epsilon(certificate, float(bound))

    def _behind(self, target: int, goal: Goal) -> Floats:
        """How far each text is from what the collective wants of it, in [−1, 1], shape (n,)."""
        own = self.marginals[:, target]
        if self.reported is None:
            return deficit_any(own) if goal == "any" else deficit_top1(self.marginals, target)
        if goal == "any":
            return unplanting_deficit_any(own)
        return unplanting_exact_deficit_top1(self.marginals, target, self.reported.argmax(axis=1))


def make_probe(config: Config, stage: Stage, streams: Streams) -> Probe | None:
    """The texts on which this run's classifiers are certified; None where nothing can be.

    It takes a law that never writes the signal, one token, and a strategy whose theorem has an ε
    (feature_label, and unplanting with one other label for all or one's own).

    Args:
        config: the run's.
        stage: its resumes.
        streams: the run's; uses ``resumes/certificate`` and ``signal/places/certificate``.
    """
    law, section = stage.supply.law, config.collective
    if law is None or not stage.signal_is_new or not config.measure.certificate:
        return None
    if section.strategy not in ("feature_label", "unplanting"):
        return None
    if section.rotate_every or section.adaptive:
        return None
    if isinstance(law, FiniteWorld):
        corpus, weights = law.every(), law.weights
    else:
        generator = streams.generator("resumes/certificate")
        corpus, weights = law.sample(config.measure.certificate, generator), None
    encoder: Encoder = stage.encoder
    nobody = np.full(len(corpus), -1, dtype=np.int64)
    drawn = signal_places(config, streams, len(corpus), of="certificate")
    planted = encoder.encode(corpus, nobody, drawn).planted[0]
    marginals, reported = law.marginals(corpus), None
    if section.strategy == "unplanting":
        said = unplanting_reports(corpus.labels, stage.target, section.label_sets, stage.other)
        reported = reported_law(marginals, said, section.label_sets, stage.target)
    return Probe(
        rows=stage.learner.represent(planted, encoder.size),
        marginals=marginals,
        weights=weights,
        reported=reported,
    )
