"""Subscriptions, reminders, what is to be sent, and each attempt to send it."""

from alembic import op
from sqlalchemy import insert

from application.reminding.tables import metadata, planner

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(planner).values(id=1, planned_to=0))


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), checkfirst=False)
