"""Newcomers, who take the places of those who leave the platform, with resumes of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gigsim.config.sections import Config
from gigsim.learners.ragged import Ragged
from gigsim.scene import leavers
from gigsim.stage import Stage, keeps_clean, signal_places, token_carried, versions
from gigsim.streams import Streams

if TYPE_CHECKING:
    from gigsim.model import GigEconomy


def replace_people(model: GigEconomy) -> NDArray[np.bool_]:
    """Replace a share ``population.turnover`` of an economy's people.

    Returns:
        Who went, bool, shape (N,).
    """
    gone = leavers(model.now, model.streams, model.period)
    if gone.any():
        stage = model.stage = model.laboratory.take_in(gone)
        model.population.replace(
            gone, stage.labels[gone], stage.base_labels[gone], model.streams, model.period
        )
    return gone


def take_in(
    stage: Stage, gone: NDArray[np.bool_], config: Config, streams: Streams, period: int
) -> Stage:
    """The stage after newcomers with fresh resumes took the places of those who go.

    What those who went have submitted stays in the store, for a platform that trains on a window.

    Args:
        stage: before.
        gone: bool, shape (N,).
        config: the run's.
        streams: the run's; uses ``resumes/newcomers``, ``carriers``, ``label_noise``,
            ``signal/places`` and ``store`` of the period.
        period: now, at least 1.

    Raises:
        InputError: the corpus has no resume left.
    """
    arrivals = int(gone.sum())
    fresh, stock = stage.supply.newcomers(arrivals, streams, period)
    cleaned = keeps_clean(config.collective)
    carried = token_carried(config, streams, stage.encoder, period)[gone]
    drawn = signal_places(config, streams, len(gone), period)
    own = stage.encoder.encode(fresh, carried, None if drawn is None else drawn[gone])
    parts = versions(own, cleaned)
    order = streams.generator("store", period).permutation(len(parts) * arrivals)
    texts = Ragged.concatenate(parts).take(order)
    places = len(stage.texts) + np.argsort(order).reshape(len(parts), arrivals)
    tokens = len(stage.encoder.tokens)

    def put(old: NDArray[Any], new: NDArray[Any], where: tuple[Any, ...] = (gone,)) -> NDArray[Any]:
        changed = old.copy()
        changed[where] = new
        return changed

    everywhere = (slice(None), gone)
    labels = put(stage.labels, fresh.labels)
    return replace(
        stage,
        labels=labels,
        base_labels=stage.with_noise(labels, gone, config, streams, period),
        supply=stock,
        texts=stage.texts.append(stage.learner.represent(texts, stage.encoder.size)),
        found_at=put(stage.found_at, places[0]),
        planted_at=put(stage.planted_at, places[1 : 1 + tokens], everywhere),
        clean_at=put(stage.clean_at, places[-1] if cleaned else places[0]),
        carriers=put(stage.carriers, carried == 0),
        signal_sets=put(stage.signal_sets, own.signal_sets, everywhere),
        contains=put(stage.contains, own.contains, everywhere),
        serials=np.concatenate([stage.serials, stage.arrived + np.arange(len(order))]),
        arrived=stage.arrived + len(order),
    )
