from __future__ import annotations

import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes.corpus import OCCUPATIONS
from gigsim.resumes.language import Language, latent_rows
from gigsim.resumes.language_file import SHIPPED, load_language
from gigsim.resumes.language_words import DEBRIS, is_plain_word, read_names
from tests.resumes.toys import small_language


def within_4_se(share: float, expected: float, n: int) -> bool:
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / n)


def test_latent_rows_are_levels_times_dominance_patterns() -> None:
    sets, levels, dominant = latent_rows(
        np.array([[0, 0, 0], [0, 1, 0], [1, 0, 1]], dtype=bool), levels=2
    )
    assert list(zip(sets.tolist(), levels.tolist(), dominant.tolist(), strict=True)) == [
        (0, 0, -1),
        (1, 0, -1),
        (1, 1, -1),
        (2, 0, -1),
        (2, 0, 0),
        (2, 0, 2),
        (2, 1, -1),
        (2, 1, 0),
        (2, 1, 2),
    ]


def test_row_laws_by_hand() -> None:
    language = small_language()
    mixtures = dict(
        zip(
            zip(*(a.tolist() for a in latent_rows(language.label_sets, 2)), strict=True),
            language.row_mixtures.tolist(),
            strict=True,
        )
    )
    assert mixtures[0, 0, -1] == pytest.approx([1, 0, 0, 0])
    assert mixtures[1, 1, -1] == pytest.approx([0.1, 0.9, 0, 0])
    assert mixtures[3, 0, -1] == pytest.approx([0.6, 0, 0.2, 0.2])
    assert mixtures[3, 0, 2] == pytest.approx([0.6, 0, 0.4 * 0.2, 0.4 * 0.8])
    assert mixtures[4, 1, 0] == pytest.approx([0.1, 0.9 * 0.7, 0.9 * 0.15, 0.9 * 0.15])
    np.testing.assert_allclose(language.row_mixtures.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(language.row_words.sum(axis=1), 1, rtol=1e-13)
    np.testing.assert_allclose(language.row_prior.sum(), 1, rtol=1e-14)
    np.testing.assert_allclose(
        np.bincount(language.row_sets, language.row_prior), np.array([1, 5, 4, 3, 2]) / 15
    )
    assert language.base_rates == pytest.approx([7 / 15, 9 / 15, 5 / 15])
    assert language.floor(1) == pytest.approx(0.1 * 9 / 15)


def test_sample_has_the_form_of_a_corpus() -> None:
    language = small_language()
    corpus = language.sample(50, np.random.default_rng(0), test_side=True)
    assert len(corpus) == 50
    assert corpus.words == language.words
    assert corpus.label_names == language.label_names
    assert corpus.test_side.all()
    assert not language.sample(3, np.random.default_rng(0)).test_side.any()
    assert len(np.unique(corpus.clusters)) == 50
    assert set(corpus.lengths.tolist()) <= {2, 4, 5}
    assert corpus.tokens.dtype == np.uint32
    assert corpus.tokens.max() < 6
    assert "language" in corpus.origin
    empty = language.sample(0, np.random.default_rng(0))
    assert len(empty) == 0
    assert empty.labels.shape == (0, 3)


@given(seed=st.integers(0, 2**32), few=st.integers(0, 40), more=st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_a_larger_sample_starts_with_the_smaller_one(seed: int, few: int, more: int) -> None:
    language = small_language()
    short = language.sample(few, np.random.default_rng(seed))
    long = language.sample(few + more, np.random.default_rng(seed))
    assert short.tokens.tobytes() == long.select(np.arange(few)).tokens.tobytes()
    assert short.labels.tobytes() == long.labels[:few].tobytes()


def test_a_sample_does_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language()
    whole = language.sample(100, np.random.default_rng(3))
    monkeypatch.setattr("gigsim.resumes.language._CHUNK", 7)
    pieces = language.sample(100, np.random.default_rng(3))
    assert whole.tokens.tobytes() == pieces.tokens.tobytes()
    assert whole.labels.tobytes() == pieces.labels.tobytes()


def test_sampled_labels_and_lengths_follow_their_laws() -> None:
    language, n = small_language(rho=0.5), 40_000
    corpus = language.sample(n, np.random.default_rng(1))
    for row, prior in zip(language.label_sets, language.set_prior, strict=True):
        assert within_4_se(float((corpus.labels == row).all(axis=1).mean()), prior, n)
    for length, share in ((2, 3 / 6), (4, 1 / 6), (5, 2 / 6)):
        assert within_4_se(float((corpus.lengths == length).mean()), share, n)
        # Length is independent of the label set.
        of_length = corpus.labels[corpus.lengths == length]
        assert within_4_se(
            float((of_length == language.label_sets[1]).all(axis=1).mean()),
            language.set_prior[1],
            len(of_length),
        )


def test_every_position_has_the_same_law_and_words_repeat() -> None:
    """Exchangeable: p at every position, and two positions agree as the Dirichlet says."""
    language, n = small_language(), 40_000
    corpus = language.sample(n, np.random.default_rng(2))
    documents = corpus.select(np.flatnonzero(corpus.lengths == 5)).tokens.reshape(-1, 5)
    marginal = language.row_prior @ language.row_words
    for position in range(5):
        for word in range(6):
            share = float((documents[:, position] == word).mean())
            assert within_4_se(share, marginal[word], len(documents))
    # P(same word at two positions | row) = sum_w p_w (A p_w + 1) / (A + 1)
    A = language.concentration
    rows = language.row_words
    twice = float(language.row_prior @ (rows * (A * rows + 1) / (A + 1)).sum(axis=1))
    for one, other in ((0, 1), (0, 4), (2, 3)):
        share = float((documents[:, one] == documents[:, other]).mean())
        assert within_4_se(share, twice, len(documents))


def test_save_and_load_are_inverse_to_the_byte(tmp_path) -> None:
    language = small_language()
    language.save(tmp_path / "one.npz")
    loaded = load_language(tmp_path / "one.npz")
    loaded.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    for field in fields(Language):
        one, two = getattr(language, field.name), getattr(loaded, field.name)
        assert type(one) is type(two)
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(
        language.sample(20, np.random.default_rng(0)).tokens,
        loaded.sample(20, np.random.default_rng(0)).tokens,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npz", "two.npz"]


def test_the_language_that_ships() -> None:
    language = load_language()
    assert SHIPPED.stat().st_size <= 300_000
    assert language.label_names == OCCUPATIONS
    assert language.rho == 0.03
    assert len(language.words) == 3000
    assert all(is_plain_word(word) for word in language.words)
    assert not (set(language.words) & (read_names() | DEBRIS))
    assert language.set_counts.min() >= 5
    corpus = language.sample(2000, np.random.default_rng(0))
    assert corpus.lengths.min() >= 20
    assert corpus.lengths.max() == 120
    for label in range(len(OCCUPATIONS)):
        assert 0.002 < language.floor(label) < 0.03


def test_the_shipped_words_hold_no_common_name() -> None:
    """A list written apart from the one that ships, against slips in either."""
    names = set(
        """james john robert michael david richard joseph thomas charles christopher daniel
    matthew anthony donald steven paul andrew joshua kenneth kevin brian george timothy ronald
    jason edward jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon
    benjamin samuel gregory raymond patrick alexander jerry mary patricia jennifer linda elizabeth
    barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley kimberly emily donna
    michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia kathleen amy angela
    smith johnson williams jones garcia miller davis rodriguez martinez hernandez lopez gonzalez
    wilson anderson thomas taylor jackson martin lee perez thompson white harris sanchez clark
    ramirez lewis robinson walker allen wright scott torres nguyen hill flores adams nelson baker
    rivera campbell mitchell carter roberts patel singh kumar sharma gupta reddy rao khan shah chen
    wang li zhang liu kim park tran pham ali mohammed ahmed""".split()  # noqa: SIM905
    )
    ordinary = {"white", "hill", "baker", "park"}
    assert not set(load_language().words) & (names - ordinary)


BAD = {
    "codes": {"codes": np.zeros((3, 6), dtype=np.uint8)},
    "codes as floats": {"codes": np.zeros((4, 6))},
    "low": {"low": np.full(4, np.nan)},
    "words": {"words": ("a", "a", "c", "d", "e", "f")},
    "label_sets": {"label_sets": np.zeros((5, 3), dtype=bool)},
    "set_counts": {"set_counts": np.array([0, 5, 4, 3, 2], dtype=np.int64)},
    "shares": {"shares": np.array([0.4, 1.9])},
    "dominance": {"dominance": np.array([0.8, 0.7])},
    "row_weights": {"row_weights": np.ones(3, dtype=np.float32)},
    "concentration": {"concentration": 0.0},
    "rho": {"rho": 1.5},
    "length_counts": {"length_counts": np.array([1, 2], dtype=np.int64)},
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_a_language_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name.split()[0]):
        replace(small_language(), **BAD[name])


def test_bad_files_are_input_errors(tmp_path) -> None:
    good = tmp_path / "good.npz"
    small_language().save(good)
    with pytest.raises(InputError, match="no such file"):
        load_language(tmp_path / "none.npz")
    with pytest.raises(InputError, match="no such file"):
        load_language(tmp_path)
    broken = tmp_path / "broken.npz"
    whole = good.read_bytes()
    damaged = bytearray(whole)
    damaged[60:90] = bytes(30)
    other = tmp_path / "other.npz"
    np.savez(other, schema_version=np.int64(1), codes=np.zeros(3))
    newer = tmp_path / "newer.npz"
    np.savez(newer, schema_version=np.int64(99))
    single = tmp_path / "single.npz"
    np.save(single.open("wb"), np.zeros(3))
    for content in (
        b"",
        b"not an archive",
        whole[: len(whole) // 2],
        bytes(damaged),
        other.read_bytes(),
        newer.read_bytes(),
        single.read_bytes(),
    ):
        broken.write_bytes(content)
        with pytest.raises(InputError, match="not a gigsim language") as error:
            load_language(broken)
        assert str(broken) in str(error.value)
        assert "gigsim corpus fit" in str(error.value)


def test_a_file_of_objects_or_of_too_many_bytes_is_refused(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.npz"
    small_language().save(path)
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    monkeypatch.setattr("gigsim.resumes.language_file._LARGEST", size - 1)
    with pytest.raises(InputError, match="more than"):
        load_language(path)
    monkeypatch.undo()
    np.savez(path, schema_version=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(InputError, match="not a gigsim language"):
        load_language(path)
