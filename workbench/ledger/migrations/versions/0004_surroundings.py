"""Académies, annotations of time lines, bodies received, and the names of classes."""

import csv
from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


VALIDATED = ("Créteil", "Versailles")
"""What the ambassador kit of the 2020 school start says; of the others it says nothing."""


def upgrade() -> None:
    """Make the tables, with the académies in them."""
    op.create_table(
        "academies",
        sa.Column("academie", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unknown",
                "contacted",
                "answered",
                "validated",
                "in_register",
                "refused",
                name="academie_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("academie", name="pk_academies"),
    )
    op.create_table(
        "academie_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("academie", sa.Text(), nullable=False),
        sa.Column(
            "function",
            sa.Enum(
                "DPD",
                "DASEN",
                "IEN",
                "EREN",
                name="contact_function",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["academie"], ["academies.academie"], name="fk_academie_contacts_academie"),
        sa.PrimaryKeyConstraint("id", name="pk_academie_contacts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_academie_contacts_academie", "academie_contacts", ["academie"], unique=False)
    op.create_table(
        "annotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_on is null or ends_on >= starts_on", name="order"),
        sa.PrimaryKeyConstraint("id", name="pk_annotations"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("typeform", "sendgrid", name="webhook_kind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("kind", "sha256", name="uq_webhooks_kind_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_processed_at", "webhooks", ["processed_at"], unique=False)
    op.create_table(
        "class_names",
        sa.Column("class_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("payer_code", sa.Text(), nullable=True),
        sa.Column("payer_since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("class_key", name="pk_class_names"),
    )
    op.bulk_insert(sa.table("academies", *map(sa.column, ("academie", "status", "note", "version"))), _academies())


def _academies() -> list[dict[str, object]]:
    listed = files("workbench").joinpath("reference", "academies.csv").read_text(encoding="utf-8")
    names = sorted({row["academie"] for row in csv.DictReader(listed.splitlines())})
    return [
        {"academie": name, "status": "validated", "note": "Kit ambassadeurs 2020", "version": 1}
        if name in VALIDATED
        else {"academie": name, "status": "unknown", "note": "", "version": 1}
        for name in names
    ]
