"""The notebooks of analysis/: as they are committed, and run afresh."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ANALYSIS = Path(__file__).resolve().parent.parent / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("*.ipynb"))
LARGEST_FIGURE = 100_000

#: Paths of the machine that a notebook was run on: its folders, and places of temporary files.
_MACHINE = re.compile(r"/(home|root|tmp|Users|work|private|var)/|[A-Z]:\\\\")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_of(notebook) for output in cell.outputs]


def figures_of(notebook: NotebookNode) -> list[bytes]:
    found = [output.get("data", {}).get("image/png") for output in outputs_of(notebook)]
    return [base64.b64decode(png) for png in found if png]


def check_outputs(notebook: NotebookNode) -> None:
    """It ran from top to bottom, nothing complained, and there is something to see."""
    code = code_of(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for output in outputs_of(notebook)}
    assert kinds <= {"display_data", "execute_result"}, "an error, a warning or a print"
    figures = figures_of(notebook)
    assert figures
    assert all(png.startswith(b"\x89PNG") and len(png) < LARGEST_FIGURE for png in figures)
    assert any("text/markdown" in output.get("data", {}) for output in outputs_of(notebook))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_a_notebook_is_committed_with_its_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    check_outputs(notebook)
    assert not _MACHINE.search(path.read_text(encoding="utf-8"))
    source = "\n".join(cell.source for cell in code_of(notebook))
    assert re.search(r"^assert ", source, re.MULTILINE), "its conclusions are to be checked"


@pytest.mark.slow
@each_notebook
def test_a_notebook_runs_afresh_from_any_folder(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in code_of(notebook):
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
        extra_arguments=["--HistoryManager.enabled=False"],
    )
    # An assertion that fails in a cell is raised here, with the cell's text and traceback.
    client.execute(env=os.environ | {"IPYTHONDIR": str(tmp_path / ".ipython")})
    check_outputs(notebook)
    left = [entry.name for entry in tmp_path.iterdir() if entry.name != ".ipython"]
    assert not left, "its runs belong to a folder of their own"
