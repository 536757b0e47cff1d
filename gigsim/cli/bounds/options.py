"""Options that commands share, and how their texts become numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from gigsim.errors import InputError

if TYPE_CHECKING:
    from gigsim.theory.closeness import Closeness
    from gigsim.theory.gaps import Floats
    from gigsim.theory.planting import Goal

# As theory.planting.Closeness has them, whose import would cost `gigsim --help` a second.
CLOSENESS = (
    "joint_tv",
    "joint_contamination",
    "conditional_tv",
    "conditional_contamination",
    "additive_slack",
    "slides",
)
#: ξ where none is given.
XI = 0.001
#: Closenesses under which the forms with ε hold.
VALID_CLOSENESS = CLOSENESS[:-1]
#: Successes for which the sizes that suffice are printed unless others are asked for.
GOALS = (0.5, 0.9, 0.99)

Reading = Literal["top1", "any"]

AlphaOption = Annotated[str, typer.Option(help="Shares in (0, 1], comma-separated.")]
XiOption = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="ξ, base mass of the signal.  [default: 0.001]"),
]
GapOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="Δ, suboptimality gap.  [default: 1.0]")
]
KappaOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="κ, base mass of the signal times gap, summed: in place of ξ and Δ."
    ),
]
EpsilonOption = Annotated[float, typer.Option(min=0, max=1, help="ε of the learner.")]
ClosenessOption = Annotated[
    str | None,
    typer.Option(
        "--closeness", help=f"What ε measures: {', '.join(CLOSENESS)} (the last is not valid)."
    ),
]
ValidClosenessOption = Annotated[
    str | None,
    typer.Option("--closeness", help=f"What ε measures: {', '.join(VALID_CLOSENESS)}."),
]
WrongLabelOption = Annotated[
    float, typer.Option(min=0, max=1, help="Probability that a member reports a wrong label.")
]
LabelsOption = Annotated[
    int, typer.Option(min=2, help="With wrong labels: how many labels there are.")
]
WantOption = Annotated[
    str | None,
    typer.Option(
        help="Successes in [0, 1), comma-separated: what would have to hold to be promised them?"
        "  [default: the shares for 0.5,0.9,0.99]"
    ),
]
#: Endings that a figure's file may have.
ENDINGS = (".png", ".pdf", ".svg")
FIGURES = "a .png, .pdf or .svg file"


def plottable(path: Path | None) -> Path | None:
    """A figure's file, refused before anything is computed for it.

    Raises:
        InputError: its ending is none that a figure may have, or it cannot be there.
    """
    if path is None:
        return None
    problem = ""
    if path.is_dir():
        problem = "it is a folder"
    elif not path.suffix:
        problem = "it has no ending"
    elif path.suffix.lower() not in ENDINGS:
        problem = f"its ending is {path.suffix}"
    elif not path.absolute().parent.is_dir():
        problem = f"there is no folder {path.parent}"
    if problem:
        raise InputError("--plot", f"{path} cannot be written ({problem})", FIGURES)
    return path


PlotOption = Annotated[
    Path | None, typer.Option(help="Draw the bound into this file.", callback=plottable)
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the bounds alone, one a line.")
]


def shares(text: str, option: str = "--alpha") -> Floats:
    """Numbers in (0, 1] from a list.

    Raises:
        InputError: it is no list of numbers, or one is out of range.
    """
    import numpy as np

    allowed = "numbers in (0, 1], separated by commas, e.g. 0.001,0.01,0.1"
    values = _list(text, option, allowed)
    if not np.all((values > 0) & (values <= 1)):
        raise InputError(option, f"{text!r} is out of range", allowed)
    return values


def numbers(text: str, option: str, *, low: float, high: float, allowed: str) -> Floats:
    """Numbers in [low, high] from a list.

    Raises:
        InputError: it is no list of numbers, or one is out of range; ``allowed`` says of what.
    """
    import numpy as np

    values = _list(text, option, allowed)
    if not np.all((values >= low) & (values <= high)):
        raise InputError(option, f"{text!r} is out of range", allowed)
    return values


def wanted(text: str | None) -> tuple[float, ...]:
    """The successes asked for, the usual ones if none are.

    Raises:
        InputError: it is no list of numbers in [0, 1).
    """
    import numpy as np

    if text is None:
        return GOALS
    allowed = "numbers in [0, 1), separated by commas, e.g. 0.5,0.9"
    values = _list(text, "--want", allowed)
    if not np.all((values >= 0) & (values < 1)):
        raise InputError("--want", f"{text!r} is out of range", allowed)
    return tuple(values.tolist())


def closeness_of(
    name: str | None, epsilon: float, known: tuple[str, ...] = CLOSENESS
) -> Closeness | None:
    """A closeness by its name, with either dash.

    Raises:
        InputError: there is none of that name, or ε > 0 comes without one.
    """
    found = None if name is None else name.replace("-", "_")
    if found is not None and found not in known:
        raise InputError("--closeness", f"{name!r}", f"one of: {', '.join(known)}")
    if epsilon > 0 and found is None:
        raise InputError(
            "--closeness", f"--epsilon {epsilon} needs one", f"one of: {', '.join(known)}"
        )
    return cast("Closeness | None", found)


def one_of(given: dict[str, bool], reason: str) -> None:
    """Refuse options that exclude each other.

    Args:
        given: by option, whether it was used.
        reason: why only one of them can be.

    Raises:
        InputError: two or more were used.
    """
    used = [option for option, is_used in given.items() if is_used]
    if len(used) > 1:
        raise InputError(used[1], f"does not go with {used[0]} ({reason})", "leave one of them out")


def need(option: str, value: float | None, reason: str) -> float:
    """A number that must be given here.

    Raises:
        InputError: it was not.
    """
    if value is None:
        raise InputError(option, f"is needed ({reason})", f"give {option}")
    return value


@contextmanager
def theory_of(command: str, **options: str) -> Iterator[None]:
    """What theory refuses is a user's mistake here.

    Args:
        command: its name.
        options: by the name of theory's argument, the option that gives it; where none is named
            here, it is the one of the same name.

    Raises:
        InputError: in place of theory's ValueError, in the words of the command line.
    """
    try:
        yield
    except ValueError as error:
        where, problem = _in_options(str(error), options)
        raise InputError(where, problem, f"see gigsim bounds {command} --help") from error


def _in_options(message: str, options: dict[str, str]) -> tuple[str, str]:
    """Where and what is wrong, in the words of the command line."""
    said = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", message)
    # Arrays are theory's business; the user gave a list of numbers or none.
    said = re.sub(r",? got (?:\w+=)?array\(.*$", "", said, flags=re.DOTALL)
    for name, option in options.items():
        said = re.sub(rf"\b{name}\b", option, said)
    found = re.match(r"(-*[a-z][a-z_-]*) (must .*)", said, flags=re.DOTALL)
    if found is None:
        return "gigsim bounds", said
    name, problem = found.groups()
    return name if name.startswith("-") else f"--{name.replace('_', '-')}", problem


def plain(text: str) -> bool:
    """Is a number written the plain way: no underscores, and no digits but 0 to 9?"""
    return text.isascii() and "_" not in text


def _list(text: str, option: str, allowed: str) -> Floats:
    import numpy as np

    try:
        if not plain(text):
            raise ValueError(text)
        return np.array([float(part) for part in text.split(",")])
    except ValueError as error:
        raise InputError(option, f"{text!r} is no list of numbers", allowed) from error


def wrong_label_margin_of(wrong_label: float, success: Goal, labels: int) -> float:
    """μ, by how much planted rows favour y*.

    Raises:
        InputError: they do not.
    """
    from gigsim.theory.wrong_labels import wrong_label_margin

    margin = float(wrong_label_margin(wrong_label, success, labels))
    if margin <= 0:
        limit = 0.5 if success == "any" else (labels - 1) / labels
        raise InputError(
            "--wrong-label",
            f"with {wrong_label:g} the planted rows do not favour y*, and there is no bound",
            f"a number under {limit:g} ({success}, {labels} labels)",
        )
    return margin
