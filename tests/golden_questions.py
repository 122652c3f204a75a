"""Questions with the right answers, as a golden file holds them, and the language of their paths."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

Question = dict[str, Any]
Answer = Any  # JSON, as it came


def load(path: Path) -> list[Question]:
    """The questions of a golden file, in its order."""
    questions: list[Question] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return questions


def address(question: Question) -> tuple[list[str], dict[str, str]]:
    """The parts of the asked path after `/api/v1`, and the parameters."""
    parts = urlsplit(question["get"])
    return parts.path.removeprefix("/api/v1").strip("/").split("/"), dict(parse_qsl(parts.query))


def value_at(answer: Answer, path: str) -> Answer:
    """What stands at a path: keys, `key=value`, a number, `count`, `*:id`; LookupError where nothing does."""
    here = answer
    for step in path.split("."):
        if isinstance(here, list):
            if step == "count":
                here = len(here)
            elif step.startswith("*:"):
                here = [item[step[2:]] for item in here]
            elif "=" in step:
                key, _, value = step.partition("=")
                found = [item for item in here if str(item.get(key)) == value]
                if not found:
                    raise LookupError(f"{path}: no item with {step}")
                here = found[0]
            else:
                here = here[int(step)]
        else:
            here = here[step]
    return here


def differences(question: Question, answer: Answer) -> list[str]:
    """How an answer differs from the right one, a line a path."""
    missing = object()
    found = []
    for path, right in question.get("expect", {}).items():
        try:
            said = value_at(answer, path)
        except LookupError:
            said = missing
        if said != right:
            found.append(f"{path}: {'nothing' if said is missing else repr(said)}, not {right!r}")
    return found
