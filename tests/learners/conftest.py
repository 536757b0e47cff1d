"""What tests of learners share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learners.toys import tiny_bert


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A tiny published encoder as a local folder."""
    return str(tiny_bert(tmp_path / "tiny"))
