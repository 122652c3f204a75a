"""Subscriptions, reminders, what is to be sent, and each attempt to send it."""

from alembic import op
from sqlalchemy import insert

from application.reminders.tables import planner_table, reminder_metadata

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    reminder_metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(planner_table).values(id=1, planned_to=0))


def downgrade() -> None:
    reminder_metadata.drop_all(op.get_bind(), checkfirst=False)
