"""A database that an earlier version of this program wrote: made by the commit that its files are named for.

It has the seeds, a demand with a correction and a dispute, a subscription, and the reminders planned for it. The
answers beside it were given by that commit on the same day, at positions of the log that do not change.
"""

import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from application.rebuild import is_current
from application.reminders.queries import by_state
from application.service import Service
from application.settings import Settings
from application.verifying.verify import verify
from cli.session import open_record

GOLDEN = Path(__file__).parent / "golden"
COMMIT = "7fa4d98"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_a_database_written_by_an_earlier_version_opens_and_answers_the_same(tmp_path: Path) -> None:
    database = tmp_path / "earlier.db"
    database.write_bytes(lzma.decompress((GOLDEN / f"written-at-{COMMIT}.db.xz").read_bytes()))
    answers = json.loads(lzma.decompress((GOLDEN / f"answers-at-{COMMIT}.json.xz").read_bytes()))
    as_it_is = Service(f"sqlite:///{database}")
    assert not is_current(as_it_is), "its read models are of another version, and are built anew"
    as_it_is.close()
    with open_record(Settings(database_url=f"sqlite:///{database}")) as service:
        service.now = lambda: NOW
        assert is_current(service)
        assert list(verify(service)) == []
        with service.reading() as connection:
            assert by_state(connection) == {"planned": 6}
        with TestClient(create_app(service)) as client:
            for address, expected in answers.items():
                answer = client.get(address)
                assert answer.status_code == 200, (address, answer.text)
                given = answer.text if isinstance(expected, str) else without_holidays(answer.json())
                assert given == expected, address
    assert len(answers) > 150


def without_holidays(answer: Any) -> Any:
    """An answer without what was added to it since: by which lists of holidays a day was computed."""
    if isinstance(answer, list):
        return [without_holidays(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    kept = {name: without_holidays(value) for name, value in answer.items()}
    if isinstance(kept.get("computed"), dict):
        del kept["computed"]["holidays"]
    return kept
