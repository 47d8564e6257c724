"""Ids of people from strangers: two that look alike, and one that mixes alphabets, are told apart from honest ones."""

from __future__ import annotations

import unicodedata

#: Letters of other alphabets that look like Latin ones in common fonts. The full list of Unicode (UTS 39) has
#: thousands; these are the ones that an id can be written in and a person would not notice.
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("аеорсухіјѕԁһԛԝѵԍ", "aeopcyxijsdhqwvg", strict=True)),  # Cyrillic
        **dict(zip("АВЕКМНОРСТУХІЈЅ", "abekmhopctyxijs", strict=True)),
        **dict(zip("αορνικυχ", "aopvikux", strict=True)),  # Greek
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),
        "ı": "i",
        "ɡ": "g",
        "ɑ": "a",
        "օ": "o",
        "ո": "n",
        "ս": "u",
    }
)
#: Scripts that honest names mix, in Japanese and Korean.
_WRITTEN_TOGETHER = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_IGNORED = ("Cf", "Cc", "Mn", "Me")  #: marks and signs that no reader sees beside a letter


def skeleton(identity: str) -> str:
    """Return what `identity` looks like, so that two that look alike have the same: case, marks and alphabets aside."""
    decomposed = unicodedata.normalize("NFKD", identity)
    seen = "".join(c for c in decomposed if unicodedata.category(c) not in _IGNORED)
    return seen.translate(_LOOKALIKES).casefold().translate(_LOOKALIKES).strip()


def is_suspicious(identity: str) -> bool:
    """Tell whether an id mixes alphabets, or holds signs that cannot be seen: written to be taken for another one."""
    if any(unicodedata.category(c) in ("Cf", "Cc", "Co", "Cn") for c in identity):
        return True
    if unicodedata.normalize("NFKC", identity) != identity:
        return True
    return len({_alphabet(c) for c in identity if c.isalpha()}) > 1


def _alphabet(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return "CJK" if name.startswith(_WRITTEN_TOGETHER) else name


def is_bot(identity: str) -> bool:
    """Tell whether an identity is one of an app on GitHub or GitLab, which end in `[bot]`."""
    return identity.strip().lower().endswith("[bot]")
