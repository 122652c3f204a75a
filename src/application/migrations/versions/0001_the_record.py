"""The log and the key that signs for it, its read models, and the keys that may write.

The read models are created as the present code has them: they follow from the log, and what an older version built
is not migrated but rebuilt.
"""

from alembic import op
from sqlalchemy import Column, MetaData, Table, Text, insert

from eventlog.proofs import create_key, drop_key
from eventlog.tables import create_log, drop_log
from projections.schema import SCHEMA_VERSION, ReadModels, generations

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_more = MetaData()
_keys = Table(
    "keys",
    _more,
    Column("name", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("added_at", Text, nullable=False),
    Column("revoked_at", Text),
)


def upgrade() -> None:
    connection = op.get_bind()
    create_log(connection)
    create_key(connection)
    ReadModels().metadata.create_all(connection, checkfirst=False)
    _more.create_all(connection, checkfirst=False)
    generations.create(connection)
    connection.execute(insert(generations).values(id=1, version=SCHEMA_VERSION, generation=0))


def downgrade() -> None:
    connection = op.get_bind()
    generations.drop(connection)
    _more.drop_all(connection, checkfirst=False)
    ReadModels().metadata.drop_all(connection, checkfirst=False)
    drop_key(connection)
    drop_log(connection)
