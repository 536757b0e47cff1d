from __future__ import annotations

import contextlib
import json
import random
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes import archive as archive_module
from gigsim.resumes import limits
from gigsim.resumes.archive import import_archive
from gigsim.resumes.corpus import OCCUPATIONS, load_corpus
from gigsim.resumes.describe import describe, describe_lines
from gigsim.resumes.split import TEST_SHARE, content_digest, on_test_side

LONG = " ".join(f"word{k}" for k in range(40))

#: A small archive in the published form: name without suffix, resume, labels.
PUBLISHED: dict[str, tuple[bytes, bytes]] = {
    "00001": (
        b'Web <span class="hl">Developer</span> \x95 PHP &amp; SQL\xa0\xa0it\x92s',
        b"Software_Developer\nWeb_Developer",
    ),
    "00002": ("caf\u00e9 \u2022 Administrator of databases".encode(), b"Database_Administrator"),
    "00003": (b"no label here but a resume nevertheless", b""),
    "00004": (LONG.encode(), b"Java_Developer\nSoftware_Developer"),
    "00005": ((LONG + " \u2022 more").encode(), b"Java_Developer"),
    "00006": (b"write to ada@example.org or (202) 555-0143 or www.example.org", b"Project_manager"),
    "00007": (b" ada@example.org ", b"Project_manager"),
}


def write_zip(path: Path, members: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def members_of(resumes: Mapping[str, tuple[bytes, bytes]]) -> dict[str, bytes]:
    return {
        f"resumes_corpus/{name}{suffix}": content
        for name, pair in resumes.items()
        for suffix, content in zip((".txt", ".lab"), pair, strict=True)
    }


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "resumes_corpus.zip", members_of(PUBLISHED))


class TestImport:
    def test_texts_are_clean_and_ordered_by_digest(self, published: Path):
        corpus, _ = import_archive(published)
        texts = [corpus.text(k) for k in range(len(corpus))]
        assert set(texts) == {
            "Web Developer \u2022 PHP & SQL it\u2019s",
            "caf\u00e9 \u2022 Administrator of databases",
            "no label here but a resume nevertheless",
            LONG,
            LONG + " \u2022 more",
            "write to or or",
        }
        digests = [content_digest(text) for text in texts]
        assert digests == sorted(digests)
        assert list(corpus.words) == sorted(set(" ".join(texts).split()))

    def test_labels_stay_with_their_resume(self, published: Path):
        corpus, _ = import_archive(published)
        found = {
            corpus.text(k).split()[0]: {n for n, on in zip(OCCUPATIONS, row, strict=True) if on}
            for k, row in enumerate(corpus.labels)
        }
        assert found["Web"] == {"Software_Developer", "Web_Developer"}
        assert found["caf\u00e9"] == {"Database_Administrator"}
        assert found["no"] == set()

    def test_near_duplicates_share_cluster_and_side(self, published: Path):
        corpus, _ = import_archive(published)
        rows = [k for k in range(len(corpus)) if corpus.text(k).startswith(LONG)]
        assert len(rows) == 2
        assert len(set(corpus.clusters[rows])) == 1
        assert len(np.unique(corpus.clusters)) == len(corpus) - 1
        key = min(content_digest(corpus.text(k)) for k in rows)
        assert corpus.test_side[rows].tolist() == 2 * [on_test_side(key)]

    def test_the_report_counts_what_was_done(self, published: Path):
        _, report = import_archive(published)
        assert report.as_dict() | {"label_shares": None} == {
            "read": 7,
            "other_members": 0,
            "utf8": 6,
            "cp1252": 1,
            "undefined_bytes": 0,
            "with_markup": 1,
            "tags": 2,
            "with_entities": 1,
            "entities": 1,
            "scrubbed": True,
            "personal": {
                "email": (2, 2),
                "profile_link": (0, 0),
                "web_link": (1, 1),
                "phone": (1, 1),
                "street_address": (0, 0),
            },
            "empty_dropped": 1,
            "kept": 6,
            "empty_label_sets": 1,
            "near_duplicates": 2,
            "near_duplicate_clusters": 1,
            "largest_cluster": 2,
            "training_side": report.training_side,
            "test_side": 6 - report.training_side,
            "words": 7 + 5 + 7 + 40 + 42 + 4,
            "distinct_words": 40 + 7 + 4 + 7 + 1 + 3,
            "label_shares": None,
        }
        assert report.label_shares["Java_Developer"] == pytest.approx(2 / 6)
        json.dumps(report.as_dict())
        text = "\n".join(report.lines())
        assert "scrubbed email: 2 in 2 resumes" in text
        assert "kept 6 resumes (1 without a word dropped), 1 of them without a label" in text

    def test_without_scrubbing_personal_data_stays_and_the_report_says_so(self, published: Path):
        corpus, report = import_archive(published, scrub=False)
        assert "ada@example.org" in corpus.words
        assert len(corpus) == 7
        assert "NOT scrubbed" in corpus.origin
        assert any("NOT scrubbed" in line for line in report.lines())

    def test_progress_is_told_in_words(self, published: Path):
        lines: list[str] = []
        import_archive(published, progress=lines.append)
        assert lines == ["read 7 of 7 resumes", "looking for near-duplicates"]

    def test_the_corpus_keeps_neither_file_names_nor_the_archives_name(self, published: Path):
        corpus, _ = import_archive(published)
        saved = published.with_name("corpus.npz")
        corpus.save(saved)
        assert not re.search(rb"0000\d|resumes_corpus|\.txt|\.lab", saved.read_bytes())
        assert load_corpus(saved).origin == corpus.origin

    @given(st.randoms(use_true_random=False), st.booleans())
    @settings(max_examples=20)
    def test_names_and_order_of_the_members_make_no_difference(self, tmp_path_factory, rng, scrub):
        folder = tmp_path_factory.mktemp("archive")
        numbers = rng.sample(range(10**5), len(PUBLISHED))
        renamed = {f"{k:05d}": pair for k, pair in zip(numbers, PUBLISHED.values(), strict=True)}
        members = list(members_of(renamed).items())
        rng.shuffle(members)
        for name, content in (("a", members_of(PUBLISHED)), ("b", dict(members))):
            source = write_zip(folder / f"{name}.zip", content)
            import_archive(source, scrub=scrub)[0].save(folder / f"{name}.npz")
        assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()

    def test_other_files_are_counted_not_read(self, tmp_path: Path):
        others = {"README.md": b"about", "__MACOSX/x": b"", "resumes_corpus/": b""}
        source = write_zip(tmp_path / "a.zip", members_of(PUBLISHED) | others)
        _, report = import_archive(source)
        assert report.other_members == 2
        assert "2 other files beside the resumes were not read" in report.lines()


def spoil(path: Path, old: bytes, new: bytes) -> Path:
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new))
    return path


class TestRefusals:
    """Each names the place, the problem and what would have been right."""

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ({}, "no resumes in it"),
            ({"x.md": b""}, "no resumes in it"),
            ({"a/1.txt": b"x", "a/x.md": b""}, r"'a/1.txt': has no .lab beside it"),
            ({"a/1.txt": b"x"}, r"'a/1.txt': line 1: 0 of two ':::'; one resume a line is needed"),
            ({"a/1.lab": b""}, r"'a/1.lab': has no .txt beside it"),
            ({"a/1.txt": b"x", "b/1.lab": b""}, "has no .lab beside it|has no .txt beside it"),
            (
                {"1.txt": b"x", "1.lab": b"Baker"},
                r"'1.lab': unknown label 'Baker'; labels are Data",
            ),
            ({"1.txt": b"x", "1.lab": b"\xff\xfe"}, "unknown label"),
            ({"1.txt": b" \xa0 ", "1.lab": b""}, "no resume has any text"),
            ({"../1.txt": b"x", "../1.lab": b""}, "a name that leads out of the archive"),
            ({"/1.txt": b"x", "/1.lab": b""}, "a name that leads out of the archive"),
            ({"a\\..\\1.txt": b"x"}, "a name that leads out of the archive"),
            ({"C:\\1.txt": b"x"}, "a name that leads out of the archive"),
            ({"1.txt": b"&" + b"amp;" * 99, "1.lab": b""}, r"'1.txt': .* nested more than 16 deep"),
        ],
    )
    def test_content_that_is_not_the_published_form(self, tmp_path: Path, members, message):
        source = write_zip(tmp_path / "a.zip", members)
        with pytest.raises(InputError, match=message) as error:
            import_archive(source)
        assert error.value.where.startswith(str(source))
        assert error.value.allowed

    def test_paths_that_are_no_zip_files(self, tmp_path: Path):
        text = tmp_path / "text.zip"
        text.write_text("not a zip")
        for source, problem in (
            (tmp_path / "missing.zip", "no such file"),
            (tmp_path, "not a file"),
            (text, "not a readable zip file"),
        ):
            with pytest.raises(InputError, match=problem):
                import_archive(source)

    def test_a_truncated_zip(self, published: Path):
        raw = published.read_bytes()
        published.write_bytes(raw[: len(raw) // 2])
        with pytest.raises(InputError, match="not a readable zip file"):
            import_archive(published)

    @given(st.integers(0, 10**6), st.integers(1, 255))
    @settings(max_examples=60)
    def test_a_damaged_byte_is_an_input_error_or_changes_nothing(self, tmp_path_factory, at, flip):
        """No other exception escapes, whichever byte of the zip is damaged."""
        source = tmp_path_factory.mktemp("damaged") / "a.zip"
        raw = bytearray(write_zip(source, members_of(PUBLISHED)).read_bytes())
        raw[at % len(raw)] ^= flip
        source.write_bytes(bytes(raw))
        with contextlib.suppress(InputError):
            assert len(import_archive(source)[0]) == 6

    def test_a_directory_that_hides_members(self, published: Path):
        """A comment length that swallows the next entry: zipfile reads on without a word."""
        raw = bytearray(published.read_bytes())
        first = raw.index(b"PK\x01\x02")
        second = raw.index(b"PK\x01\x02", first + 1)
        third = raw.index(b"PK\x01\x02", second + 1)
        struct.pack_into("<H", raw, first + 32, third - second)
        published.write_bytes(bytes(raw))
        with pytest.raises(InputError, match="13 of 14 members are listed"):
            import_archive(published)

    def test_a_name_with_a_nul(self, tmp_path: Path):
        source = write_zip(tmp_path / "a.zip", {"1.txt": b"x", "1.lab": b""})
        with pytest.raises(InputError, match="a name that is cut short"):
            import_archive(spoil(source, b"1.lab", b"1.\0ab"))

    def test_a_member_whose_content_does_not_match_its_checksum(self, tmp_path: Path):
        source = tmp_path / "a.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("1.txt", "a resume")
            archive.writestr("1.lab", "")
        with pytest.raises(InputError, match=r"'1.txt': unreadable \(Bad CRC"):
            import_archive(spoil(source, b"a resume", b"a resumE"))

    def test_an_encrypted_member(self, published: Path):
        raw = bytearray(published.read_bytes())
        entry = raw.index(b"PK\x01\x02")
        struct.pack_into("<H", raw, entry + 8, 0x1)
        published.write_bytes(bytes(raw))
        with pytest.raises(InputError, match="encrypted"):
            import_archive(published)

    def test_a_name_twice(self, published: Path):
        with zipfile.ZipFile(published, "a") as archive, pytest.warns(UserWarning, match="Dupl"):
            archive.writestr("resumes_corpus/00001.txt", "again")
        with pytest.raises(InputError, match=r"00001.txt': the name occurs twice"):
            import_archive(published)

    def test_an_unusual_compression(self, tmp_path: Path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("1.txt", "a resume")
            archive.writestr("1.lab", "")
        with pytest.raises(InputError, match=r"compression method 14; .* stored or deflated"):
            import_archive(tmp_path / "a.zip")

    def test_too_much_is_refused_before_anything_is_unpacked(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(archive_module, "_read", pytest.fail)
        monkeypatch.setattr(limits, "RESUME_BYTES", 1000)
        source = write_zip(tmp_path / "a.zip", {"1.txt": random.Random(1).randbytes(1001)})
        with zipfile.ZipFile(source, "a") as archive:
            archive.writestr("1.lab", "")
        with pytest.raises(InputError, match=r"'1.txt': 1,001 bytes; a resume may have 1,000"):
            import_archive(source)
        monkeypatch.setattr(limits, "TOTAL_BYTES", 100)
        source = write_zip(tmp_path / "b.zip", members_of(PUBLISHED))
        with pytest.raises(InputError, match="more than 100 bytes uncompressed; at most 100 are"):
            import_archive(source)

    def test_a_bomb_is_refused_before_anything_is_unpacked(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(archive_module, "_read", pytest.fail)
        source = write_zip(tmp_path / "a.zip", {"1.txt": b"a " * 10**6, "1.lab": b""})
        assert source.stat().st_size < 10_000
        with pytest.raises(InputError, match=r"'1.txt': 1,957 bytes that unpack to 2,000,000"):
            import_archive(source)

    def test_a_directory_that_would_fill_the_memory(self, published: Path, monkeypatch):
        monkeypatch.setattr(limits, "DIRECTORY_BYTES", 100)
        with pytest.raises(InputError, match=r"a directory of \d+ bytes; at most 100 are read"):
            import_archive(published)

    def test_too_many_resumes(self, published: Path, monkeypatch):
        monkeypatch.setattr(limits, "RESUMES", 6)
        with pytest.raises(InputError, match="more than 6 resumes; at most 6 are read"):
            import_archive(published)

    @pytest.mark.parametrize(
        ("mode", "said"),
        [
            (stat.S_IFLNK | 0o777, "a symbolic link"),
            (stat.S_IFIFO, "neither a file nor a folder"),
            (stat.S_IFCHR, "neither a file nor a folder"),
        ],
    )
    def test_a_member_that_is_no_file(self, published: Path, mode: int, said: str):
        info = zipfile.ZipInfo("resumes_corpus/9.txt")
        info.external_attr = mode << 16
        with zipfile.ZipFile(published, "a") as archive:
            archive.writestr(info, "/etc/passwd")
            archive.writestr("resumes_corpus/9.lab", "")
        with pytest.raises(InputError, match=rf"9.txt': {said}; an archive may hold plain files"):
            import_archive(published)

    def test_members_that_share_their_bytes(self, published: Path):
        """Many names for one piece of the file: small to keep, large to read."""
        raw = bytearray(published.read_bytes())
        first = raw.index(b"PK\x01\x02")
        second = raw.index(b"PK\x01\x02", first + 1)
        raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
        published.write_bytes(bytes(raw))
        with pytest.raises(InputError, match="overlaps what comes after it"):
            import_archive(published)

    @pytest.mark.parametrize("form", ["zip64", "commented"])
    def test_other_last_records_are_read(self, published: Path, form: str):
        corpus, _ = import_archive(published)
        if form == "commented":
            with zipfile.ZipFile(published, "a") as archive:
                archive.comment = b"a comment"
        else:
            raw = published.read_bytes()
            end = raw.rindex(b"PK\x05\x06")
            listed, size, offset = struct.unpack_from("<HII", raw, end + 10)
            larger = struct.pack(
                "<IQHHII4Q", 0x06064B50, 44, 45, 45, 0, 0, *2 * [listed], size, offset
            )
            locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
            last = raw[end : end + 8] + b"\xff" * 12 + raw[end + 20 :]
            published.write_bytes(raw[:end] + larger + locator + last)
        assert import_archive(published)[0].origin == corpus.origin

    def test_a_member_larger_than_its_directory_says(self, tmp_path: Path):
        """The size that was checked is the size that is read."""
        source = write_zip(tmp_path / "a.zip", {"1.txt": b"a " * 10_000, "1.lab": b""})
        raw = bytearray(source.read_bytes())
        struct.pack_into("<I", raw, raw.index(b"PK\x01\x02") + 24, 10)
        source.write_bytes(bytes(raw))
        with pytest.raises(InputError, match=r"'1.txt': unreadable"):
            import_archive(source)


@given(st.binary(max_size=400))
@settings(max_examples=50)
def test_no_bytes_are_too_strange(tmp_path_factory, raw: bytes):
    source = write_zip(
        tmp_path_factory.mktemp("bytes") / "a.zip", {"1.txt": b"word " + raw, "1.lab": b""}
    )
    try:
        corpus, _ = import_archive(source)
    except InputError as error:
        problem = error.problem
    else:
        corpus.save(source.with_suffix(".npz"))
        assert load_corpus(source.with_suffix(".npz")).words == corpus.words
        return
    assert re.search("a NUL byte|control characters or undefined", problem)


def test_clusters_never_straddle_the_split(tmp_path: Path):
    rng = random.Random(3)
    resumes = {}
    for k in range(60):
        base = [f"topic{rng.randrange(500)}" for _ in range(60)]
        for copy in range(rng.randrange(1, 4)):
            edited = [*base[:copy], *base[copy + 1 :], f"end{copy}"]
            resumes[f"{k:03d}{copy:02d}"] = (" ".join(edited).encode(), b"Project_manager")
    corpus, _ = import_archive(write_zip(tmp_path / "a.zip", members_of(resumes)))
    assert len(np.unique(corpus.clusters)) == 60
    assert 0 < corpus.test_side.sum() < len(corpus)
    for cluster in np.unique(corpus.clusters):
        assert len(set(corpus.test_side[corpus.clusters == cluster])) == 1


@pytest.mark.corpus
@pytest.mark.slow
class TestRealArchive:
    """The published archive against the figures of its description, all to the printed digits."""

    def test_sizes_labels_clusters_and_split(self, real_corpus):
        facts = describe(real_corpus)
        assert facts["resumes"] == 24_841
        assert facts["near_duplicates"]["resumes"] / 24_841 == pytest.approx(0.175, abs=0.005)
        assert facts["near_duplicates"]["largest"] == 51
        assert facts["label_sets"]["empty"] / 24_841 == pytest.approx(0.025, abs=0.001)
        assert facts["label_sets"]["cardinality_mean"] == pytest.approx(1.779, abs=0.01)
        published = (0.111, 0.134, 0.109, 0.150, 0.153, 0.095, 0.101, 0.504, 0.200, 0.221)
        for name, share in zip(OCCUPATIONS, published, strict=True):
            # The archive is a sample of the described resumes: four standard errors of a share.
            tolerance = 4 * np.sqrt(share * (1 - share) / 24_841)
            assert facts["labels"][name]["share"] == pytest.approx(share, abs=tolerance)
        assert facts["lengths"]["50%"] == pytest.approx(690, rel=0.02)
        assert facts["split"]["training"]["resumes"] >= 20_000
        clusters = facts["split"]["training"]["clusters"] + facts["split"]["test"]["clusters"]
        tolerance = 4 * np.sqrt(TEST_SHARE * (1 - TEST_SHARE) / clusters)
        assert abs(facts["split"]["test"]["clusters"] / clusters - TEST_SHARE) < tolerance
        assert any("24,841 resumes" in line for line in describe_lines(facts))

    def test_every_developer_by_language_is_a_software_developer(self, real_corpus):
        column = {name: k for k, name in enumerate(OCCUPATIONS)}
        software = real_corpus.labels[:, column["Software_Developer"]]
        for name in ("Web_Developer", "Front_End_Developer", "Java_Developer", "Python_Developer"):
            assert software[real_corpus.labels[:, column[name]]].all()

    def test_no_personal_data_of_the_known_forms_and_no_markup_is_left(self, real_corpus):
        words = real_corpus.words
        assert not [w for w in words if re.search(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", w, re.IGNORECASE)]
        assert not [w for w in words if "://" in w or w.lower().startswith("www.")]
        assert not [w for w in words if re.search(r"(linkedin|github)\.(com|io)", w.lower())]
        assert not [w for w in words if re.search(r"(?<!\d)\d{10}(?!\d)", w)]
        text = "\n".join(real_corpus.text(k) for k in range(len(real_corpus)))
        assert "<span" not in text
        assert "</span" not in text
        assert "&amp;" not in text
        assert not re.search(r"\(\d{3}\) ?\d{3}-\d{4}", text)
        assert not re.search(r"(?<![\d.])\d{3}-\d{3}-\d{4}(?!\d)", text)
        assert "\u2022" in real_corpus.words
        assert not re.search("[\u0080-\u009f\u00a0\ufffd]", text)

    def test_the_order_says_nothing_about_labels(self, real_corpus):
        """Labels of neighbours agree no more often than those of random pairs."""
        sets = real_corpus.labels @ (1 << np.arange(len(OCCUPATIONS)))
        clusters = real_corpus.clusters
        different = clusters[1:] != clusters[:-1]
        agree = (sets[1:] == sets[:-1])[different]
        chance = ((np.bincount(sets) / len(sets)) ** 2).sum()
        assert abs(agree.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / len(agree))
