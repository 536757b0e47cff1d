"""What tests of learners share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learners.toys import tiny_bert


@pytest.fixture(autouse=True)
def _compiler_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Torch's compiler, which its optimisers load, sets this in the environment if nobody did."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A tiny published encoder as a local folder."""
    return str(tiny_bert(tmp_path / "tiny"))
