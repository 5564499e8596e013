"""Which class a pseudonym stands for: for those who may call a school, one at a time, each look-up in the audit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.tables import ClassName


class UnknownClass(WorkbenchError):
    """A key that no landed file of classes or subscriptions gave."""


@dataclass(frozen=True)
class NamedClass:
    """A class behind its key, and the code of who pays for it, from the subscription that starts last."""

    class_key: int
    class_id: str
    payer_code: str | None = None
    payer_since: date | None = None


def class_named(ledger: Ledger, class_key: int, *, who: str, now: datetime) -> NamedClass:
    """The class behind a key. The look-up is audited, also one that finds nothing. Raises UnknownClass."""
    with ledger.writing(who, now) as work:
        row = work.get(ClassName, class_key)
        work.audit("class_looked_up", "class", class_key, {"found": row is not None})
    if row is None:
        raise UnknownClass(
            f"no class has the key {class_key}", "take a key that a page shows, after `workbench etl run`"
        )
    return NamedClass(row.class_key, row.class_id, row.payer_code, row.payer_since)


def remember_classes(ledger: Ledger, classes: Iterable[NamedClass], *, who: str, now: datetime) -> None:
    """Keep which class each key stands for, and who pays from the latest day on.

    The same classes again, or in another order, change nothing. One job at a time does this, under the HOME's lock.
    """
    with ledger.writing(who, now) as work:
        best = _kept(work)
        news = {}
        for named in classes:
            before = best.get(named.class_key)
            if before is None or _standing(named) > before:
                best[named.class_key] = _standing(named)
                news[named.class_key] = named
        if news:
            _write(work, [news[key] for key in sorted(news)])
            work.audit("classes_remembered", "classes", "", {"count": len(news)})


def _kept(work: Writing) -> dict[int, tuple[date, str]]:
    """Which payer stands for each class; read whole, so that a file of classes that are known costs no writing."""
    rows = work.execute(select(ClassName.class_key, ClassName.payer_since, ClassName.payer_code))
    return {key: (since or date.min, code or "") for key, since, code in rows}


def _write(work: Writing, classes: list[NamedClass]) -> None:
    adding = work.insert(ClassName)
    payer = {name: adding.excluded[name] for name in ("payer_code", "payer_since")}
    rows = [
        {
            "class_key": named.class_key,
            "class_id": named.class_id,
            "payer_code": named.payer_code,
            "payer_since": named.payer_since,
        }
        for named in classes
    ]
    work.connection().execute(adding.on_conflict_do_update(index_elements=["class_key"], set_=payer), rows)


def _standing(named: NamedClass) -> tuple[date, str]:
    """What decides between two payers of a class: who pays from the later day on; on one day, the greater code."""
    return named.payer_since or date.min, named.payer_code or ""
