# ruff: noqa: N802 - components are named like classes, as solara's and Mesa's own
"""The strip: the numbers of the moment, in words that say what they are of."""

from __future__ import annotations

import solara

from gigsim.app.live import MEMBER, Frame


@solara.component
def Strip(frame: Frame) -> None:
    """The numbers of the moment."""
    every = frame.now.platform.retrain_every
    promise = _percent(max(0.0, frame.promise)) if frame.theorem else "no theorem"
    said = f"{frame.theorem} at α, for ε = 0" if frame.theorem else "promises anything of S"
    note = (
        "in this period"
        if frame.retrained
        else f"in period {frame.trained}, next in {(frame.period // every + 1) * every}"
    )
    facts = {
        "period": (str(frame.period), "period"),
        "alpha": (_percent(frame.alpha), f"α: {frame.count(MEMBER):,} of {len(frame.state):,}"),
        "success": (_percent(frame.success), "S measured"),
        "promise": (promise, said),
        "moves": (f"+{frame.joined:,} / −{frame.left:,}", "joined / left"),
        "retrained": (note, f"retrained ({frame.config.platform.learner.kind})"),
        **money_facts(frame),
        **contract_facts(frame),
    }
    with solara.Div(classes=["gigsim-strip"]):
        for name, (value, label) in facts.items():
            with solara.Div(classes=["gigsim-fact"], attributes={"data-gigsim": name}):
                solara.v.Html(tag="b", children=[value])
                solara.v.Html(tag="span", children=[label])


def money_facts(frame: Frame) -> dict[str, tuple[str, str]]:
    """What the strip says of the collective's money, value and label; nothing where it has none."""
    if not frame.has_money:
        return {}
    row, spent = frame.periods.iloc[-1], frame.periods["subsidies"].sum()
    return {
        "fund": (f"{row['fund']:,.1f}", f"fund; {spent:,.1f} spent so far"),
        "flows": (f"+{row['dues']:,.1f} / −{row['subsidies']:,.1f}", "dues in / subsidies out"),
    }


def contract_facts(frame: Frame) -> dict[str, tuple[str, str]]:
    """What the strip says of a contract with a provision point; nothing without one."""
    if frame.contract is None:
        return {}
    section = frame.now.collective
    said = f"{_percent(frame.alpha)} pledged, {_percent(section.provision_point)} needed"
    if frame.contract != "met":
        said += ", nobody pays" if section.refund else ", no refund"
    return {"contract": (frame.contract, f"contract: {said}")}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
