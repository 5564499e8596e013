"""What columns of the ledger are made of, the same on SQLite and PostgreSQL."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, Boolean, Date, DateTime, Dialect, Enum, ForeignKey, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

NUMBERS_ONCE = {"sqlite_autoincrement": True}
"""The number of a row that is gone is never given to another: the audit names rows by their number."""


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, always UTC. SQLite keeps no zone: it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """What is stored. Raises ValueError for a moment without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """What is given back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the ledger."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, type[TypeEngine[Any]] | TypeEngine[Any]]] = {
        bool: Boolean,
        int: Integer,
        str: Text,
        date: Date,
        datetime: Instant,
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }


class Numbered:
    """A table whose rows are numbered, each number given once."""

    __table_args__: Any = NUMBERS_ONCE
    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class Versioned:
    """A table whose rows count their changes, so that two people who change one at once both learn of it."""

    version: Mapped[int] = mapped_column(default=1, sort_order=1)


def one_of(states: type[StrEnum]) -> Enum:
    """The type of a column that holds one of the states: text with a named CHECK."""
    return Enum(
        states,
        name=re.sub(r"(?<!^)(?=[A-Z])", "_", states.__name__).lower(),
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=20,
    )


def of_person() -> Any:
    """A column naming a person; the row goes with the person."""
    return mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)


def of_person_if_known() -> Any:
    """A column naming a person where one is known; the row stays without the person."""
    return mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
