"""The collective's money, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.config.sections import CollectiveSection
from gigsim.society.treasury import offered, pays_subsidies, settle, side_payment

money = st.floats(0, 1e4)
people = st.integers(0, 10**6)


def terms(**keys: float) -> CollectiveSection:
    return CollectiveSection.model_validate(keys)


@pytest.mark.parametrize(
    ("fund", "payers", "recipients", "offer"),
    [
        (0.0, 0, 0, 0.0),
        (0.1, 0, 0, 0.1),
        (50.0, 0, 0, 0.5),
        (50.0, 100, 99, 0.5),
        (20.0, 100, 80, 0.25),
        (0.0, 100, 80, 0.0),
    ],
)
def test_the_offer(fund: float, payers: int, recipients: int, offer: float) -> None:
    assert offered(terms(subsidy=0.5), fund, 0.2, payers, recipients) == offer


def test_dues_that_will_come_in_are_counted() -> None:
    assert offered(terms(subsidy=0.5, dues=0.125), 0.0, 0.2, 100, 50) == 0.25


@pytest.mark.parametrize(
    ("until", "published", "pays"),
    [(0.3, 0.29, True), (0.3, 0.3, False), (0.3, 0.9, False), (1.0, 0.99, True), (1.0, 1.0, True)],
)
def test_the_size_at_which_it_ends(until: float, published: float, pays: bool) -> None:
    section = terms(subsidy=0.5, subsidy_until=until)
    assert pays_subsidies(section, published) == pays
    assert (offered(section, 1e3, published, 10, 10) == 0.5) == pays
    assert (settle(section, 1e3, published, 10, 10).subsidies == 5) == pays
    assert not pays_subsidies(terms(subsidy=0.0), published)


def test_side_payments() -> None:
    section = terms(subsidy=0.5, dues=0.125)
    assert side_payment(section, 0.25, "per_period", 10) == 0.125
    # Over ten periods: one promise less ten times dues.
    assert 10 * side_payment(section, 0.25, "once", 10) == pytest.approx(0.25 - 1.25)


@given(
    fund=money,
    dues=st.floats(0, 10),
    subsidy=st.floats(0, 10),
    members=people,
    committed=st.integers(0, 1000),
)
def test_nobody_gets_what_is_not_there(
    fund: float, dues: float, subsidy: float, members: int, committed: int
) -> None:
    recipients = max(0, members - committed)
    flows = settle(terms(dues=dues, subsidy=subsidy), fund, 0.5, members, recipients)
    there = fund + dues * members
    assert flows.dues == dues * members
    assert flows.fund >= 0
    assert flows.fund == pytest.approx(there - flows.subsidies, abs=1e-9 * max(1.0, there))
    assert flows.subsidies == pytest.approx(flows.subsidy * recipients, rel=1e-12)
    assert flows.subsidy <= subsidy
    # Less than all only where that empties it.
    assert flows.subsidy == subsidy or flows.fund == 0 or not recipients
