"""Which characters a recorded text may hold: those that every format can carry and every reader sees as they are.

XML has no way to write most control characters, U+FFFE and U+FFFF (XML 1.0, section 2.2), PostgreSQL none for U+0000,
and UTF-8 none for half of a surrogate pair. What was recorded before this was a rule is shown by `legible`.
"""

import re
import unicodedata

from pydantic import JsonValue, ValidationInfo

_ILLEGIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NO_LINE = re.compile("[\t\n\u2028\u2029]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that change the order in which the text after them is shown, so that a name may be read as another."""
ON_RECORD = {"on_record": True}
"""The validation context of what is read from the log, where each rule holds only for what came after it."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_on_record(info: ValidationInfo) -> bool:
    return info.context is ON_RECORD


def legible(text: str) -> str:
    """The text with a replacement character in place of each that a format could not carry."""
    return _ILLEGIBLE.sub(REPLACEMENT, text)


def legible_text(text: str, info: ValidationInfo) -> str:
    """A text of any number of lines; ValueError names the first character that it may not hold."""
    if is_on_record(info):
        return text
    if (character := _ILLEGIBLE.search(text)) is not None:
        raise ValueError(f"holds {_name(character[0])}, at character {character.start() + 1}: take it out")
    if _is_blank(text):
        raise ValueError("is blank: leave the field out, or say something")
    return text


def legible_line(text: str, info: ValidationInfo) -> str:
    """A name, a title or another text of one line, likewise."""
    if is_on_record(info):
        return text
    legible_text(text, info)
    for illegible, what in ((_NO_LINE, "and is of one line"), (_TURNING, "which turns the text after it round")):
        if (character := illegible.search(text)) is not None:
            where = f"at character {character.start() + 1}"
            raise ValueError(f"holds {_name(character[0])}, {where}, {what}: take it out")
    return text


def legible_json(value: JsonValue, info: ValidationInfo) -> JsonValue:
    """Any JSON whose texts and names are legible; ValueError as above. Blank texts are a source's own affair."""
    pending = [] if is_on_record(info) else [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str) and (character := _ILLEGIBLE.search(item)) is not None:
            raise ValueError(f"holds {_name(character[0])}: take it out")
        if isinstance(item, dict):
            pending += [*item, *item.values()]
        elif isinstance(item, list):
            pending += item
    return value


def _is_blank(text: str) -> bool:
    """Whether nothing of it would be seen: spaces, and what has no form of its own."""
    return not text.strip() or all(character.isspace() or unicodedata.category(character) == "Cf" for character in text)


def _name(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'a control character')})"
