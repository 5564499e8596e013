"""People: who they are, by which identifiers the app knows them, what they agreed to."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.ledger.columns import NUMBERS_ONCE, Base, Numbered, Versioned, of_person, one_of
from workbench.ledger.states import (
    AppIdKind,
    PersonStatus,
    Purpose,
)


class Person(Numbered, Versioned, Base):
    """An ambassador or a candidate. `email` is trimmed and lower-case; `charter_version` is the one accepted."""

    __tablename__ = "people"
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    school: Mapped[str | None]
    commune: Mapped[str | None]
    academie: Mapped[str | None]
    since: Mapped[date | None]
    status: Mapped[PersonStatus] = mapped_column(one_of(PersonStatus))
    charter_version: Mapped[str | None]
    charter_accepted_on: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class AppId(Numbered, Base):
    """An identifier of the app that belongs to a person. A class may have two ambassadors, a user is one person."""

    __tablename__ = "app_ids"
    person_id: Mapped[int] = of_person()
    kind: Mapped[AppIdKind] = mapped_column(one_of(AppIdKind))
    app_id: Mapped[str]
    __table_args__ = (
        UniqueConstraint("kind", "app_id", "person_id"),
        Index(
            "uq_app_ids_user",
            "app_id",
            unique=True,
            sqlite_where=text("kind = 'user'"),
            postgresql_where=text("kind = 'user'"),
        ),
        NUMBERS_ONCE,
    )


class Consent(Numbered, Base):
    """A fact: a person agreed to a purpose, or took it back. The latest counts, all are kept."""

    __tablename__ = "consents"
    person_id: Mapped[int] = of_person()
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose))
    granted: Mapped[bool]
    at: Mapped[datetime]
    source: Mapped[str]
