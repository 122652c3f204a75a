"""The log and its read models, and the keys that may write."""

from alembic import op
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert

from eventlog.tables import create_log, drop_log
from projections.tables import VERSION, ReadModels

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
_read_models = Table(
    "read_models",
    _more,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("building", Integer),
    Column("built_to", Integer),
)


def upgrade() -> None:
    connection = op.get_bind()
    create_log(connection)
    ReadModels().metadata.create_all(connection, checkfirst=False)
    _more.create_all(connection, checkfirst=False)
    connection.execute(insert(_read_models).values(id=1, version=VERSION, generation=0))


def downgrade() -> None:
    connection = op.get_bind()
    _more.drop_all(connection, checkfirst=False)
    ReadModels().metadata.drop_all(connection, checkfirst=False)
    drop_log(connection)
