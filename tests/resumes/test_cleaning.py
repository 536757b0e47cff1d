from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.errors import InputError
from gigsim.resumes.cleaning import PERSONAL_KINDS, clean, decode, scrub_personal_data

# Stretches that cleaning reacts to, and neighbours that a removal may join them with.
FRAGMENTS = (
    '<span class="hl">',
    "</span>",
    "<b>",
    "<br/>",
    "<",
    ">",
    "&amp;",
    "&lt;",
    "&gt;",
    "&#60;",
    "&",
    "amp;",
    "lt;",
    "ada@example.org",
    "@",
    "http://",
    "https : // ",
    "www.",
    "linkedin.com/in/ada",
    "github.com",
    "example.com/cv",
    "(202) 555-0143",
    "+44 20 7946 0958",
    "555",
    "0143",
    "-",
    ".",
    "12",
    "North",
    "Main Street",
    "Suite 4",
    "P.O. Box 9",
    "\u00a0",
    "\x1e",
    "\ufeff",
    "\u2022",
    "Developer",
    "a",
    " ",
)
#: Repeated, each would take a careless pattern quadratic time or worse.
SLOW_UNITS = ("a", "a.", "a@", "<", "<a ", "<a b=c ", "<!--", "&", "&aaaa", "1 ", "123-", "1 A ")
SLOW_UNITS += ("1 N A A A ", "+1 1 ", "P. O. Box ", "http : ", "www-", "linkedin.", ",a.com")

fragments = st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join)


def text_of(raw: str) -> str:
    return clean(raw.encode()).text


class TestDecode:
    def test_utf8_where_it_is_valid(self):
        assert decode("caf\u00e9 \u2022".encode()) == ("caf\u00e9 \u2022", "utf-8", 0)

    def test_else_cp1252_so_that_bullets_and_quotes_survive(self):
        assert decode(b"\x95 it\x92s caf\xe9") == ("\u2022 it\u2019s caf\u00e9", "cp1252", 0)

    def test_the_five_bytes_that_cp1252_does_not_define_are_marked_and_counted(self):
        cleaned = clean(b"a\x81\x8d\x8f\x90\x9db \x95")
        assert cleaned.text == "a" + 5 * "\ufffd" + "b \u2022"
        assert cleaned.undefined_bytes == 5

    @given(st.binary(max_size=200))
    def test_every_file_has_a_text(self, raw: bytes):
        text = clean(raw, scrub=False).text
        assert text == " ".join(text.split())
        assert "\n" not in text


class TestMarkup:
    def test_highlights_go_and_their_words_stay(self):
        cleaned = clean(b'Web <span class="hl">Developer</span>/<span class="hl">Java</span>Script')
        assert cleaned.text == "Web Developer/JavaScript"
        assert cleaned.tags == 4

    def test_tags_that_end_a_line_leave_a_space(self):
        assert text_of("one<br/>two<p class=x>three") == "one two three"

    @pytest.mark.parametrize(
        "text",
        ["a < b and c > d", "< Duties >", "<- left", "<Operation SOUTHERN WATCH>", "R&D; <3"],
    )
    def test_what_is_no_markup_stays(self, text: str):
        assert text_of(text) == text

    def test_entities_become_their_characters(self):
        cleaned = clean(b"R&amp;D&nbsp;&gt; C&#43;&#x2B; &M; &bogus;")
        assert cleaned.text == "R&D > C++ &M; &bogus;"
        assert cleaned.entities == 5

    @pytest.mark.parametrize("text", ["&lt;b&gt;bold", "&amp;lt;b&amp;gt;bold", "<<b>b>bold"])
    def test_markup_that_unescaping_or_removal_uncovers_goes_too(self, text: str):
        assert text_of(text) == "bold"

    def test_whitespace_and_control_characters_become_single_spaces(self):
        assert text_of("\ufeff a\u00a0\u00a0b\x00c\tc\r\nd\x1e ") == "a b c c d"


class TestScrub:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("email", "ada.lovelace+cv@mail.example.org"),
            ("email", "ada@gmail"),
            ("profile_link", "https://www.linkedin.com/in/ada-lovelace-1a2b/"),
            ("profile_link", "LinkedIn.com/in/ada"),
            ("profile_link", "github.com/ada"),
            ("profile_link", "ada.github.io"),
            ("web_link", "http://example.org/~ada?x=1#y"),
            ("web_link", "https : // example.org"),
            ("web_link", "www.example.org"),
            ("web_link", "example.org/ada"),
            ("web_link", "ada.wordpress.com"),
            ("phone", "(202) 555-0143"),
            ("phone", "202.555.0143"),
            ("phone", "+1 202-555-0143"),
            ("phone", "1-202-555-0143"),
            ("phone", "2025550143"),
            ("phone", "+44 20 7946 0958"),
            ("phone", "(202) 555 - 0143"),
            ("street_address", "1600 North Main Street, Suite 12"),
            ("street_address", "42 W. 5th Ave."),
            ("street_address", "P.O. Box 1234"),
        ],
    )
    def test_each_kind_goes_without_a_trace_and_is_counted(self, kind: str, text: str):
        cleaned = clean(f"before {text} after".encode())
        assert cleaned.text == "before after"
        assert cleaned.personal == dict.fromkeys(PERSONAL_KINDS, 0) | {kind: 1}

    @pytest.mark.parametrize(
        "text",
        [
            "ASP.NET/C#/VB.NET and Node.js, socket.io",
            "Salesforce.com and Amazon.com",
            "2010-2015 and 03/2011 - 04/2012",
            "Oracle 11.2.0.4.0, port 8080, 192.168.10.24",
            "C++ 2005, saved $1,250,000 (15 %)",
            "5 Years of Experience, 10 Gigabit Ethernet",
            "on Windows Server 2008 R2 and Red Hat 6.5",
            "@Input() of Angular, WWW, HTTP, read/write",
        ],
    )
    def test_words_of_the_trade_stay(self, text: str):
        assert text_of(text) == text

    def test_it_can_be_switched_off(self):
        cleaned = clean(b"ada@example.org (202) 555-0143", scrub=False)
        assert cleaned.text == "ada@example.org (202) 555-0143"
        assert not any(cleaned.personal.values())

    def test_what_a_removal_joins_is_looked_at_again(self):
        assert text_of("12 ada@example.org Main Street here") == "here"

    def test_one_pass_counts_every_hit(self):
        text, hits = scrub_personal_data("a@b.org c@d.org www.e.org 2025550143 x")
        assert text == "x"
        assert hits == {
            "email": 2,
            "profile_link": 0,
            "web_link": 1,
            "phone": 1,
            "street_address": 0,
        }


class TestFixedPoint:
    @given(fragments, st.booleans())
    def test_cleaning_twice_changes_nothing(self, raw: str, scrub: bool):
        once = clean(raw.encode(), scrub=scrub)
        twice = clean(once.text.encode(), scrub=scrub)
        assert twice.text == once.text
        assert (twice.tags, twice.entities, sum(twice.personal.values())) == (0, 0, 0)

    @given(fragments)
    def test_nothing_personal_and_no_highlight_is_left(self, raw: str):
        text = text_of(raw)
        assert '<span class="hl">' not in text
        assert "ada@example.org" not in text
        assert "linkedin.com/in" not in text

    @given(st.lists(st.sampled_from(("Java", "\u2022", "SQL,", "(2019)", "C#")), max_size=30))
    def test_plain_words_come_out_as_they_went_in(self, words: list[str]):
        assert text_of(" ".join(words)).split() == words


class TestHostileText:
    @pytest.mark.parametrize("unit", SLOW_UNITS)
    def test_time_is_linear_in_the_length(self, unit: str):
        raw = (unit * (1 << 20))[: 1 << 20].encode()
        start = time.process_time()
        clean(raw)
        # 0.02 to 0.4 s on one core; quadratic time would be hours.
        assert time.process_time() - start < 20

    @pytest.mark.parametrize("text", ["&" + "amp;" * 1000, "1 " * 50 + "Main St " * 50])
    def test_nesting_without_end_is_refused(self, text: str):
        with pytest.raises(InputError, match=r"^here: .* nested more than 16 deep; resumes are"):
            clean(text.encode(), where="here")
