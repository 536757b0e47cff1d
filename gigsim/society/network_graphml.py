"""Networks of the user's own as GraphML files, streamed, without what XML can do to a reader."""

from __future__ import annotations

from array import array
from typing import BinaryIO
from xml.parsers import expat

import numpy as np

from gigsim.errors import InputError
from gigsim.society.network_files import freelancers_of, open_file, place_of
from gigsim.society.networks import SparseNetwork, from_ties

_GRAPHML = (
    "a GraphML file with one undirected graph of <node id> and <edge source target>, without a"
    " document type, is needed"
)
_MAX_DEPTH = 100
#: What expat reads by itself; other encodings would call Python codecs by a name in the file.
_ENCODINGS = {"utf-8", "utf-16", "us-ascii", "iso-8859-1"}


def read_graphml(path: str, size: int) -> SparseNetwork:
    """A network from a GraphML file (Brandes et al. 2002); attributes of nodes and ties are unread.

    Document types are refused, so that no entity is ever declared: what expands or fetches others
    ("billion laughs", external entities) cannot be written. The file is streamed, not kept.

    Args:
        path: the file.
        size: N, the freelancers.

    Raises:
        InputError: no such file, a folder, more than 2 GiB; not XML or not GraphML; a document
            type; a directed graph, a loop, two ties of one pair, hyperedges, nested or several
            graphs; an unknown or a repeated node; the wrong number of nodes.
    """
    reader = _GraphMLReader(path)
    with open_file(path, _GRAPHML) as stream:
        reader.read(stream)
    if not reader.nodes:
        raise InputError(path, "no nodes in it", _GRAPHML)
    known = np.array([name in reader.nodes for name in reader.index], dtype=bool)
    ties = np.frombuffer(reader.ends, dtype=np.int64).reshape(-1, 2)
    lines = np.frombuffer(reader.lines, dtype=np.int64)
    strange = np.flatnonzero(~known[ties].all(axis=1))
    if len(strange):
        line = lines[strange[0]]
        name = list(reader.index)[next(end for end in ties[strange[0]] if not known[end])]
        raise InputError(f"{path}, line {line}", f"a tie to {name!r}, which is no node", _GRAPHML)
    freelancer = np.empty(len(reader.index), dtype=np.int64)
    declared = [reader.index[name] for name in reader.nodes]
    freelancer[declared] = freelancers_of(path, list(reader.nodes), size, natural=False)
    nodes = freelancer[ties]
    tie = nodes.min(axis=1) * size + nodes.max(axis=1)
    found, first = np.unique(tie, return_index=True)
    if len(found) < len(tie):
        line = lines[np.setdiff1d(np.arange(len(tie)), first)[0]]
        raise InputError(
            f"{path}, line {line}", "the second tie of one pair (a multigraph)", _GRAPHML
        )
    return from_ties(size, *np.divmod(found, size), "graphml")


class _GraphMLReader:
    """Node names and ties, in the order of the file, with the ties' lines."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.index: dict[str, int] = {}
        self.nodes: dict[str, None] = {}
        self.ends = array("q")
        self.lines = array("q")
        self._open: list[str] = []
        self._space = ""
        self._graphs = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, stream: BinaryIO) -> None:
        try:
            self._parser.ParseFile(stream)
        except expat.ExpatError as error:
            problem = f"not XML: {expat.ErrorString(error.code)}"
            raise InputError(f"{self.path}, line {error.lineno}", problem, _GRAPHML) from error

    def _refuse(self, problem: str) -> InputError:
        line = self._parser.CurrentLineNumber
        return InputError(f"{self.path}, line {line}", problem, _GRAPHML)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise self._refuse(f"encoding {encoding!r}")

    def _doctype(self, *_: object) -> None:
        raise self._refuse("a document type (<!DOCTYPE …>), which could declare entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, element = name.rpartition(" ")
        if len(self._open) == _MAX_DEPTH:
            raise self._refuse(f"more than {_MAX_DEPTH} elements inside each other")
        if not self._open:
            if element != "graphml":
                raise self._refuse(f"not GraphML but <{element}>")
            self._space = space
        elif space == self._space:
            self._element(element, attributes)
        self._open.append(element if space == self._space else "")

    def _end(self, _: str) -> None:
        self._open.pop()

    def _element(self, element: str, attributes: dict[str, str]) -> None:
        if element == "graph":
            self._graphs += 1
            if self._graphs > 1:
                raise self._refuse("a second graph")
            if attributes.get("edgedefault") == "directed":
                raise self._refuse("a directed graph: acquaintance is mutual")
        elif element == "hyperedge":
            raise self._refuse("a hyperedge")
        elif self._open != ["graphml", "graph"]:
            return
        elif element == "node":
            self._node(attributes)
        elif element == "edge":
            self._edge(attributes)

    def _node(self, attributes: dict[str, str]) -> None:
        name = attributes.get("id", "")
        if name in self.nodes:
            raise self._refuse(f"a second node {name!r}")
        self._place(name)
        self.nodes[name] = None

    def _edge(self, attributes: dict[str, str]) -> None:
        source, target = attributes.get("source", ""), attributes.get("target", "")
        if attributes.get("directed") == "true":
            raise self._refuse("a directed tie: acquaintance is mutual")
        if source == target:
            raise self._refuse(f"a tie of {source!r} to itself")
        self.ends.extend((self._place(source), self._place(target)))
        self.lines.append(self._parser.CurrentLineNumber)

    def _place(self, name: str) -> int:
        where = f"{self.path}, line {self._parser.CurrentLineNumber}"
        return place_of(self.index, name, where, _GRAPHML)
