"""The status lanes as an SVG: years across, an item of a track a lane, a link on every run, days due as ticks.

Colours are attributes, so that the picture stands by itself; the pages' style lays its own over them, by class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from api.pages.dates import in_words, short
from api.pages.labels import TRACK_LABELS
from api.pages.lanes import Axis, Lane, LaneRun, axis_of, run_text

WIDTH = 960
_TINTS = {
    "question": ("#f6e7c1", "#a87a13"),
    "asked": ("#f9d9bf", "#c05a12"),
    "pressed": ("#f3cdc8", "#b3261e"),
    "answered": ("#cfe2f3", "#1f5f99"),
    "ended": ("#cdeae0", "#18705a"),
    "named": ("#e4d7ee", "#6c3d91"),
    "quiet": ("#e9e7e1", "#8a867b"),
    "rule": ("#dfe3d3", "#5f6b3a"),
}
"""Of each tone: its tint, on which text is read, and its ink."""
_INK, _PALE, _RULE, _PAPER = "#1c1b18", "#5d5a52", "#d9d5ca", "#fffefb"
_TOP, _HEADING, _LABEL, _BAR, _GAP = 26, 26, 17, 20, 9
_MOST_YEARS_AFTER = 30
_CHARACTER = 5.9
"""How wide a character of the lettering in a bar is, roughly, so that no word is cut."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is drawn for: whose it is, up to which day, and where its links lead."""

    name: str
    as_of: str
    entry: Callable[[str], str]
    target: str | None = None
    standalone: bool = False


def lanes_svg(lanes: list[Lane], frame: Frame) -> Markup:
    """The lanes as an SVG element."""
    days = [day for lane in lanes for day in (*(run.first for run in lane.runs), *(tick.day for tick in lane.ticks))]
    # A question about the year 9000 is answered, and not drawn to its end.
    last = min(max([frame.as_of, *days]), f"{int(max(days, default=frame.as_of)[:4]) + _MOST_YEARS_AFTER:04d}-12-31")
    axis = axis_of(days, last, 0.5, WIDTH - 0.5)
    drawn: list[Markup] = []
    y, group = _TOP, ""
    for lane in lanes:
        if lane.group != group:
            group = lane.group
            y += 0 if not drawn else 6
            drawn.append(_text(0, y + 17, TRACK_LABELS[group], "lt", size=13, weight=600, fill=_INK))
            drawn.append(_line(0, y + 0.5, WIDTH, y + 0.5, "lr", _RULE if y > _TOP else _INK))
            y += _HEADING
        if lane.track != "response":
            drawn.append(_text(0, y + 11, _cut(lane.name, 165), "ll", size=12, fill=_PALE))
            y += _LABEL
        drawn.append(_lane(lane, y, axis, frame))
        y += _BAR + (3 if lane.track == "stage" else _GAP)
    height = y + 2
    parts = [_hatching(), _years(axis, height), *drawn, _as_of(axis, frame.as_of, last, height)]
    return _svg(frame, height, Markup("").join(parts))


def lanes_height(lanes: list[Lane]) -> int:
    """How high the picture of these lanes is."""
    named = sum(lane.track != "response" for lane in lanes)
    groups = len({lane.group for lane in lanes})
    stages = sum(lane.track == "stage" for lane in lanes)
    bars = len(lanes) * (_BAR + _GAP) - stages * (_GAP - 3)
    return _TOP + groups * (_HEADING + 6) + named * _LABEL + bars


def _svg(frame: Frame, height: float, content: Markup) -> Markup:
    title = f"{frame.name}: five tracks of status up to {in_words(frame.as_of)}"
    own = (
        Markup(' xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" font-family="{}"').format(
            WIDTH, height, "Source Sans Pro, system-ui, sans-serif"
        )
        if frame.standalone
        else ""
    )
    paper = Markup('<rect width="100%" height="100%" fill="{}"/>').format(_PAPER) if frame.standalone else ""
    return Markup('<svg class="lanes" viewBox="0 0 {} {}" role="group" aria-label="{}"{}>{}{}</svg>').format(
        WIDTH, height, title, own, paper, content
    )


def _hatching() -> Markup:
    return Markup(
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="lh" width="1.6" height="6" fill="{}" fill-opacity="0.45"/></pattern></defs>'
    ).format(_INK)


def _years(axis: Axis, height: float) -> Markup:
    drawn = []
    for number, (year, first, last) in enumerate(axis.years):
        if number % 2:
            drawn.append(
                Markup(
                    '<rect class="lb" x="{}" y="0" width="{}" height="{}" fill="#000" fill-opacity="0.028"/>'
                ).format(first, round(last - first, 1), height)
            )
        wide = last - first > 34  # noqa: PLR2004 - a year's four digits
        drawn.append(_text(first + 3, 15, str(year) if wide else f"’{year % 100:02d}", "ly", size=12, fill=_PALE))
    return Markup('<g aria-hidden="true">{}</g>').format(Markup("").join(drawn))


def _lane(lane: Lane, y: float, axis: Axis, frame: Frame) -> Markup:
    runs = [_run(lane, run, y, axis, frame) for run in lane.runs]
    ticks = [_ticks(lane, y, axis, frame)]
    return Markup("").join([*runs, *ticks])


def _run(lane: Lane, run: LaneRun, y: float, axis: Axis, frame: Frame) -> Markup:
    end = axis.x(frame.as_of) if run.last is None else axis.x(run.last)
    start = axis.x(run.first)
    width = max(3.0, round(end - start, 1))
    tone = "quiet" if run.word is None else run.word.tone
    tint, ink = _TINTS[tone]
    drawn: list[Markup] = []
    if run.word is not None:
        drawn.append(_rect(start, y, width, _BAR, f"t-{tone}", tint))
        drawn.append(_rect(start, y, 3, _BAR, f"i-{tone}", ink))
    else:
        drawn.append(_rect(start, y, width, _BAR, "lm", "none", stroke=_RULE))
    for first, last, _ in run.doubts:
        x = axis.x(first)
        upto = axis.x(frame.as_of) if last is None else axis.x(last)
        drawn.append(_rect(x, y, max(3.0, round(upto - x, 1)), _BAR, "", "url(#hatch)"))
    brief = "" if run.word is None else run.word.brief
    if brief and len(brief) * _CHARACTER + 12 < width:
        if run.doubts:  # a plate under the word: it is read on hatching, too
            drawn.append(_rect(start + 5, y + 3, len(brief) * _CHARACTER + 6, _BAR - 6, f"t-{tone}", tint))
        drawn.append(_text(start + 8, y + 14, brief, "lv", size=11.5, fill=_INK))
    said = run_text(lane, run)
    content = Markup("<title>{}</title>{}").format(said, Markup("").join(drawn))
    return _linked(content, run.entry, said, frame)


def _ticks(lane: Lane, y: float, axis: Axis, frame: Frame) -> Markup:
    drawn = []
    for day in sorted({tick.day for tick in lane.ticks}):
        ticks = [tick for tick in lane.ticks if tick.day == day]
        x = axis.x(day)
        said = f"Due {in_words(day)}: " + "; ".join(dict.fromkeys(tick.word.phrase for tick in ticks))
        mark = Markup(
            '<path class="lk" d="M{0} {1}v{2}m-4 -{3}h8l-4 6z" fill="{4}" stroke="{4}" stroke-width="1.5"/>'
        ).format(x, y - 4, _BAR + 6, _BAR + 6, _INK)
        drawn.append(_linked(Markup("<title>{}</title>{}").format(said, mark), ticks[0].demand, said, frame))
    return Markup("").join(drawn)


def _as_of(axis: Axis, as_of: str, last: str, height: float) -> Markup:
    if last <= as_of:
        return Markup("")
    x = axis.x(as_of)
    return Markup('<g aria-hidden="true">{}{}</g>').format(
        _line(x, 18, x, height, "ln", _INK, dashes="2 3"),
        _text(max(0, x - 4), 15, short(as_of), "ly", size=11, fill=_INK, anchor="end"),
    )


def _linked(content: Markup, entry: str | None, said: str, frame: Frame) -> Markup:
    if entry is None or frame.standalone:
        return Markup("<g>{}</g>").format(content)
    target = Markup(' target="{}" rel="noopener"').format(frame.target) if frame.target else ""
    return Markup('<a href="{}" aria-label="{}"{}>{}</a>').format(frame.entry(entry), said, target, content)


def _rect(x: float, y: float, width: float, height: float, cls: str, fill: str, stroke: str | None = None) -> Markup:
    edge = Markup(' stroke="{}"').format(stroke) if stroke else ""
    name = Markup(' class="{}"').format(cls) if cls else ""
    return Markup('<rect{} x="{}" y="{}" width="{}" height="{}" fill="{}"{}/>').format(
        name, round(x, 1), round(y, 1), round(width, 1), height, fill, edge
    )


def _line(x1: float, y1: float, x2: float, y2: float, cls: str, ink: str, dashes: str = "") -> Markup:
    dashed = Markup(' stroke-dasharray="{}"').format(dashes) if dashes else ""
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"{}/>').format(
        cls, round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1), ink, dashed
    )


def _text(
    x: float, y: float, text: str, cls: str, *, size: float, fill: str, weight: int | None = None, anchor: str = ""
) -> Markup:
    heavy = Markup(' font-weight="{}"').format(weight) if weight else ""
    aside = Markup(' text-anchor="{}"').format(anchor) if anchor else ""
    return Markup('<text class="{}" x="{}" y="{}" font-size="{}" fill="{}"{}{}>{}</text>').format(
        cls, round(x, 1), round(y, 1), size, fill, heavy, aside, text
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def legend(lanes: Iterable[Lane]) -> list[str]:
    """The tones that a picture of these lanes uses."""
    used = {run.word.tone for lane in lanes for run in lane.runs if run.word is not None}
    return [tone for tone in _TINTS if tone in used]
