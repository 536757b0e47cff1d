"""Commands that permission bits bind, whoever runs the tests."""

from __future__ import annotations

import os


def bound_by_permissions(*command: str) -> list[str]:
    """The command; where root runs it, without root's right to pass permission bits by."""
    if os.geteuid() != 0:
        return [*command]
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
