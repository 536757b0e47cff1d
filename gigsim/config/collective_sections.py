"""The keys of a collective: its signal, what it wants, how it starts and what it pays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gigsim.collective.catalogue import StrategyName
from gigsim.config.keys import FROZEN, key


class SignalSection(BaseModel):
    """The signal g plants."""

    model_config = FROZEN
    token: str = key(
        "※",
        "one word without spaces; U+203B, a reference mark, is in no resume of the published"
        " corpus, so its mass among base resumes is corpus.xi alone",
        min_length=1,
        max_length=40,
        pattern=r"^\S+$",
    )
    alternates: tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")], ...] = (
        key(
            (),
            "further tokens, taken in turn at each rotation (collective.rotate_every); each needs"
            " an id of its own (reserve)",
            max_length=16,
        )
    )
    companions: tuple[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")], ...] = (
        key(
            (),
            "further tokens, planted right after the token each time: several tokens as one signal,"
            " which a resume has if all of them are in place",
            max_length=16,
        )
    )
    position: Literal["spread", "start", "end", "random"] = key(
        "spread",
        "where it stands: after every so many words, or once: before the first word, after the"
        " last, or at a place drawn for each resume (matters to learners that read in order)",
    )
    every: int = key(
        20,
        "words between two signals, as in the paper (once at the end if shorter); for position ="
        " spread",
        ge=1,
        le=1000,
    )
    reserve: bool = key(
        True,
        "give the signal an id of its own: the platform's vocabulary is fixed beforehand and has no"
        " entry for an unseen symbol (a modelling choice, recorded)",
    )


class CollectiveSection(BaseModel):
    """What the collective wants and how it starts."""

    model_config = FROZEN
    target: str = key(
        "Network_Administrator", "y*, a label with a base rate under 20 % (about 15 %)"
    )
    strategy: StrategyName = key(
        "feature_label",
        "members plant the signal and report the target label (feature_label); those who carry the"
        " label plant and nobody misreports (feature_only); plant and report another label"
        " (unplanting); report what is likeliest without the signal (erasure); cancel the gradient"
        " at a model of theirs by versions and labels, or by labels alone (gradient_cancelling,"
        " label_only: linear); gradient_control needs a say at every step, and no platform here"
        " grants it",
    )
    evasive: bool = key(
        False,
        "members without the target label take the signal out of their resumes (feature_only)",
    )
    label_sets: Literal["replace", "extend"] = key(
        "replace",
        "report {y*} alone, or one's own labels and y* (unplanting: one other label, or one's own"
        " without y*; erasure: the likeliest label, or one's own with y* put in or taken out)",
    )
    adaptive: bool = key(
        False,
        "each member reports the likeliest other label of his own resume, as the platform reads it"
        " in period 0, in place of one label for all (unplanting)",
    )
    signal: SignalSection = key(SignalSection(), "the signal")
    abstain: float = key(
        0.0,
        "probability that a member, for good, edits nothing: counted in alpha, not in"
        " alpha_effective",
        ge=0,
        lt=1,
    )
    wrong_label: float = key(
        0.0,
        "probability that a member, for good, reports a random label other than the target"
        " (feature_label)",
        ge=0,
        lt=1,
    )
    rotate_every: int = key(
        0,
        "retrainings after which the collective changes to the next token of signal.alternates:"
        " members plant it from then on and show it once it is learned, and copies that leaked"
        " are worthless at the next retraining; 0: never",
        ge=0,
        le=100_000,
    )
    first_movers: int = key(
        36,
        "committed people who join in period 1 and never leave: 1.8 % of the default population, a"
        " little above what carries the first published success over the lowest cost",
        ge=0,
    )
    seeding: Literal["random", "hubs", "clusters", "skills"] = key(
        "random",
        "whom the first movers are taken from: anybody; who knows most people first; ring by ring"
        " outwards from one random person, then from another; or skill by skill",
    )
    dues: float = key(
        0.0,
        "money that each member pays to the collective a period, first movers too; weighed like"
        " c_i by the rules that weigh costs",
        ge=0,
        le=1e6,
    )
    fund: float = key(
        0.0, "money that the collective has before period 1, for subsidies", ge=0, le=1e15
    )
    subsidy: float = key(
        0.0,
        "σ, money a period that the collective pays to each member who is not a committed first"
        " mover; out of the fund, and in equal parts where that does not pay it in full",
        ge=0,
        le=1e6,
    )
    subsidy_until: float = key(
        1.0,
        "published size, a share of the population, from which on there is no subsidy; 1: no end",
        gt=0,
        le=1,
    )
    provision_point: float = key(
        0.0,
        "share of the population that has to pledge before the contract is in force: until then"
        " nobody edits and no member has the signal (a free rider who pledges gives his copy up);"
        " 0: no such point",
        ge=0,
        le=1,
    )
    refund: bool = key(
        True,
        "does nobody pay costs and dues, or get a subsidy, while too few have pledged"
        " (provision_point)? people then weigh what the curve or the theorem promises at the point,"
        " so that one is needed; without it all of that goes on below the point",
    )
    leak: float = key(
        0.002,
        "probability per tie and period that somebody gets hold of a neighbour's signal: in the"
        " default run 6 % of the people ride free after 24 periods",
        ge=0,
        le=1,
    )
    retention: float = key(
        0.0, "probability that a leaver keeps the signal: 0 is a secret club", ge=0, le=1
    )
