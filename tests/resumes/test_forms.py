"""The same resumes in every form are the same corpus; which form a source is of."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes.archive import import_archive
from gigsim.resumes.corpus import OCCUPATIONS, Corpus, load_corpus
from gigsim.resumes.forms import FORMS, find_form, import_corpus
from tests.malformed.corpora import zipped

#: Text as bytes, labels.
Resume = tuple[bytes, Sequence[str]]

RESUMES: list[Resume] = [
    (b'Web <span class="hl">Developer</span> \x95 PHP &amp; SQL\xa0 it\x92s', OCCUPATIONS[7:10:2]),
    ("café ::: \u2022 \u201cAdministrator\u201d, of; databases".encode(), OCCUPATIONS[:1]),
    (b"no label here but a resume nevertheless", ()),
    (b'"quoted", and "again" ada@example.org', OCCUPATIONS[4:5]),
    (b"one two three four five six seven", OCCUPATIONS[2:5]),
    (b"one two three four five six seven", OCCUPATIONS[2:5]),
    (b"one two three four five six seven", OCCUPATIONS[:1]),
    (b"ada@example.org", OCCUPATIONS[5:6]),
]


def decoded(raw: bytes) -> str:
    """As a person would who makes a table of the files."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def members(resumes: Sequence[Resume]) -> dict[str, bytes]:
    return {
        f"resumes_corpus/{k:05d}{ending}": content
        for k, (text, labels) in enumerate(resumes)
        for ending, content in ((".txt", text), (".lab", "\n".join(labels).encode()))
    }


def every_form(folder: Path, resumes: Sequence[Resume]) -> dict[str, Path]:
    """The resumes in each form that there is, some of them in several ways."""
    lines = b"".join(
        b"%d.txt:::%b:::%b\n" % (k, ";".join(labels).encode(), text)
        for k, (text, labels) in enumerate(resumes)
    )
    texts = [decoded(text) for text, _ in resumes]
    lists = [list(labels) for _, labels in resumes]
    joined = [";".join(labels) for labels in lists]
    rows = io.StringIO()
    csv.writer(rows).writerows([["text", "labels"], *zip(texts, joined, strict=True)])
    dicts = [{"labels": b, "n": 1, "text": a} for a, b in zip(texts, lists, strict=True)]
    table = pd.DataFrame({"n": range(len(texts)), "text": texts, "labels": joined})
    jsonl = "\n".join(map(json.dumps, dicts)).encode()
    contents = {
        "archive.zip": zipped(members(resumes)),
        "lines.zip": zipped({"resumes_sample.txt": lines}),
        "lines.txt": lines,
        "lines": lines,
        "lines.txt.gz": gzip.compress(lines),
        "utf8.csv": b"\xef\xbb\xbf" + rows.getvalue().encode(),
        "table.csv.gz": gzip.compress(rows.getvalue().encode()),
        "table.jsonl": jsonl,
        "table.data": jsonl,
        "table.ndjson.gz": gzip.compress(jsonl),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    table.to_csv(folder / "pandas.csv", index=False, quoting=csv.QUOTE_ALL)
    table.to_parquet(folder / "joined.parquet")
    table.astype({"text": "category", "labels": "category"}).to_parquet(folder / "category.parquet")
    table.assign(labels=lists).to_parquet(folder / "lists.parquet", compression="zstd")
    table.assign(labels=lists, text=[text for text, _ in resumes]).to_parquet(
        folder / "bytes.parquet"
    )
    for name, content in members(resumes).items():
        path = folder / "extracted" / "deep" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {path.name: path for path in folder.iterdir()}


def same(one: Corpus, other: Corpus) -> bool:
    arrays = ("tokens", "offsets", "labels", "clusters", "test_side")
    return (
        one.words == other.words
        and one.label_names == other.label_names
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and one.origin.split(", ")[1:] == other.origin.split(", ")[1:]
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return every_form(tmp_path_factory.mktemp("forms"), RESUMES)


class TestOneCorpus:
    def test_from_every_form(self, sources: dict[str, Path]) -> None:
        published, report = import_archive(sources["archive.zip"])
        assert len(published) == 7
        assert published.label_names == OCCUPATIONS
        assert len(sources) == 16
        for name, source in sources.items():
            corpus, other = import_corpus(source)
            assert same(corpus, published), name
            assert other.label_shares == report.label_shares
            kind = "published resume archive" if source.suffix in ("", ".zip", ".txt") else None
            assert kind is None or corpus.origin == published.origin

    def test_published_forms_give_the_same_bytes(
        self, sources: dict[str, Path], tmp_path: Path
    ) -> None:
        names = ("archive.zip", "extracted", "lines.txt", "lines.zip", "lines.txt.gz")
        for name in names:
            import_corpus(sources[name])[0].save(tmp_path / name)
        assert len({(tmp_path / name).read_bytes() for name in names}) == 1

    def test_nothing_of_a_source_but_its_resumes_is_kept(
        self, sources: dict[str, Path], tmp_path: Path
    ) -> None:
        for name, source in sources.items():
            import_corpus(source)[0].save(tmp_path / "c.npz")
            saved = (tmp_path / "c.npz").read_bytes()
            assert source.name.encode() not in saved or source.name == "lines", name
            assert b".txt" not in saved
            assert b"example.org" not in saved

    @given(
        st.lists(
            st.tuples(
                st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=60),
                st.lists(st.sampled_from(OCCUPATIONS), unique=True, max_size=3),
            ),
            min_size=2,
            max_size=6,
        ),
        st.sampled_from(["utf-8", "cp1252"]),
    )
    @settings(max_examples=6)
    def test_from_any_resumes(
        self, tmp_path_factory: pytest.TempPathFactory, resumes, encoding: str
    ) -> None:
        raw = [(f"word {text}".encode(encoding), labels) for text, labels in resumes]
        raw.append((b"another", OCCUPATIONS[:2]))
        sources = every_form(tmp_path_factory.mktemp("forms"), raw)
        published, _ = import_archive(sources["archive.zip"])
        for name, source in sources.items():
            # Each Parquet file takes a process, and one of them shows what there is to see.
            if source.suffix != ".parquet" or name == "lists.parquet":
                assert same(import_corpus(source)[0], published), name


class TestFindForm:
    def test_by_content_and_name(self, sources: dict[str, Path]) -> None:
        found = {name: find_form(source) for name, source in sources.items()}
        assert found == {
            "archive.zip": "archive",
            "lines.zip": "archive",
            "extracted": "folder",
            "lines": "one-file",
            "lines.txt": "one-file",
            "lines.txt.gz": "one-file",
            "utf8.csv": "csv",
            "table.csv.gz": "csv",
            "pandas.csv": "csv",
            "table.jsonl": "jsonl",
            "table.data": "jsonl",
            "table.ndjson.gz": "jsonl",
            **{f"{name}.parquet": "parquet" for name in ("joined", "category", "lists", "bytes")},
        }
        assert set(found.values()) == set(FORMS)

    def test_the_name_matters_less_than_the_first_bytes(
        self, sources: dict[str, Path], tmp_path: Path
    ) -> None:
        for name, form in (("archive.zip", "archive"), ("joined.parquet", "parquet")):
            (tmp_path / "x.csv").write_bytes(sources[name].read_bytes())
            assert find_form(tmp_path / "x.csv") == form

    def test_a_form_can_be_named(self, sources: dict[str, Path], tmp_path: Path) -> None:
        path = tmp_path / "x.dat"
        path.write_bytes(sources["pandas.csv"].read_bytes())
        with pytest.raises(InputError, match="of none of the forms that are known; resumes come"):
            import_corpus(path)
        assert len(import_corpus(path, form="csv")[0]) == 7


class TestLabels:
    def table(self, folder: Path, rows: Sequence[tuple[str, str]], head: str = "text,labels"):
        path = folder / "x.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(head + "\n")
            csv.writer(file).writerows(rows)
        return path

    def test_others_become_the_columns_sorted(self, tmp_path: Path) -> None:
        path = self.table(tmp_path, [("a b", " Cook;Baker"), ("c d", ""), ("e f", "Smith;;Cook ")])
        corpus, report = import_corpus(path)
        assert corpus.label_names == ("Baker", "Cook", "Smith")
        found = {corpus.text(k): row.tolist() for k, row in enumerate(corpus.labels)}
        assert found == {
            "a b": [True, True, False],
            "c d": [False, False, False],
            "e f": [False, True, True],
        }
        assert report.label_shares["Cook"] == pytest.approx(2 / 3)
        corpus.save(tmp_path / "c.npz")
        assert load_corpus(tmp_path / "c.npz").label_names == corpus.label_names

    def test_a_mixture_with_occupations_is_taken_as_it_is(self, tmp_path: Path) -> None:
        path = self.table(tmp_path, [("a b", "Java_Developer"), ("c d", "Baker")])
        assert import_corpus(path)[0].label_names == ("Baker", "Java_Developer")

    def test_some_occupations_are_all_of_them(self, tmp_path: Path) -> None:
        path = self.table(tmp_path, [("a b", "Java_Developer")])
        assert import_corpus(path)[0].label_names == OCCUPATIONS

    def test_columns_and_separator_are_named(self, tmp_path: Path) -> None:
        rows = [("Cook|Baker", "a b"), ("Cook", "c d")]
        path = self.table(tmp_path, rows, "jobs,what is written")
        corpus, _ = import_corpus(path, text="what is written", labels="jobs", separator="|")
        assert corpus.label_names == ("Baker", "Cook")

    def test_the_digest_knows_the_labels_names(self, tmp_path: Path) -> None:
        origins = {
            import_corpus(self.table(tmp_path, [("a b", "Cook"), ("c d", last)]))[0].origin
            for last in ("Smith", "Tailor")
        }
        assert len(origins) == 2

    def test_as_many_as_bits_can_tell_apart(self, tmp_path: Path) -> None:
        from gigsim.population import label_set_numbers

        rows = [(f"text {k}", f"label {k:02d}") for k in range(62)]
        corpus, _ = import_corpus(self.table(tmp_path, rows))
        assert len(corpus.label_names) == 62
        numbers = label_set_numbers(corpus.labels)
        assert len(set(numbers.tolist())) == 62
        assert (numbers > 0).all()


def test_progress_without_a_known_total(sources: dict[str, Path]) -> None:
    for name, last in (("lists.parquet", "read 8 of 8 resumes"), ("table.jsonl", None)):
        told: list[str] = []
        import_corpus(sources[name], progress=told.append)
        assert told == [*([last] if last else []), "looking for near-duplicates"]


@pytest.mark.corpus
@pytest.mark.slow
def test_the_real_archive_extracted_and_in_one_file(
    real_corpus_zip: Path, real_corpus_path: Path, tmp_path: Path
) -> None:
    import zipfile

    with zipfile.ZipFile(real_corpus_zip) as archive:
        names = sorted(n[:-4] for n in archive.namelist() if n.endswith(".txt"))
        with (tmp_path / "lines.txt").open("wb") as out:
            for name in names:
                labels = b";".join(archive.read(f"{name}.lab").split())
                out.write(b":::".join((name.encode(), labels, archive.read(f"{name}.txt"))) + b"\n")
    import_corpus(tmp_path / "lines.txt")[0].save(tmp_path / "c.npz")
    assert (tmp_path / "c.npz").read_bytes() == real_corpus_path.read_bytes()
