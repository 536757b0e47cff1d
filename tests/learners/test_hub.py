"""Published encoders from where they lie, and no word from the libraries on the way."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from gigsim.errors import InputError
from gigsim.learners.hub import load_published, quietly
from gigsim.learners.wordpiece import load_tokenizer


def levels() -> list[Any]:
    from huggingface_hub.utils import are_progress_bars_disabled
    from transformers.utils import logging as transformers

    return [
        logging.getLogger("huggingface_hub").level,
        logging.getLogger("transformers").level,
        transformers.is_progress_bar_enabled(),
        are_progress_bars_disabled(),
    ]


class Network:
    """Counts questions to the hub and answers them; no packet leaves this machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
        self.asked: list[str] = []

        def model_info(_: Any, source: str, *, timeout: float) -> None:
            assert timeout <= 10
            self.asked.append(source)
            if error is not None:
                raise error

        monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)


class Parts:
    """What is loaded, and from where it was asked for."""

    def __init__(self, here: bool) -> None:
        self.here = here
        self.local: list[bool] = []

    def __call__(self, local: bool) -> str:
        self.local.append(local)
        if local and not self.here:
            raise OSError("not in the cache")
        return "the part"


def test_what_is_here_is_loaded_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    network, parts = Network(monkeypatch, OSError("no network")), Parts(here=True)
    assert load_published("some/model", parts) == "the part"
    assert (network.asked, parts.local) == ([], [True])


def test_what_is_not_here_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network, parts = Network(monkeypatch, None), Parts(here=False)
    assert load_published("some/model", parts) == "the part"
    assert (network.asked, parts.local) == (["some/model"], [True, False])


def test_a_damaged_folder_is_not_looked_for_on_the_hub(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    network, parts = Network(monkeypatch, None), Parts(here=False)
    with pytest.raises(OSError, match="not in the cache"):
        load_published(folder, parts)
    assert network.asked == []


def test_without_a_network_it_is_one_error_after_one_question(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All below the hub's client is replaced, nothing of the client itself."""
    from huggingface_hub.utils import get_session

    tried = []

    def refuse(request: Any, **_: Any) -> None:
        tried.append(str(request.url))
        raise OSError("Name or service not known\nand advice")

    monkeypatch.setattr(get_session(), "send", refuse)
    before = levels()
    with pytest.raises(InputError) as caught:
        load_tokenizer("no-such-owner/no-such-encoder")
    assert len([url for url in tried if "no-such-encoder" in url]) == 1
    error = str(caught.value)
    assert error.startswith(
        "platform.learner.encoder: the hub id 'no-such-owner/no-such-encoder' is not on this"
        " machine, nor to be had from the hub (Name or service not known); a local"
    )
    assert "HF_HUB_OFFLINE" in error
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""
    assert levels() == before


@pytest.mark.parametrize("source", ["one/two/three", "-odd-", "no such name"])
def test_what_is_no_id_is_one_error(source: str) -> None:
    with pytest.raises(InputError, match=r"platform\.learner\.encoder: "):
        load_tokenizer(source)


def test_quiet_is_over_afterwards_also_after_an_error() -> None:
    before = levels()
    within = []
    with pytest.raises(ZeroDivisionError), quietly():
        within.append(levels()) or 1 / 0
    assert within[0][:2] == [logging.ERROR, logging.ERROR]
    assert levels() == before
