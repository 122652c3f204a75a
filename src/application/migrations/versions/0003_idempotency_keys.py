"""What writers' requests came to, by the key that they gave them."""

from alembic import op

from application.idempotency import table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table.metadata.create_all(op.get_bind(), tables=[table], checkfirst=False)


def downgrade() -> None:
    table.metadata.drop_all(op.get_bind(), tables=[table], checkfirst=False)
