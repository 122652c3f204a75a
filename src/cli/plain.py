"""Stored text as a terminal may show it: exactly the characters it has, and none that a terminal would obey."""

from __future__ import annotations

_KEPT = {ord("\n"): "\n", ord("\t"): " "}
_OBEYED = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),  # marks that turn the direction of writing, and so what a line seems to say
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),  # halves of characters, as bytes that are no text are read: no terminal takes them
)
_SHOWN = {code: ascii(chr(code))[1:-1] for code in _OBEYED} | _KEPT


def shown(text: object) -> str:
    """The text, with control characters written out (an escape as its code) instead of sent."""
    return str(text).translate(_SHOWN)


def one_line(text: object) -> str:
    """The text on a single line."""
    return " ".join(shown(text).split())


def shortened(text: object, longest: int) -> str:
    """The text on one line, cut where it is longer."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
