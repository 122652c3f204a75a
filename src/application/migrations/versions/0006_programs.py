"""Which version of the program made each schema."""

from alembic import op

from application.versions import programs

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    programs.metadata.create_all(op.get_bind(), tables=[programs], checkfirst=False)


def downgrade() -> None:
    programs.metadata.drop_all(op.get_bind(), tables=[programs], checkfirst=False)
