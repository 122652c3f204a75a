"""What commands print: tables, lines, JSON and progress bars, with no character that a terminal would obey."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn

    from projections.paging import Page

ItemT = TypeVar("ItemT")
Progress = Callable[[int, int], None]
"""What a progress bar is moved by: how much is done, and of how much."""

_KEPT = {ord("\n"): "\n", ord("\t"): " "}
_OBEYED = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),  # marks that turn the direction of writing, and so what a line seems to say
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),  # halves of characters, as bytes that are no text are read: no terminal takes them
)
_SHOWN = {code: ascii(chr(code))[1:-1] for code in _OBEYED} | _KEPT


def printable(text: object) -> str:
    """The text, with control characters written out (an escape as its code) instead of sent."""
    return str(text).translate(_SHOWN)


def one_line(text: object) -> str:
    return " ".join(printable(text).split())


def shortened(text: object, longest: int) -> str:
    """The text on one line, cut where it is longer."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, spaced: bool = False) -> None:
    """A table as wide as the terminal, or 80 columns where it is piped: long words are folded, never cut."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), leading=1 if spaced else 0)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not str: rich reads markup in a str, and the record may hold what looks like it.
        table.add_row(*(Text("" if cell is None else printable(cell), overflow="fold") for cell in row))
    _console().print(table)


def print_line(text: str) -> None:
    _console().print(printable(text), soft_wrap=True)


def print_json(answer: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """An answer as JSON on one line, in UTF-8 whatever the terminal's own encoding."""
    import msgspec

    print_bytes(msgspec.json.encode(answer))


def print_answer(answer: Any, *lines: str, json: bool) -> None:  # noqa: ANN401 - as above
    """The answer as JSON for programs, or else in lines of text."""
    if json:
        print_json(answer)
    else:
        for line in lines:
            print_line(line)


def print_bytes(answer: bytes) -> None:
    """An answer that is JSON already."""
    sys.stdout.flush()
    sys.stdout.buffer.write(answer + b"\n")
    sys.stdout.buffer.flush()


def print_cursor(cursor: str | None) -> None:
    """Names the next page, where there is one."""
    if cursor is not None:
        print_line(f"\nThere is more: --cursor {cursor}")


def print_page(
    plural: str,
    page: Page[Any, ItemT],
    columns: Sequence[str],
    row: Callable[[ItemT], Sequence[object]],
    nothing: str,
    *,
    json: bool,
    positioned: bool = True,
) -> None:
    """A page of a list as a table, or `nothing` where it is empty; with `json`, as the API answers.

    `positioned`: whether the list follows from the log, so that the answer has the position that it rests on.
    """
    from projections.paging import encode_cursor

    cursor = encode_cursor(page.next_key)
    if json:
        print_json({plural: page.items, "next": cursor, **({"position": page.rests_on} if positioned else {})})
        return
    print_table(columns, map(row, page.items), spaced=True)
    if not page.items:
        print_line(nothing)
    print_cursor(cursor)


@contextmanager
def progress(doing: str) -> Iterator[Progress]:
    """A progress bar on standard error, where that is a terminal; yields the function that moves it."""
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    with _progress_bar(doing, MofNCompleteColumn(), TimeRemainingColumn()) as update:
        yield lambda done, total: update(completed=done, total=total)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar for work in stages, each with a name and, where it is known, a total."""
    from rich.progress import TaskProgressColumn, TextColumn, TimeElapsedColumn

    done_of = TextColumn("{task.completed:,.0f}")
    with _progress_bar("Loading", done_of, TaskProgressColumn(), TimeElapsedColumn()) as update:
        yield lambda doing, done, total: update(description=doing, completed=done, total=total)


@contextmanager
def _progress_bar(doing: str, *more: ProgressColumn) -> Iterator[Callable[..., None]]:
    from rich.progress import BarColumn, Progress, TextColumn

    columns, console = (TextColumn("{task.description}"), BarColumn(), *more), _console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield partial(bar.update, bar.add_task(doing, total=None))


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
