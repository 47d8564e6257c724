"""Damage done to samples: reproducible from a seed, with what trips parsers up more often than chance finds it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

#: Pieces that stand for trouble: numbers at the edges, NUL, lone surrogates, entities, anchors, headers of archives.
PIECES = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"-1", b"0",
    b"9" * 40, b"9" * 5000, b"9007199254740993", b"1.5", b"null", b"true", b"{}", b"[]", b'""', b"[" * 300,
    b'{"a":' * 300,
    b"&a [*a]", b"!!python/object:os.system ", b"---\n", b"\t", b": ", b"- ", b"<<: ", b"#", b"'", b'"', b"\\",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<![CDATA[", b"]]>", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06",
    b"\x28\xb5\x2f\xfd", b"\x80\x04", b"c__builtin__\neval\n", b"\r\n\r\n", b"\n", b"%00", b"../", b"\xe2\x80\xae",
    b"2026-02-30T25:61:61Z", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"x" * 3000,
)  # fmt: skip


def mutated(sample: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """Return `sample` changed in one to four places."""
    data = bytearray(sample)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        length = min(len(data) - at, dice.choice((1, 1, 2, 4, 8, 16, 64, 512)))
        match dice.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at : at + length] = dice.randbytes(length)
            case 3:
                data[at:at] = data[at : at + length]
            case 4:
                data[at:at] = dice.choice(PIECES)
            case 5:
                _replace_word(data, at, dice)
            case 6:
                other = dice.choice(others)
                start = dice.randrange(len(other) + 1)
                data[at : at + length] = other[start : start + dice.choice((4, 16, 64, 256))]
            case _ if dice.random() < 0.2:
                del data[at:]
    return bytes(data)


def _replace_word(data: bytearray, at: int, dice: random.Random) -> None:
    """Put a piece in the place of the word, number or quoted text that stands at `at`."""
    stops = b' \t\r\n,:;{}[]()<>="'
    start = end = at
    while start > 0 and data[start - 1] not in stops and at - start < 200:
        start -= 1
    while end < len(data) and data[end] not in stops and end - at < 200:
        end += 1
    data[start:end] = dice.choice(PIECES)


def inputs(samples: Sequence[bytes], seed: int | str) -> Iterator[bytes]:
    """Yield damaged samples without end, the same for the same seed; small ones come more often."""
    dice = random.Random(seed)
    weights = [1 / (1 + len(sample) / 2000) for sample in samples]
    while True:
        yield mutated(dice.choices(samples, weights)[0], samples, dice)
