"""What does not go together in a collective: its strategy, its options and its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gigsim.collective.catalogue import OFFERS, REASONS, STRATEGIES
from gigsim.config.clash import ClashError, listed, toml

if TYPE_CHECKING:
    from gigsim.config.sections import Config


def strategy(config: Config) -> Iterator[ClashError]:
    """A strategy, its options, and what it asks of a platform."""
    collective = config.collective
    facts = STRATEGIES[collective.strategy]
    key, chosen = "collective.strategy", f'collective.strategy = "{collective.strategy}"'
    for option, value, nothing in (
        ("evasive", collective.evasive, False),
        ("adaptive", collective.adaptive, False),
        ("wrong_label", collective.wrong_label, 0.0),
        ("label_sets", collective.label_sets, "replace"),
    ):
        if value != nothing and option not in facts.options:
            having = [name for name, other in STRATEGIES.items() if option in other.options]
            yield ClashError(
                (f"collective.{option}", key),
                f"collective.{option} = {toml(value)} with {chosen}",
                f"it is an option of {listed(having)}; leave it {toml(nothing)}",
            )
    if collective.adaptive and collective.label_sets == "extend":
        yield ClashError(
            ("collective.adaptive", "collective.label_sets"),
            'collective.adaptive = true with collective.label_sets = "extend", where members report'
            " their own labels without the target and no other",
            'collective.label_sets = "replace"',
        )
    kind = config.platform.learner.kind
    for need in sorted(facts.needs - OFFERS[kind]):
        why, remedy = REASONS[need]
        offered = any(need in offers for offers in OFFERS.values())
        beside = f' with platform.learner.kind = "{kind}"' if offered else ""
        keys = (key, "platform.learner.kind") if offered else (key,)
        yield ClashError(keys, f"{chosen}{beside}: {why}", remedy)
    if facts.aim == "erased" and collective.rotate_every:
        yield ClashError(
            ("collective.rotate_every", key),
            f"collective.rotate_every = {collective.rotate_every} with {chosen}",
            "what is erased stays: 0",
        )
    if "convex loss" in facts.needs:
        yield from _gradients(config, key, chosen)


def _gradients(config: Config, key: str, chosen: str) -> Iterator[ClashError]:
    """What a collective that cancels the gradient of *one* fit cannot do with."""
    if config.collective.rotate_every:
        yield ClashError(
            ("collective.rotate_every", key),
            f"collective.rotate_every = {config.collective.rotate_every} with {chosen}",
            "its model is for one token: 0",
        )
    if config.platform.data == "window":
        yield ClashError(
            ("platform.data", key),
            f'platform.data = "window" with {chosen}, which chooses what is submitted now',
            'platform.data = "current"',
        )


def rotation(config: Config) -> Iterator[ClashError]:
    """Tokens that take turns: how many, each a different one, and a share ξ each."""
    collective, xi = config.collective, config.corpus.xi
    alternates = ("collective.signal.alternates",)
    tokens = (collective.signal.token, *collective.signal.alternates)
    if len(set(tokens)) < len(tokens):
        twice = next(token for token in tokens if tokens.count(token) > 1)
        yield ClashError(
            (*alternates, "collective.signal.token"),
            f"{twice!r} occurs twice",
            "every token, collective.signal.token too, is to be a different one",
        )
    if bool(collective.rotate_every) != (len(tokens) > 1):
        yield ClashError(
            ("collective.rotate_every", *alternates),
            f"collective.rotate_every = {collective.rotate_every} with {len(tokens) - 1} tokens in"
            " collective.signal.alternates",
            "give both or neither",
        )
    if len(tokens) > 1 and not collective.signal.reserve:
        yield ClashError(
            ("collective.signal.reserve", *alternates),
            "collective.signal.reserve = false with collective.signal.alternates",
            "each needs an id of its own: collective.signal.reserve = true",
        )
    if len(tokens) * xi > 1:
        yield ClashError(
            ("corpus.xi", *alternates),
            f"corpus.xi = {xi} for each of {len(tokens)} tokens is more than everybody",
            f"at most 1/{len(tokens)}",
        )


def companions(config: Config) -> Iterator[ClashError]:
    """Tokens that are one signal."""
    signal = config.collective.signal
    words = (signal.token, *signal.companions)
    if len(set(words)) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        yield ClashError(
            ("collective.signal.companions", "collective.signal.token"),
            f"{twice!r} occurs twice",
            "every word of the signal is to be a different one",
        )
    if signal.companions and signal.alternates:
        yield ClashError(
            ("collective.signal.companions", "collective.signal.alternates"),
            "collective.signal.companions with collective.signal.alternates: which of them would go"
            " with which token is not said",
            "one of the two",
        )
