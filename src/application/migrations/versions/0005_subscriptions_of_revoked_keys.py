"""Subscriptions of keys that were revoked before revoking ended them: they end now.

What was planned for them is cancelled by the planner, which plans everything anew after `0004`.
"""

from alembic import op
from sqlalchemy import select

from application import clock
from application.keys import keys_table
from application.reminders.subscriptions import end_with_key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    revoked = connection.execute(select(keys_table.c.name).where(keys_table.c.revoked_at.is_not(None)))
    for name in list(revoked.scalars()):
        end_with_key(connection, name, clock.now())


def downgrade() -> None:
    """Nothing: what ended stays so."""
