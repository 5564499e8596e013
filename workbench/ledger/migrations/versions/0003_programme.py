"""What ambassadors promised, what shows it, and what they are given; what there is to do about them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column(
            "commitment",
            sa.Enum(
                "1",
                "2",
                "3",
                "4a",
                "4b",
                "4c",
                "5",
                "6",
                name="commitment_name",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "usage",
                "interaction",
                "bug_report",
                "answer",
                "note",
                "waiver",
                name="evidence_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_evidence_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_person_id", "evidence", ["person_id"], unique=False)
    op.create_table(
        "commitments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column(
            "commitment",
            sa.Enum(
                "1",
                "2",
                "3",
                "4a",
                "4b",
                "4c",
                "5",
                "6",
                name="commitment_name",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "not_due",
                "due",
                "met",
                "declared",
                "missed",
                "waived",
                name="commitment_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name="fk_commitments_evidence_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_commitments_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_commitments"),
        sa.UniqueConstraint("person_id", "quarter", "commitment", name="uq_commitments_person_id_quarter_commitment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commitments_evidence_id", "commitments", ["evidence_id"], unique=False)
    op.create_index("ix_commitments_person_id", "commitments", ["person_id"], unique=False)
    op.create_table(
        "interactions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "call",
                "mail",
                "message",
                "meeting",
                "other",
                name="interaction_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_interactions_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interactions_person_id", "interactions", ["person_id"], unique=False)
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "snoozed",
                "done",
                "dismissed",
                name="follow_up_state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_follow_ups_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
        sa.UniqueConstraint("person_id", "rule", "about", name="uq_follow_ups_person_id_rule_about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_follow_ups_due_on", "follow_ups", ["due_on"], unique=False)
    op.create_index("ix_follow_ups_person_id", "follow_ups", ["person_id"], unique=False)
    op.create_table(
        "benefits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "plus", "goodies", "event", name="benefit_kind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "owed",
                "given",
                "out_of_stock",
                "invited",
                "accepted",
                "declined",
                "attended",
                "ended",
                name="benefit_state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_benefits_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_benefits"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_benefits_person_id", "benefits", ["person_id"], unique=False)
    op.create_table(
        "goodies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("stock >= 0", name="stock"),
        sa.PrimaryKeyConstraint("id", name="pk_goodies"),
        sa.UniqueConstraint("item", name="uq_goodies_item"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bugs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "sent", "fixed", name="bug_state", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_bugs_person_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name="fk_bugs_response_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_bugs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bugs_person_id", "bugs", ["person_id"], unique=False)
    op.create_index("ix_bugs_response_id", "bugs", ["response_id"], unique=False)
