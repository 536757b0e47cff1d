from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.society.network_files import MAX_BYTES, read_edge_list
from gigsim.society.network_graphml import read_graphml
from gigsim.society.networks import Network

Write = Callable[[str | bytes], str]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XMLNS = 'xmlns="http://graphml.graphdrawing.org/xmlns"'
TIE = '<node id="0"/><node id="1"/><edge source="0" target="1"/>'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes) -> str:
        path = tmp_path / "ties"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return _write


def graphml(body: str, default: str = 'edgedefault="undirected"') -> str:
    return f"{HEAD}<graphml {XMLNS}>\n<graph {default}>\n{body}\n</graph></graphml>"


def ties_of(network: Network) -> list[tuple[int, int]]:
    return sorted(
        (int(i), int(j)) for i, j in zip(*network.matrix().nonzero(), strict=True) if i < j
    )


@st.composite
def graphs(draw: st.DrawFn) -> nx.Graph:
    size = draw(st.integers(2, 12))
    pairs = [(i, j) for i in range(size) for j in range(i)]
    graph = nx.empty_graph(size)
    graph.add_edges_from(draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True)))
    return graph


SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@SAME_FOLDER
@given(
    graphs(), st.sampled_from([" ", "\t", ",", ", ", "   ", " \t "]), st.booleans(), st.booleans()
)
def test_an_edge_list_comes_back(
    tmp_path: Path, graph: nx.Graph, mark: str, both: bool, windows: bool
) -> None:
    """Also if each tie is listed in both directions; who has no tie is not in the file."""
    path = tmp_path / "ties"
    lines = [f"{i}{mark}{j}" for i, j in graph.edges()]
    lines += [f"{j}{mark}{i}" for i, j in graph.edges()] * both
    end = "\r\n" if windows else "\n"
    path.write_bytes((end.join(["# ties", "", *lines]) + end).encode("utf-8-sig"))
    network = read_edge_list(str(path), len(graph))
    assert network.kind == "edge_list"
    expected = nx.to_numpy_array(graph, nodelist=range(len(graph)))
    assert np.array_equal(network.matrix().toarray(), expected)


@SAME_FOLDER
@given(graphs(), st.permutations(range(12)))
def test_what_networkx_writes_is_read(tmp_path: Path, graph: nx.Graph, order: list[int]) -> None:
    expected = nx.to_numpy_array(graph, nodelist=range(len(graph)))
    path = tmp_path / "ties"
    nx.write_edgelist(graph, path, data=False)
    assert np.array_equal(read_edge_list(str(path), len(graph)).matrix().toarray(), expected)
    # The order of nodes says nothing where the names are the freelancers' numbers.
    shuffled = nx.Graph()
    shuffled.add_nodes_from(node for node in order if node < len(graph))
    shuffled.add_edges_from(graph.edges(), weight=2.5, label="<&>")
    nx.write_graphml(shuffled, path)
    network = read_graphml(str(path), len(graph))
    assert network.kind == "graphml"
    assert np.array_equal(network.matrix().toarray(), expected)


def test_other_names_are_numbered_in_natural_order(write: Write) -> None:
    path = write("p10,p2\np2,p1\nq,p10\np02,p1\n")
    # p1, p02, p2, p10, q: of equal numbers the one with more zeros first.
    assert ties_of(read_edge_list(path, 5)) == [(0, 1), (0, 2), (2, 3), (3, 4)]


def test_numbers_beyond_the_population_are_names(write: Write) -> None:
    path = write("10 11\n11 12\n")
    assert ties_of(read_edge_list(path, 3)) == [(0, 1), (1, 2)]
    assert ties_of(read_edge_list(path, 13)) == [(10, 11), (11, 12)]
    # A sign or a leading zero makes a name of a number.
    assert ties_of(read_edge_list(write("007 1\n"), 2)) == [(0, 1)]
    assert ties_of(read_edge_list(write("-1 0\n"), 2)) == [(0, 1)]
    long = "9" * 5000
    assert ties_of(read_edge_list(write(f"{long} 8{long}\n"), 2)) == [(0, 1)]


def test_names_with_spaces_go_with_commas_and_tabs(write: Write) -> None:
    for mark in (",", "\t"):
        path = write(f"Ann Lee{mark}Bo Ray\nBo Ray{mark} Cy\n")
        assert ties_of(read_edge_list(path, 3)) == [(0, 1), (1, 2)]


def test_a_word_that_is_a_person_is_no_header(write: Write) -> None:
    assert ties_of(read_edge_list(write("hub 1\nhub 2\n3 hub\n"), 4)) == [(0, 3), (1, 3), (2, 3)]
    assert ties_of(read_edge_list(write("ann bob\n"), 2)) == [(0, 1)]


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        ("", "ties:", "no ties"),
        ("# nothing\n\n", "ties:", "no ties"),
        ("0\n", "line 1:", "1 column;"),
        ("0 1\n\n2\n", "line 3:", "1 column;"),
        ("0 1\n0,2\n", "line 2:", "1 column;"),
        ("0,1\n0 2\n", "line 2:", "1 column;"),
        ("0 1 2.5\n", "line 1:", "3 columns; .* data=False"),
        ("0 1 # friends\n", "line 1:", "4 columns"),
        ("0,1\n,2\n", "line 2:", "without a name"),
        ("0,1\n2,\n", "line 2:", "without a name"),
        ("0,1\n2,,3\n", "line 2:", "3 columns"),
        ("0 1\n# a\n2 2\n", "line 3:", "tie of '2' to itself"),
        ("from to\n0 1\n1 2\n", "line 1:", "'from' and 'to' look like a header; .* with #"),
        ("Source,Target\nann,bob\n", "line 1:", "look like a header"),
        ("# c\nego alter\n0 1\n", "line 2:", "look like a header"),
        ('"0","1"\n', "line 1:", "quotation marks"),
        (b"0 1\n\xff\xfe 2\n", "line 2:", "not UTF-8"),
        ("0 1\n".encode("utf-16"), "line 1:", "not UTF-8"),
        (b"0 1\n1 \x002\n", "line 2:", "control character"),
        (bytes(range(256)) * 40, "line 1:", ""),
        ("0 1" + " " * 70_000, "line 1:", "longer than 65,536 bytes"),
        ("a b\nb c\n", "ties:", r"it names 3 nodes, the population has 5 people; .*size = 3"),
        ("0 1\n1 5\n", "ties:", r"it names 3 nodes.* numbers from 0 to 4 as names"),
        ("0 1\n1 x\nx y\n", "ties:", "it names 4 nodes"),
    ],
)
def test_a_bad_edge_list_is_refused_with_its_line(
    write: Write, content: str | bytes, where: str, problem: str
) -> None:
    with pytest.raises(InputError, match=f"(?s){where}.*{problem}") as caught:
        read_edge_list(write(content), 5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", [read_edge_list, read_graphml])
def test_what_is_no_file_is_refused(tmp_path: Path, reader: Callable[[str, int], Network]) -> None:
    with pytest.raises(InputError, match="nowhere: No such file"):
        reader(str(tmp_path / "nowhere"), 5)
    with pytest.raises(InputError, match="a folder"):
        reader(str(tmp_path), 5)
    with pytest.raises(InputError, match="null"):
        reader("a\0b", 5)
    with pytest.raises(InputError, match="too long"):
        reader("a" * 5000, 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a file"):
        reader(str(tmp_path / "pipe"), 5)
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match=r"2,147,483,649 bytes; at most"):
        reader(str(tmp_path / "huge"), 5)


def test_names_in_graphml_are_numbered_as_they_come(write: Write) -> None:
    body = (
        '<edge source="z" target="a"/><node id="z"/><node id="m"><data key="k">1</data></node>'
        '<node id="a"><port name="North"/></node><edge source="a" target="m" targetport="North"/>'
    )
    assert ties_of(read_graphml(write(graphml(body)), 3)) == [(0, 2), (1, 2)]


def test_what_is_not_graphmls_own_is_passed_over(write: Write) -> None:
    """Drawings (yEd) live in a namespace of their own; the default one may be left out."""
    y = 'xmlns:y="http://www.yworks.com/xml/graphml"'
    body = f'<node id="0"><data key="d"><y:node {y} id="9"/></data></node><node id="1"/>'
    body += f'<y:edge {y} source="5" target="6"/><edge source="0" target="1"/>'
    assert ties_of(read_graphml(write(graphml(body)), 2)) == [(0, 1)]
    plain = graphml(TIE).replace(XMLNS, "")
    assert ties_of(read_graphml(write(plain), 2)) == [(0, 1)]


def test_encodings_that_xml_knows(write: Write) -> None:
    body = '<node id="é"/><node id="b"/><edge source="é" target="b"/>'
    for name in ("utf-8", "utf-16", "iso-8859-1"):
        text = graphml(body).replace("UTF-8", name.upper())
        assert ties_of(read_graphml(write(text.encode(name)), 2)) == [(0, 1)]


def test_people_without_ties_need_not_be_declared(write: Write) -> None:
    network = read_graphml(write(graphml(TIE)), 6)
    assert network.degrees().tolist() == [1, 1, 0, 0, 0, 0]
    # Nobody knows anybody: a network, too.
    assert read_graphml(write(graphml('<node id="a"/><node id="b"/>')), 2).degrees().sum() == 0


LAUGHS = (
    HEAD
    + '<!DOCTYPE lolz [<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    + f']>\n<graphml {XMLNS}><graph edgedefault="undirected"><node id="&l11;"/></graph></graphml>'
)
OUTSIDE = (
    f'{HEAD}<!DOCTYPE g [<!ENTITY file SYSTEM "file:///etc/passwd">]>\n'
    f'<graphml {XMLNS}><graph edgedefault="undirected"><node id="&file;"/></graph></graphml>'
)


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        ("", "line 1:", "not XML: no element found"),
        ("0 1\n1 2\n", "line 1:", "not XML: syntax error"),
        (b"\x1f\x8b\x08\x00junk", "line 1:", "not XML"),
        (bytes(range(256)) * 40, "line 1:", "not XML"),
        (graphml("<a>" * 200), "line 4:", "more than 100 elements inside each other"),
        ("<html></html>", "line 1:", "not GraphML but <html>"),
        (f"<graphml {XMLNS}></graphml>", "ties:", "no nodes"),
        (graphml(""), "ties:", "no nodes"),
        (graphml(TIE)[:-12], "line 5:", "not XML"),
        (graphml(TIE.replace("</node", "")).replace("<edge", "<edge<"), "line 4:", "not XML"),
        (LAUGHS, "line 2:", "document type"),
        (LAUGHS.replace("UTF-8", "UTF-16").encode("utf-16"), "line 2:", "document type"),
        (OUTSIDE, "line 2:", "document type"),
        (
            graphml(TIE).replace("?>", "?><!DOCTYPE graphml SYSTEM 'x.dtd'>"),
            "line 1:",
            "document t",
        ),
        (graphml(TIE).replace("UTF-8", "UTF-7"), "line 1:", "encoding 'UTF-7'"),
        (graphml(TIE).replace("UTF-8", "rot13"), "line 1:", "encoding 'rot13'"),
        (graphml(TIE, 'edgedefault="directed"'), "line 3:", "a directed graph"),
        (graphml(TIE.replace("<edge", '<edge directed="true"')), "line 4:", "a directed tie"),
        (graphml(f'{TIE}\n<edge source="1" target="0"/>'), "line 5:", "second tie .* multigraph"),
        (graphml(f'{TIE}\n<edge source="1" target="1"/>'), "line 5:", "tie of '1' to itself"),
        (
            graphml(f'{TIE}\n<edge source="1" target="7"/>'),
            "line 5:",
            "tie to '7', which is no node",
        ),
        (graphml(f'{TIE}\n<edge source="1"/>'), "line 5:", "without a name"),
        (graphml(f'{TIE}\n<node id="1"/>'), "line 5:", "a second node '1'"),
        (graphml(f"{TIE}\n<node/>"), "line 5:", "without a name"),
        (graphml(f'{TIE}\n<node id="a&#10;b"/>'), "line 5:", "control character"),
        (graphml(f"{TIE}\n<hyperedge/>"), "line 5:", "a hyperedge"),
        (
            graphml('<node id="0">\n<graph edgedefault="undirected"/></node>'),
            "line 5:",
            "second graph",
        ),
        (graphml(TIE).replace("</graph>", "</graph>\n<graph/>"), "line 6:", "a second graph"),
        (graphml(TIE.replace('"1"', '"x"')), "ties:", r"it names 2 nodes.* population\.size = 2"),
        (graphml(TIE.replace('"1"', '"5"')), "ties:", "it names 2 nodes"),
    ],
)
def test_a_bad_graphml_file_is_refused_with_its_line(
    write: Write, content: str | bytes, where: str, problem: str
) -> None:
    with pytest.raises(InputError, match=f"(?s){where}.*{problem}") as caught:
        read_graphml(write(content), 5)
    assert "\n" not in str(caught.value)


@SAME_FOLDER
@given(st.binary(max_size=200))
def test_junk_is_a_network_or_an_input_error(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk"
    path.write_bytes(junk)
    for reader in (read_edge_list, read_graphml):
        try:
            network = reader(str(path), 3)
        except InputError:
            continue
        assert network.size == 3


@SAME_FOLDER
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_a_damaged_graphml_file_is_a_network_or_an_input_error(
    tmp_path: Path, place: int, junk: bytes
) -> None:
    whole = graphml(TIE).encode()
    path = tmp_path / "damaged"
    path.write_bytes(whole[:place] + junk + whole[place + len(junk) :])
    try:
        network = read_graphml(str(path), 3)
    except InputError:
        return
    assert network.size == 3
