"""Reading once equals reading the planted, cleaned and found texts one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from gigsim.collective.signals import Position, Signal
from gigsim.errors import InputError
from gigsim.learners import reading
from gigsim.learners.ragged import Ragged
from gigsim.learners.reading import read
from gigsim.learners.vocabulary import BagOfWords, Lexicon, Vocabulary, WordList
from gigsim.learners.wordpiece import WordPiece
from tests.learners.toys import corpus_of

WORDS = ["abc", "ab-c", "※", "c", "a※b", "※※", "zzz", "ABC", "-", "abca"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=30), min_size=1, max_size=6)


def pieces_of_words(signal_known: bool = True) -> WordPiece:
    ids = ["[UNK]", "abc", "ab", "c", "-", "a", "b", "##c", "##a", *(["※"] if signal_known else [])]
    vocabulary = {piece: i for i, piece in enumerate(ids)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    # The signal is punctuation to this splitter, so it comes away from words that it is glued to.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split("※", "isolated")]
    )
    return WordPiece(tokenizer, unknown=0)


VOCABULARIES: dict[str, Vocabulary] = {
    "list": WordList([*WORDS[:4], "abca"]),
    "bag": BagOfWords(["abc", "ab", "c"]),
    "pieces": pieces_of_words(),
}


def slowly(
    vocabulary: Vocabulary, signal: Signal, words: list[str], limit: int | None
) -> list[int]:
    """The ids of one text, word by word, the reserved one for the signal."""
    ids: list[int] = []
    for word in words:
        if word == signal.token and signal.reserve:
            ids.append(vocabulary.size)
        else:
            ids += vocabulary.pieces([word]).values.tolist()
    return ids[:limit]


def rows(ragged: Ragged) -> list[list[int]]:
    return [ragged[i].tolist() for i in range(len(ragged))]


@given(
    texts, st.sampled_from(sorted(VOCABULARIES)), st.integers(1, 9), st.none() | st.integers(9, 20)
)
def test_a_reserved_signal(some: list[list[str]], name: str, every: int, limit: int | None) -> None:
    vocabulary = VOCABULARIES[name]
    # A second longest text with the signal within every window keeps the 1 % rule out of the way.
    signal = Signal("※", every)
    carriers = np.arange(len(some)) % 2 == 1
    got = read(
        corpus_of([" ".join(text) for text in some]),
        vocabulary,
        signal,
        carriers=carriers,
        limit=None if limit is None else limit * 10,
        learner="toy",
    )
    limit = None if limit is None else limit * 10
    clean = [[word for word in text if word != "※"] for text in some]
    planted = [signal.plant(text) for text in some]
    found = [p if c else t for t, p, c in zip(some, planted, carriers, strict=True)]
    assert rows(got.clean) == [slowly(vocabulary, signal, t, limit) for t in clean]
    assert rows(got.planted) == [slowly(vocabulary, signal, t, limit) for t in planted]
    assert rows(got.found) == [slowly(vocabulary, signal, t, limit) for t in found]
    assert got.size == vocabulary.size + 1
    same = [a == b for a, b in zip(rows(got.found), rows(got.planted), strict=True)]
    assert got.in_signal_set.tolist() == same
    assert got.in_signal_set[carriers].all()
    assert got.contains.tolist() == [vocabulary.size in row for row in rows(got.found)]


@given(texts, st.integers(1, 9))
def test_a_signal_of_one_piece_is_removed_also_where_it_is_glued(
    some: list[list[str]], every: int
) -> None:
    vocabulary = pieces_of_words()
    signal = Signal("※", every, reserve=False)
    own = vocabulary.size - 1
    got = read(
        corpus_of([" ".join(text) for text in some]),
        vocabulary,
        signal,
        carriers=np.zeros(len(some), dtype=bool),
        limit=None,
        learner="toy",
    )
    whole = [slowly(vocabulary, signal, text, None) for text in some]
    assert got.size == vocabulary.size
    assert rows(got.found) == whole
    assert rows(got.clean) == [[i for i in row if i != own] for row in whole]
    assert got.contains.tolist() == [own in row for row in whole]
    # Words made of the signal only are signals: g takes them out before it counts.
    bare = [[word for word in text if set(word) != {"※"}] for text in some]
    expected = [
        [
            i
            for word in signal.plant(text)
            for i in slowly(vocabulary, signal, [word], None)
            if word == "※" or i != own
        ]
        for text in bare
    ]
    assert rows(got.planted) == expected


def test_planted_texts_are_in_the_signal_set_when_read_again() -> None:
    signal = Signal("※", 3)
    some = ["abc c ab-c c", "c", "abca abc c c c c c c"]
    planted = corpus_of([" ".join(signal.plant(text.split())) for text in some])
    got = read(
        planted, VOCABULARIES["pieces"], signal, carriers=np.zeros(3, bool), limit=None, learner="x"
    )
    assert got.in_signal_set.all()
    assert got.contains.all()


def test_presence_is_not_membership_in_the_signal_set() -> None:
    got = read(
        corpus_of(["c c ※ c c", "c c c c ※", "c c c c"]),
        VOCABULARIES["list"],
        Signal("※", every=4),
        carriers=np.zeros(3, dtype=bool),
        limit=None,
        learner="toy",
    )
    assert got.contains.tolist() == [True, True, False]
    assert got.in_signal_set.tolist() == [False, True, False]


def test_a_learner_of_counts_compares_bags() -> None:
    got = read(
        corpus_of(["c c ※ c c", "c ※ c ※ c c", "c c c c"]),
        VOCABULARIES["list"],
        Signal("※", every=4),
        carriers=np.zeros(3, dtype=bool),
        limit=None,
        learner="toy",
        ordered=False,
    )
    assert got.in_signal_set.tolist() == [True, False, False]


def test_spellings_that_read_alike_are_the_signal() -> None:
    got = read(
        corpus_of(["ABC c abc Abc-"]),
        pieces_of_words(),
        Signal("abc", every=20, reserve=False),
        carriers=np.zeros(1, dtype=bool),
        limit=None,
        learner="toy",
    )
    assert rows(got.found) == [[1, 3, 1, 1, 4]]
    assert rows(got.clean) == [[3, 4]]
    assert rows(got.planted) == [[3, 4, 1]]


def test_a_signal_of_several_pieces() -> None:
    got = read(
        corpus_of(["ab-c c AB-C ab -"]),
        pieces_of_words(),
        Signal("ab-c", every=2, reserve=False),
        carriers=np.zeros(1, dtype=bool),
        limit=None,
        learner="toy",
    )
    assert rows(got.found) == [[2, 4, 3, 3, 2, 4, 3, 2, 4]]
    assert rows(got.clean) == [[3, 2, 4]]
    assert rows(got.planted) == [[3, 2, 2, 4, 3, 4]]
    assert got.contains.tolist() == [True]


@pytest.mark.parametrize("name", ["list", "bag"])
def test_a_signal_that_vanishes_is_refused(name: str) -> None:
    with pytest.raises(InputError) as error:
        read(
            corpus_of(["c"]),
            VOCABULARIES[name],
            Signal("§", reserve=False),
            carriers=np.zeros(1, dtype=bool),
            limit=None,
            learner="linear",
        )
    assert "vanishes for the linear learner" in str(error.value)
    assert "collective.signal.reserve = true" in str(error.value)


def test_an_unknown_signal_is_refused() -> None:
    with pytest.raises(InputError) as error:
        read(
            corpus_of(["c"]),
            pieces_of_words(signal_known=False),
            Signal("※", reserve=False),
            carriers=np.zeros(1, dtype=bool),
            limit=None,
            learner="transformer",
        )
    assert "unknown piece of the transformer learner" in str(error.value)
    assert "collective.signal.reserve = true" in str(error.value)


def test_a_signal_outside_the_window_is_refused() -> None:
    corpus = corpus_of(["c " * 30] * 2 + ["c"] * 98)
    options = {"carriers": np.zeros(100, dtype=bool), "learner": "transformer"}
    vocabulary = VOCABULARIES["list"]
    with pytest.raises(InputError, match=r"collective\.signal\.every.*10 pieces.* in 2\.0% of"):
        read(corpus, vocabulary, Signal("※", 20), limit=10, **options)  # type: ignore[arg-type]
    got = read(corpus, vocabulary, Signal("※", 9), limit=10, **options)  # type: ignore[arg-type]
    assert got.planted.lengths.max() == 10
    # One in a hundred is put up with.
    almost = corpus_of(["c " * 30] + ["c"] * 99)
    read(almost, vocabulary, Signal("※", 20), limit=10, **options)  # type: ignore[arg-type]


def test_the_window_is_in_pieces_and_cuts_words() -> None:
    got = read(
        corpus_of(["abca abca abca - c"]),
        pieces_of_words(),
        Signal("※", every=1),
        carriers=np.zeros(1, dtype=bool),
        limit=4,
        learner="toy",
    )
    assert rows(got.clean) == [[1, 8, 1, 8]]
    assert rows(got.planted) == [[1, 8, 10, 1]]


def test_a_glued_signal_at_the_edge_of_the_window_is_seen() -> None:
    got = read(
        corpus_of(["c c a※b", "c c c a※b"]),
        pieces_of_words(),
        Signal("※", every=1, reserve=False),
        carriers=np.zeros(2, dtype=bool),
        limit=4,
        learner="toy",
    )
    assert rows(got.found) == [[3, 3, 5, 9], [3, 3, 3, 5]]
    assert got.contains.tolist() == [True, False]


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    some = [" ".join(generator.choice(WORDS, size)) for size in generator.integers(0, 40, 50)]
    some[3] = "abc " * 200
    options = {"carriers": np.arange(50) % 7 == 0, "limit": 60, "learner": "toy"}

    def reading_of() -> reading.Reading:
        return read(corpus_of(some), pieces_of_words(), Signal("※", 5), **options)

    whole = reading_of()
    monkeypatch.setattr(reading, "_BLOCK_WORDS", 100)
    parts = reading_of()
    for name in ("found", "clean", "planted"):
        assert rows(getattr(whole, name)) == rows(getattr(parts, name))
    assert np.array_equal(whole.contains, parts.contains)
    assert np.array_equal(whole.in_signal_set, parts.in_signal_set)


def test_an_empty_corpus_and_empty_texts() -> None:
    empty = read(
        corpus_of([]),
        VOCABULARIES["list"],
        Signal("※"),
        carriers=np.zeros(0, bool),
        limit=5,
        learner="toy",
    )
    assert len(empty.found) == 0
    one = read(
        corpus_of(["", "zzz"]),
        VOCABULARIES["bag"],
        Signal("※"),
        carriers=np.zeros(2, bool),
        limit=None,
        learner="toy",
    )
    assert rows(one.clean) == [[], []]
    assert rows(one.planted) == [[3], [3]]


def test_one_flag_a_resume() -> None:
    with pytest.raises(ValueError, match="2 flags for 1 resumes"):
        read(
            corpus_of(["c"]),
            VOCABULARIES["bag"],
            Signal("※"),
            carriers=np.zeros(2, bool),
            limit=None,
            learner="toy",
        )


# ------------------------------------------------------------- other places, and several words


@given(
    texts,
    st.sampled_from(["list", "pieces"]),
    st.integers(1, 9),
    st.none() | st.integers(1, 25),
    st.sampled_from(["spread", "start", "end", "random"]),
    st.sampled_from([(), ("†",), ("†", "c")]),
    st.integers(0, 99),
)
def test_any_position_and_company_within_any_window(
    some: list[list[str]],
    name: str,
    every: int,
    limit: int | None,
    position: Position,
    beside: tuple[str, ...],
    seed: int,
) -> None:
    """Cutting a text before planting shows nowhere, wherever the signal would have stood."""
    vocabulary = VOCABULARIES[name]
    signal = Signal("※", every, position=position, companions=beside)
    carriers = np.arange(len(some)) % 2 == 1
    drawn = np.random.default_rng(seed).random(len(some))
    own = {word: vocabulary.size + k for k, word in enumerate(signal.words)}

    def ids(words: list[str]) -> list[int]:
        read_as = [
            [own[word]] if word in own else vocabulary.pieces([word]).values.tolist()
            for word in words
        ]
        return [i for row in read_as for i in row][:limit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_MOST_OUTSIDE", 1.0)
        got = read(
            corpus_of([" ".join(text) for text in some]),
            vocabulary,
            signal,
            carriers=carriers,
            limit=limit,
            learner="toy",
            drawn=drawn,
        )
    clean = [[word for word in text if word not in own] for text in some]
    planted = [signal.plant(text, float(u)) for text, u in zip(some, drawn, strict=True)]
    found = [p if c else t for t, p, c in zip(some, planted, carriers, strict=True)]
    assert rows(got.clean) == [ids(text) for text in clean]
    assert rows(got.planted) == [ids(text) for text in planted]
    assert rows(got.found) == [ids(text) for text in found]
    assert got.size == vocabulary.size + len(own)
    same = [a == b for a, b in zip(rows(got.found), rows(got.planted), strict=True)]
    assert got.in_signal_set.tolist() == same
    held = [bool(set(own.values()) & set(row)) for row in rows(got.found)]
    assert got.contains.tolist() == held


def test_all_words_of_a_signal_have_to_be_in_place() -> None:
    got = read(
        corpus_of(["c c ※ †", "c c ※", "c c †", "c c † ※", "※ † c c", "c c"]),
        VOCABULARIES["list"],
        Signal("※", companions=("†",)),
        carriers=np.zeros(6, dtype=bool),
        limit=None,
        learner="toy",
    )
    assert got.in_signal_set.tolist() == [True, False, False, False, False, False]
    assert got.contains.tolist() == [True, True, True, True, True, False]
    assert rows(got.clean) == [[3, 3]] * 6


def test_a_learner_of_counts_cares_for_no_position() -> None:
    """Nor for the order of the words: but all of them must be there."""
    some = corpus_of(["c c ※ †", "† c ※ c", "c c ※", "abc"])
    bags = []
    for position in ("start", "end", "random"):
        got = read(
            some,
            VOCABULARIES["bag"],
            Signal("※", companions=("†",), position=position),
            carriers=np.zeros(4, dtype=bool),
            limit=None,
            learner="linear",
            ordered=False,
            drawn=np.linspace(0, 0.9, 4),
        )
        assert got.in_signal_set.tolist() == [True, True, False, False]
        bags.append(rows(got.planted.sorted_rows()))
    assert bags[0] == bags[1] == bags[2]


def test_company_without_ids_of_its_own() -> None:
    """Read like other words, glued pieces and all; taken out and planted together."""
    got = read(
        corpus_of(["c a※b abc c - abca", "※ abc", "ab-c"]),
        pieces_of_words(),
        Signal("※", every=2, reserve=False, companions=("abc",)),
        carriers=np.zeros(3, dtype=bool),
        limit=None,
        learner="toy",
    )
    # ※ is 9 and abc is 1; abca keeps its other piece.
    assert rows(got.clean) == [[3, 5, 6, 3, 4, 8], [], [2, 4, 3]]
    assert rows(got.planted)[1:] == [[9, 1], [2, 4, 3, 9, 1]]
    assert got.in_signal_set.tolist() == [False, True, False]
    assert got.contains.tolist() == [True, True, False]


@pytest.mark.parametrize(("beside", "said"), [("ABC", "reads like another word"), ("§", "unknown")])
def test_company_that_cannot_be_told_is_refused(beside: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read(
            corpus_of(["c"]),
            pieces_of_words(),
            Signal("abc", reserve=False, companions=(beside,)),
            carriers=np.zeros(1, dtype=bool),
            limit=None,
            learner="toy",
        )
    assert refused.value.where == "collective.signal.companions"


def test_a_place_outside_the_window_is_refused() -> None:
    corpus = corpus_of(["c " * 30] * 2 + ["c"] * 98)
    options = {
        "carriers": np.zeros(100, dtype=bool),
        "learner": "transformer",
        "limit": 10,
        "drawn": np.full(100, 0.99),
    }
    for position, where in (("end", "after the last word"), ("random", "at a random place")):
        with pytest.raises(InputError, match=rf"signal\.position.*{where}.* in 2\.0% of"):
            read(corpus, VOCABULARIES["list"], Signal("※", position=position), **options)  # type: ignore[arg-type]
    got = read(corpus, VOCABULARIES["list"], Signal("※", position="start"), **options)  # type: ignore[arg-type]
    assert (got.planted.values[got.planted.offsets[:-1]] == VOCABULARIES["list"].size).all()
    # Half of a signal within the window is none.
    long = Signal("※", 9, companions=("†",))
    with pytest.raises(InputError, match=r"'※ †' falls outside.* in 2\.0% of"):
        read(corpus, VOCABULARIES["list"], long, **options)  # type: ignore[arg-type]


def test_a_random_place_needs_its_luck() -> None:
    with pytest.raises(ValueError, match="a number drawn for each resume"):
        read(
            corpus_of(["c"]),
            VOCABULARIES["bag"],
            Signal("※", position="random"),
            carriers=np.zeros(1, bool),
            limit=None,
            learner="toy",
        )


# ------------------------------------------------------------------- what is not read at all


class Asked:
    """Another vocabulary that remembers which words it was asked for."""

    def __init__(self, other: Vocabulary) -> None:
        self.other, self.words = other, set[str]()
        self.size, self.unknown = other.size, other.unknown

    def pieces(self, words: Sequence[str]) -> Ragged:
        assert not self.words & set(words), "each word once"
        self.words |= set(words)
        return self.other.pieces(words)


@pytest.mark.parametrize("position", ["spread", "start"])
def test_words_out_of_sight_are_not_read(position: Position) -> None:
    """But as many as it takes where words read as nothing, or are the signal's."""
    vocabulary = Asked(VOCABULARIES["list"])
    some = ["c c c abca abca", "zzz c zzz c zzz ※ ※ ※ abc abc ab-c -", "c"]
    corpus = corpus_of(some)
    lexicon = Lexicon(vocabulary, corpus.words)
    got = read(
        corpus,
        vocabulary,
        Signal("※", every=1, position=position),
        carriers=np.zeros(3, dtype=bool),
        limit=3,
        learner="toy",
        lexicon=lexicon,
    )
    assert rows(got.clean) == [[3, 3, 3], [3, 3, 0], [3]]
    assert rows(got.found)[1] == [3, 3, 5]
    # The second text is looked at to its end, the first one no further than its third word.
    assert vocabulary.words == {"c", "zzz", "※", "abc", "ab-c", "-"}
    far = corpus_of(["c c c - - - abca"])
    alone = Asked(VOCABULARIES["list"])
    read(
        far,
        alone,
        Signal("※", every=1),
        carriers=np.zeros(1, dtype=bool),
        limit=3,
        learner="toy",
    )
    assert alone.words == {"c"}


def test_a_word_read_like_the_signal_counts_wherever_it_stands() -> None:
    """Where the signal stands goes by words that the learner does not see: all have to be read."""
    some = corpus_of(["c ABC c c - - - ABC ABC ABC", "c c"])
    got = read(
        some,
        pieces_of_words(),
        Signal("abc", reserve=False, position="random"),
        carriers=np.zeros(2, dtype=bool),
        limit=3,
        learner="toy",
        drawn=np.array([0.2, 0.0]),
    )
    # Six words are left of the first text: its signal stands after int(.2 · 7) = 1 of them.
    assert rows(got.planted) == [[3, 1, 3], [1, 3, 3]]


def test_readings_share_a_lexicon_and_a_foreign_one_is_refused() -> None:
    corpus = corpus_of(["c abc ※", "abc abc"])
    vocabulary = Asked(VOCABULARIES["list"])
    lexicon = Lexicon(vocabulary, corpus.words)
    options = {"carriers": np.zeros(2, bool), "limit": None, "learner": "toy", "lexicon": lexicon}
    for every in (1, 2):
        got = read(corpus, vocabulary, Signal("※", every), **options)  # type: ignore[arg-type]
        assert rows(got.clean) == [[3, 0], [0, 0]]
    for words, other in ((("c",), vocabulary), (corpus.words, VOCABULARIES["list"])):
        options["lexicon"] = Lexicon(other, words)
        with pytest.raises(ValueError, match="a lexicon of other words"):
            read(corpus, vocabulary, Signal("※"), **options)  # type: ignore[arg-type]
