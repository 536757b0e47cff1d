"""A task whose module takes longer to import than its pieces may take."""

import time
from collections.abc import Callable
from typing import Any

time.sleep(1.5)


def echo(argument: Any, tell: Callable[[Any], None]) -> Any:
    return argument
