"""Marks by which one act may be recognised in two entries: a page that both rest on, a docket of a court.

A mark is a hash, so that however long an address is, an index can hold it.
"""

import re
from hashlib import sha256

from domain.folding import words_of
from domain.web_addresses import same_page

_FEDERAL_DOCKET = re.compile(r"(?:\b[0-9]{1,2} )?\b(?:[0-9]{2})?([0-9]{2}) ([a-z]{2}) 0*([0-9]+)\b")
"""As courts of the United States number cases: the office, the year, the sort of case and its number there."""


def source_mark(address: str) -> str | None:
    """The mark of a page; None where the address is none of the web."""
    page = same_page(address)
    return None if page is None else _mark("source", page)


def docket_mark(court: str, docket: str) -> str:
    """The mark of a case in a court: `1:17-cv-05720` and `No. 17-cv-5720 (HDL)` are the same."""
    written = " ".join(words_of(docket))
    federal = _FEDERAL_DOCKET.search(written)
    number = written.removeprefix("no ") if federal is None else " ".join(federal.groups())
    return _mark("docket", " ".join(words_of(court)), number)


def _mark(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
