"""People, their identifiers in the app, what they agreed to; and the audit of everything."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SQLITE = [
    f"create trigger audit_{verb} before {verb} on audit begin select raise(abort, 'the audit is append-only'); end"
    for verb in ("update", "delete")
]
POSTGRESQL = [
    """create function audit_is_append_only() returns trigger language plpgsql as
    $$ begin raise exception 'the audit is append-only'; end $$""",
    """create trigger audit_change before update or delete or truncate on audit
    for each statement execute function audit_is_append_only()""",
]


def upgrade() -> None:
    """Make the tables; the audit refuses every change and every deletion."""
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("school", sa.Text(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=True),
        sa.Column("academie", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "candidate",
                "active",
                "paused",
                "left",
                name="person_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("charter_version", sa.Text(), nullable=True),
        sa.Column("charter_accepted_on", sa.Date(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into_id"], ["people.id"], name="fk_people_merged_into_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("email", name="uq_people_email"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_people_merged_into_id", "people", ["merged_into_id"], unique=False)
    op.create_table(
        "app_ids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("user", "class", name="app_id_kind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_app_ids_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_app_ids"),
        sa.UniqueConstraint("kind", "app_id", "person_id", name="uq_app_ids_kind_app_id_person_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_app_ids_person_id", "app_ids", ["person_id"], unique=False)
    op.create_index(
        "uq_app_ids_user",
        "app_ids",
        ["app_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'user'"),
        postgresql_where=sa.text("kind = 'user'"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "courrier",
                "reminders",
                "questionnaires",
                "opens",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_consents_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consents_person_id", "consents", ["person_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "entity_id"], unique=False)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
