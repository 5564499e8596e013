"""What a question was when somebody said what it means: empty where that was said before this was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("question_maps", sa.Column("title", sa.Text(), nullable=True))
    op.add_column("question_maps", sa.Column("type", sa.Text(), nullable=True))
