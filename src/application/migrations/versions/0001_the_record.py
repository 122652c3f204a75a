"""The log and the key that signs for it, its read models, and the keys that may write.

The read models are created as the present code has them: they follow from the log, and what an older version built
is not migrated but rebuilt.
"""

from alembic import op
from sqlalchemy import insert

from application.keys import keys_table
from eventlog.proofs import create_key, drop_key
from eventlog.tables import create_log, drop_log
from projections.schema import SCHEMA_VERSION, ReadModels, generations

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    create_log(connection)
    create_key(connection)
    ReadModels().metadata.create_all(connection, checkfirst=False)
    keys_table.create(connection)
    generations.create(connection)
    connection.execute(insert(generations).values(id=1, version=SCHEMA_VERSION, generation=0))


def downgrade() -> None:
    connection = op.get_bind()
    generations.drop(connection)
    keys_table.drop(connection)
    ReadModels().metadata.drop_all(connection, checkfirst=False)
    drop_key(connection)
    drop_log(connection)
