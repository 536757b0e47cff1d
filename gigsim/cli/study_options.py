"""Options that commands over studies share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Processes, one run at a time in each; by default one a core. 0: this process,"
        " where limits of time and memory do not apply.",
    ),
]
ResumeOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Go on with the study in this folder.")
]
RetryFailedOption = Annotated[
    bool, typer.Option("--retry-failed", help="With --resume: try all failed runs again.")
]
FailFastOption = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")
]
OutOption = Annotated[Path, typer.Option(help="The folder that holds runs and studies.")]
CacheOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Where trainings are shared with other studies.")
]
CacheSizeOption = Annotated[
    float, typer.Option(min=0.001, metavar="GB", help="The most that this folder may hold.")
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Train everything; share nothing.")]
