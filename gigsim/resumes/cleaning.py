"""From the bytes of one published resume to one line of clean text.

The published corpus is cp1252 without saying so, carries the search site's highlight tags around
the very words that name the occupation, and holds e-mail addresses, profile links, phone numbers
and street addresses of real people. :func:`clean` undoes all three and counts what it did.

Personal data is *removed*, not replaced. A placeholder word would be frequent, occur nowhere else,
and stand where the labels are (36 % of front-end developers' resumes hold a web link, 8 % of
security analysts'): a giveaway for a classifier, a word for a language fitted to the corpus to
learn, and a rival for a planted signal. What is not found: names of people, handles without a link,
dates of birth, cities and ZIP codes, bare host names ("example.com": mostly employers).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.entities import html5

from gigsim.errors import InputError

#: What :func:`scrub_personal_data` looks for, in this order: an e-mail may sit inside a link, and
#: the digits of a link are no phone number.
PERSONAL_KINDS = ("email", "profile_link", "web_link", "phone", "street_address")

#: Every pass removes characters, so cleaning always ends; honest text needs two or three passes.
#: Text that still changes after this many was nested on purpose and would cost quadratic time.
MAX_PASSES = 16

# A tag is a name and attributes with values. Text in angle brackets ("<-", "< Duties >",
# "<Operation Name Here>") is none and stays.
_TAG = re.compile(
    r"</?[A-Za-z][\w:.-]{0,40}+"
    r"(?:\s{1,8}[\w:.-]{1,40}+\s?=\s?(?:\"[^\"<>]{0,999}+\"|'[^'<>]{0,999}+'|[^\s\"'<>]{1,999}+))"
    r"{0,20}\s{0,8}/?>"
    r"|<!--[^<>]{0,999}-->"
)
#: Tags that may stand inside a word: these vanish, all others leave a space behind.
_INLINE = re.compile(r"</?(?:span|a|abbr|b|em|font|i|mark|small|strong|sub|sup|u)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Control characters are no text; those that are whitespace are left for the normalisation.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")

# E-mails and links are looked for word by word: they hold no whitespace once schemes are glued.
# The run before an "@" is matched once, from its start (look-behind, possessive): linear time.
_EMAIL = re.compile(
    r"(?<![\w.%+'-])[\w.%+'-]++@(?:[\w-]++(?:\.[\w-]++)+|(?:gmail|yahoo|hotmail|outlook)\b)",
    re.IGNORECASE,
)
_SPACED_SCHEME = re.compile(r"([Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp]) ?: ?// ?")
_PROFILE_LINK = re.compile(
    r"(?:https?://)?(?<![\w.-])(?:[\w-]{1,63}\.){0,4}(?:linkedin|github)\.(?:com|io)(?![\w-]).*",
    re.IGNORECASE,
)
_TLD = "com|org|edu|gov|io|me|info|us|uk|ca|in|co|tech|design"
_WEB_LINK = re.compile(
    r"[a-z]{0,9}://.*|https?:/.*|(?<![^\W_])www\d?\..*"
    # a host with a path; ".net" is left out for the sake of "ASP.NET/C#"
    rf"|(?<![\w@/.-])(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_TLD})/.*"
    # hosts that people rent, or show work on, under their own name
    r"|(?<![\w@/.-])[a-z0-9-]{1,63}"
    r"\.(?:wordpress|blogspot|herokuapp|weebly|wixsite|netlify|firebaseapp)\.com.*"
    r"|(?:launchpad|slideshare|credential|behance)\.net/.*"
    # profiles glued to the word before them
    r"|(?:linkedin|github)\.(?:com|io)(?![\w-]).*",
    re.IGNORECASE,
)
_PHONE = re.compile(
    # ten digits with separators, or bare: the form of the United States
    r"(?<![0-9.+])(?:1[ .-]?)?\(?[0-9]{3}"
    r"(?:\)[ .–-]{0,3}[0-9]{3}[ .–-]{0,3}|[ .–-]{1,3}[0-9]{3}[ .–-]{1,3})[0-9]{4}(?![0-9])"
    r"|(?<![0-9])[0-9]{10}(?![0-9])"
)
# A plus, a country code and up to fifteen digits in all (ITU-T E.164).
_INTERNATIONAL_PHONE = re.compile(
    r"\+(?<![\w+]\+)\(?[0-9]{1,3}\)?(?:[ ./()–-]{0,3}[0-9]){6,13}(?![0-9])"
)
_STREET_ADDRESS = re.compile(
    r"[0-9](?<![\w$.,/-][0-9])[0-9]{0,5} "
    r"(?:(?:[NSEW]{1,2}|North|South|East|West)\.? (?:[0-9]{1,3} )?)?"
    r"(?:(?:[A-Z][\w'.]{0,30}|[0-9]{1,3}(?:st|nd|rd|th)) ){0,3}"
    r"(?<![0-9] )"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl"
    r"|Terrace|Circle|Cir|Parkway|Pkwy|Highway|Hwy)\b\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit)\b\.? ?#?\w{1,6}|,? #\w{1,6})?"
)
_PO_BOX = re.compile(r"\bP\.? ?O\.? Box [0-9]{1,6}")

# Cheap necessary conditions: most words are no links, most resumes hold no phone number.
_LINK_HINT = re.compile(rf":/|www|linkedin|github|\.(?:com|net/|(?:{_TLD})/)", re.IGNORECASE)
_PHONE_HINT = re.compile(r"[0-9][0-9]{2}(?:(?<![0-9]{4})[ .–-]{0,3}[0-9]{4}(?![0-9])|[0-9]{4})")


@dataclass(frozen=True)
class Cleaned:
    """One clean resume and what cleaning did to it.

    Attributes:
        text: words with single spaces between and none around; may be empty.
        encoding: ``"utf-8"`` or ``"cp1252"``.
        undefined_bytes: bytes that cp1252 does not define, now U+FFFD.
        tags: markup tags removed.
        entities: HTML entities replaced by their characters.
        personal: hits removed for each of ``PERSONAL_KINDS``; all zero without scrubbing.
    """

    text: str
    encoding: str
    undefined_bytes: int
    tags: int
    entities: int
    personal: dict[str, int]


def clean(raw: bytes, *, scrub: bool = True, where: str = "resume") -> Cleaned:
    """Decode, strip markup, scrub and normalise one resume.

    The result is a fixed point: cleaning its text again changes nothing, even where removing one
    thing joins its neighbours into another (that is why it loops).

    Args:
        raw: the file's bytes.
        scrub: remove personal data.
        where: the resume's place, for the error.

    Raises:
        InputError: the text is nested so deep that it was made to be slow.
    """
    text, encoding, undefined = decode(raw)
    tags = entities = 0
    personal = dict.fromkeys(PERSONAL_KINDS, 0)
    for _ in range(MAX_PASSES):
        text = " ".join(_CONTROL.sub(" ", text).split())
        text, new_tags, new_entities = strip_markup(text)
        if new_tags or new_entities:
            tags += new_tags
            entities += new_entities
            continue
        hits = scrub_personal_data(text) if scrub else None
        if hits is None or not any(hits[1].values()):
            return Cleaned(text, encoding, undefined, tags, entities, personal)
        text = hits[0]
        for kind, count in hits[1].items():
            personal[kind] += count
    raise InputError(
        where,
        f"markup or personal data nested more than {MAX_PASSES} deep",
        "resumes are plain text, with highlight tags at most",
    )


def decode(raw: bytes) -> tuple[str, str, int]:
    """Text, encoding and number of undefined bytes: UTF-8 where valid, else cp1252.

    Latin-1 would never fail, but turns the corpus's commonest symbol, the bullet 0x95, into a
    control character that tokenizers drop.
    """
    try:
        return raw.decode("utf-8"), "utf-8", 0
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
        return text, "cp1252", text.count("\ufffd")


def strip_markup(text: str) -> tuple[str, int, int]:
    """One pass: (text, entities unescaped and tags removed, their words kept; tags; entities)."""
    tags = entities = 0
    if "&" in text:
        unescaped = _ENTITY.sub(_character, text)
        # Each entity is longer than its characters; unknown ones ("&M;") are no entities.
        entities = sum(_is_entity(match) for match in _ENTITY.findall(text))
        text = unescaped
    if "<" in text:
        text, tags = _TAG.subn(lambda tag: "" if _INLINE.match(tag[0]) else " ", text)
    return text, tags, entities


def scrub_personal_data(text: str) -> tuple[str, dict[str, int]]:
    """One pass over whitespace-normalised text: (text without the hits, hits by kind)."""
    hits = dict.fromkeys(PERSONAL_KINDS, 0)
    if "//" in text:
        text = _SPACED_SCHEME.sub(r"\1://", text)
    text = _scrub_words(text, hits)
    text, hits["phone"] = _INTERNATIONAL_PHONE.subn(" ", text)
    if _PHONE_HINT.search(text):
        text, found = _PHONE.subn(" ", text)
        hits["phone"] += found
    text, hits["street_address"] = _STREET_ADDRESS.subn(" ", text)
    if "Box " in text:
        text, boxes = _PO_BOX.subn(" ", text)
        hits["street_address"] += boxes
    return (" ".join(text.split()) if any(hits.values()) else text), hits


def _scrub_words(text: str, hits: dict[str, int]) -> str:
    words = text.split(" ")
    for k, word in enumerate(words):
        if "@" in word:
            word, found = _EMAIL.subn(" ", word)
            hits["email"] += found
        if ("." in word or ":/" in word) and _LINK_HINT.search(word):
            word, found = _PROFILE_LINK.subn(" ", word)
            hits["profile_link"] += found
            word, found = _WEB_LINK.subn(" ", word)
            hits["web_link"] += found
        words[k] = word
    return " ".join(words)


def _is_entity(entity: str) -> bool:
    return entity[1] == "#" or entity[1:] in html5


def _character(match: re.Match[str]) -> str:
    return html.unescape(match[0]) if _is_entity(match[0]) else match[0]
