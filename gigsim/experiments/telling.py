"""Which cases of a study tell all the files that its configs name: building configs takes time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gigsim.experiments.seeds import canonical
from gigsim.inputs import CODE_KEYS, file_keys

if TYPE_CHECKING:
    from gigsim.experiments.cases import Case


def cases_that_tell(cases: Sequence[Case]) -> list[int]:
    """The first case of each set of values that may name files.

    Args:
        cases: of a study.
    """
    first: dict[str, int] = {}
    for case, found in enumerate(cases):
        telling = {k: _texts(v) for k, v in found.values.items() if _may_name(k)}
        first.setdefault(canonical(telling), case)
    return list(first.values())


def _may_name(key: str) -> bool:
    """Has the value of this key a say in which files a config names?"""
    if key == "at" or key.startswith("at."):
        return True
    names = (*file_keys(), *CODE_KEYS)
    kinds = (f"{name.rpartition('.')[0]}.kind" for name in names)
    return key in kinds or any(f"{name}.".startswith(f"{key}.") for name in names)


def _texts(value: Any) -> Any:
    """A value without its numbers, which name nothing."""
    if isinstance(value, Mapping):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str) else None
