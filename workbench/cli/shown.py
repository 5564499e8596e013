"""How the command line speaks: progress, tables, and the option of one JSON object."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from workbench import etl

T = TypeVar("T")
OUT = Console()
ERR = Console(stderr=True)

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


class ShownProgress(etl.Progress):
    """A bar on a terminal; elsewhere one plain line per kind of work."""

    def each(self, items: Iterable[T], doing: str, name: Callable[[T], str]) -> Iterator[T]:
        """The items, one after the other, shown as they go."""
        listed = list(items)
        if not ERR.is_terminal:
            ERR.print(f"{doing}: {len(listed)}", highlight=False)
            yield from listed
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=ERR, transient=True) as bar:
            task = bar.add_task(doing, total=len(listed))
            for item in listed:
                bar.update(task, description=f"{doing} {name(item)[-40:]}")
                yield item
                bar.advance(task)


def table(rows: Iterable[Mapping[str, object]], columns: tuple[str, ...]) -> Table:
    """Rows as a table, words to the left and numbers to the right."""
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="left" if column in ("feed", "form", "path", "status", "reason") else "right")
    for row in rows:
        made.add_row(*(_shown(row[column]) for column in columns))
    return made


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
