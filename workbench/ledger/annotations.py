"""What the team marks on time lines."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger
from workbench.ledger.tables import Annotation
from workbench.ledger.typed import one_line


class AnnotationInvalid(WorkbenchError):
    """An annotation that says nothing, or ends before it begins."""


@dataclass(frozen=True)
class Marked:
    """An annotation: without `ends_on` a single day, without `country` (alpha-2) everywhere."""

    id: int
    starts_on: date
    ends_on: date | None
    label: str
    country: str | None
    author: str
    created_at: datetime


def annotations(ledger: Ledger) -> list[Marked]:
    """Those that stand, by day."""
    standing = select(Annotation).where(Annotation.removed_at.is_(None)).order_by(Annotation.starts_on, Annotation.id)
    with ledger.reading() as session:
        return [
            Marked(row.id, row.starts_on, row.ends_on, row.label, row.country, row.author, row.created_at)
            for row in session.scalars(standing)
        ]


def annotate(
    ledger: Ledger,
    starts_on: date,
    label: str,
    *,
    ends_on: date | None = None,
    country: str | None = None,
    who: str,
    now: datetime,
) -> int:
    """Mark a day or days; gives the annotation's number. Raises AnnotationInvalid."""
    text = one_line(label)
    if not text:
        raise AnnotationInvalid("an annotation needs a text", "write in a few words what happened")
    if ends_on is not None and ends_on < starts_on:
        raise AnnotationInvalid(f"it ends on {ends_on}, before it begins on {starts_on}", "correct one of the days")
    row = Annotation(starts_on=starts_on, ends_on=ends_on, label=text, country=country, author=who, created_at=now)
    with ledger.writing(who, now) as work:
        work.add(row)
        work.flush()
        details = {"starts_on": str(starts_on), "ends_on": ends_on and str(ends_on), "country": country}
        work.audit("annotated", "annotation", row.id, details, {"label": text})
    return row.id


def remove_annotation(ledger: Ledger, number: int, *, who: str, now: datetime) -> None:
    """Take an annotation off the time lines; the ledger keeps it. Raises ChangedMeanwhile where it is off already."""
    with ledger.writing(who, now) as work:
        row = work.get(Annotation, number, with_for_update=True)
        if row is None or row.removed_at is not None:
            raise ChangedMeanwhile("the annotation is gone already", "look at the time line as it is now")
        row.removed_at = now
        work.audit("annotation_removed", "annotation", number)
