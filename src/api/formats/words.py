"""An entry in words: titles, paragraphs and days, as feeds and TimelineJS show them to people."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from domain.web_addresses import link_to

_LONGEST_TITLE = 120
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
STANDING = {"retracted": "Retracted: ", "disputed": "Disputed: "}
Fields = Mapping[str, Any]


def kind_words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def day_words(edtf: str) -> str:
    """A date as people write it, no more exact than it is."""
    first, slash, last = edtf.partition("/")
    return f"between {_part(first)} and {_part(last)}" if slash else _part(first)


def _part(written: str) -> str:
    year, *rest = written.split("-")
    if not rest:
        return year
    month = _MONTHS[int(rest[0]) - 1]
    return f"{month} {int(rest[1])}, {year}" if len(rest) > 1 else f"{month} {year}"


def title_of(entry: Fields) -> str:
    """A line about an entry, which begins with whether it was retracted or is disputed."""
    summary = shortened_text(entry["summary"], _LONGEST_TITLE)
    return (
        f"{STANDING.get(entry['standing'], '')}{kind_words(entry['kind'])}, {day_words(entry['occurred'])}: {summary}"
    )


def shortened_text(text: str, longest: int) -> str:
    """A text in a line, cut between two words where it has more characters."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest].rsplit(' ', 1)[0]} …"


def html_of(entry: Fields, notices: tuple[str, ...] = ()) -> str:
    """An entry as HTML: notices, summary, quotes and sources. All of it is escaped."""
    return "".join(f"<{tag}>{inner}</{tag}>" for tag, inner in _paragraphs(entry, notices))


def _paragraphs(entry: Fields, notices: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if entry["standing"] == "retracted":
        yield "p", "<strong>Retracted: this entry was taken back, and counts for nothing.</strong>"
    elif entry["standing"] == "disputed":
        yield "p", "<strong>Disputed: somebody disputes what this entry says.</strong>"
    yield from (("p", f"<em>{escape(notice)}</em>") for notice in notices)
    yield "p", escape(entry["summary"])
    for quote in entry.get("quotes", ()):
        speaker = f" — {escape(quote['speaker'])}" if quote.get("speaker") else ""
        yield "blockquote", f"{escape(quote['text'])}{speaker}"
    if entry.get("note"):
        yield "p", f"Note: {escape(entry['note'])}"
    yield "ul", "".join(f"<li>{_source(source)}</li>" for source in entry["sources"])


def _source(source: Fields) -> str:
    title, address = escape(source["title"]), link_to(source.get("url"))
    linked = f'<a href="{escape(address)}">{title}</a>' if address else title
    more = [escape(source[name]) for name in ("publisher", "date") if source.get(name)]
    return ", ".join((linked, *more))


def web_addresses(sources: Iterable[Fields]) -> tuple[str, ...]:
    """The addresses of sources that can be linked to, each once."""
    addresses = (link_to(source.get("url")) for source in sources)
    return tuple(dict.fromkeys(address for address in addresses if address is not None))
