"""The folding of texts into words: by it names are found, texts searched, ids made and acts compared.

The pages' script folds what is typed in the same way (`fold` in `script.js`); the tests hold both to one table.
"""

import re
import unicodedata

_LONGEST_WORD = 100
_DROPPED = {"Mn", "Me", "Cf"}
"""Unicode categories that are dropped: marks upon letters, and what no reader sees, such as soft hyphens."""
_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201b\u2032\ua78c\uff07"
"""What stands for the okina of Hawaiian, rightly (U+02BB) or for want of it, and for an apostrophe."""
_OKINA = re.compile("(?<=[aeiou])'(?=[aeiou])")
"""Between vowels it is a letter of its own, which many leave out. Elsewhere it parts words, as in mayor's."""


class _Folding(dict[int, str]):
    """For `str.translate`: what each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _APOSTROPHES:
            folded = "'"
        elif unicodedata.category(character) in _DROPPED:
            folded = ""
        else:
            # Twice: what a case fold makes may itself be composed.
            decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
            kept = (part for part in decomposed if unicodedata.category(part) not in _DROPPED)
            folded = "".join(part if part.isalnum() else " " for part in kept)
        self[code] = folded
        return folded


_folding = _Folding()
_folding_ascii = bytes(ord(_folding[code] or " ") for code in range(128)).ljust(256)
"""The same for most texts, which have nothing else: half the time."""


def words_of(text: str) -> list[str]:
    """The words of a text in order: `The mayor’s “Résumé”` has the, mayor, s, resume; `Hawaiʻi` is hawaii."""
    plain = text.encode().translate(_folding_ascii).decode() if text.isascii() else text.translate(_folding)
    if "'" in plain:
        plain = _OKINA.sub("", plain).replace("'", " ")
    words = plain.split()
    if max(map(len, words), default=0) > _LONGEST_WORD:
        return [word[:_LONGEST_WORD] for word in words]
    return words
