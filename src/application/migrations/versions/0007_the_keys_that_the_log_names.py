"""The keys that the log began with, by which `verify` knows whether the one that signs was replaced."""

from alembic import op

from eventlog.proofs import create_named_keys, drop_named_keys

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_named_keys(op.get_bind())


def downgrade() -> None:
    drop_named_keys(op.get_bind())
