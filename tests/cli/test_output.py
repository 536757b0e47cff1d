from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from gigsim.cli.output import check_target, count, percent, print_json, print_table
from gigsim.errors import InputError


def test_json_has_no_word_for_infinities(capsys: pytest.CaptureFixture[str]) -> None:
    content = {"a": math.inf, "b": [1.5, math.nan, {"c": -math.inf}], "d": ("ξ", True, None, 3)}
    print_json(content)
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": None, "b": [1.5, None, {"c": None}], "d": ["ξ", True, None, 3]}
    assert "ξ" in out, "as it is, not escaped"


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("what", [("one", "1"), ("ten", "10")], ("name", "number"))
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "what"
    for cell in ("name", "number", "one", "10"):
        assert cell in out


def test_percent() -> None:
    assert percent(0.1234) == "12.3 %"
    assert percent(0.1234, 0) == "12 %"
    assert percent(None) == "-"


def test_a_file_is_looked_at_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_target(tmp_path / "new.npz")
    (tmp_path / "old.npz").touch()
    check_target(tmp_path / "old.npz")
    monkeypatch.chdir(tmp_path)
    check_target(Path("relative.npz"))
    assert [p.name for p in tmp_path.iterdir()] == ["old.npz"]
    for bad in (tmp_path, tmp_path / "no" / "c.npz", tmp_path / "old.npz" / "c.npz"):
        with pytest.raises(InputError) as caught:
            check_target(bad)
        assert caught.value.where == str(bad)
    monkeypatch.setattr("gigsim.cli.output.os.access", lambda *_: False)
    with pytest.raises(InputError, match="Permission denied"):
        check_target(tmp_path / "new.npz")


def test_numbers_and_their_nouns() -> None:
    said = [count(number, "period") for number in (0, 1, 2, 2000)]
    assert said == ["0 periods", "1 period", "2 periods", "2,000 periods"]
