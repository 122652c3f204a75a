"""Which list of legal holidays days due and reminders rest on.

In a database that holds anything it is not known, so that both are worked out anew once.
"""

from alembic import op
from sqlalchemy import select

from application.legal_holidays.calendar import LIBRARY
from application.legal_holidays.lists import remember_list, table
from eventlog.tables import log_head

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    table.create(connection)
    if not connection.execute(select(log_head.c.position).where(log_head.c.id == 1)).scalar():
        remember_list(connection, "read models", LIBRARY)
        remember_list(connection, "reminders", LIBRARY)


def downgrade() -> None:
    table.drop(op.get_bind())
