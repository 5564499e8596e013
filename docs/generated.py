"""The pages of docs/ that say what the code says: `python docs/generated.py` writes them anew.

A test compares them with what this file would write: whoever changes a model or a metric runs it.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.etl.build import Model, read_models
from workbench.metrics import METRICS, tables_behind
from workbench.text import Words

DOCS = Path(__file__).resolve().parent
NOTICE = "<!-- Written by `python docs/generated.py`; change what it is written from. -->\n"


def dictionary() -> str:
    """Every table and view an analyst may rely on, from the headers of the models."""
    models = sorted(read_models().values(), key=lambda model: (model.stored == "view", model.name))
    tables = [model for model in models if model.stored != "view"]
    views = [model for model in models if model.stored == "view"]
    parts = [
        "# Data dictionary\n",
        NOTICE,
        (
            "Every table of a build and every view over its lake: what a row is, what names it (the key), each column "
            "with type, unit and meaning. `workbench dictionary` prints the same of the published build; in Python "
            "`wh.tables()` and `wh.describe(table)` do. A model is the file `workbench/etl/models/<table>.sql`.\n"
        ),
        f"Tables: {_links(tables)}.\n",
        f"Views over the lake, with a row for each user or class and day: {_links(views)}.\n",
        *map(_table, models),
    ]
    return "\n".join(parts)


def _links(models: list[Model]) -> str:
    return " · ".join(f"[{model.name}](#{model.name})" for model in models)


def _table(model: Model) -> str:
    where = "A view over the lake. " if model.stored == "view" else ""
    key = f"Key: {', '.join(f'`{name}`' for name in model.key)}." if model.key else ""
    rows = [(f"`{c.name}`", c.type, c.unit, c.meaning) for c in model.columns]
    lead = f"{model.meaning}\n" + (f"\n{where}{key}\n" if where or key else "")
    return f"## {model.name}\n\n{lead}\n{_grid(('column', 'type', 'unit', 'meaning'), rows)}\n"


def _grid(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --------------------------------------------------------------------------------------------------------- metrics


def worlds() -> list[dict[str, Any]]:
    """The worked examples: each world with its feeds and the metrics asked of it."""
    found: list[dict[str, Any]] = tomllib.loads((DOCS / "examples.toml").read_text(encoding="utf-8"))["world"]
    return found


def metrics() -> str:
    """The metric catalogue, each metric with its example."""
    parts = [
        "# Metric catalogue\n",
        NOTICE,
        (
            f"The {len(METRICS)} figures of the workbench. Pages, reports, mails and `wh.metric(name, by=…, since=…, "
            "until=…, where=…)` give the same number, counted in one place: the SQL file named with each. "
            "A daily metric has a row for each day of the period; the others have one for all of it, as of its end.\n"
        ),
        (
            "Each example is a small export that you can count with a finger; the tests land it by the ETL and get "
            "the answer given here. Days are days in Paris.\n"
        ),
        _grid(("metric", "unit", "in French", "feed"), [_line(name) for name in METRICS]) + "\n",
        *map(_world, worlds()),
    ]
    return "\n".join(parts)


def _line(name: str) -> tuple[str, ...]:
    english, french = Words("en"), Words("fr")
    unit = english(f"unit.{METRICS[name].unit}")
    return f"[`{name}`](#{name})", unit, french(f"metric.{name}.name"), f"`{METRICS[name].feed}`"


def _world(world: Mapping[str, Any]) -> str:
    feeds = "\n".join(f"`{feed}`\n\n```csv\n{text.strip()}\n```\n" for feed, text in world["feeds"].items())
    told = "\n".join(_metric(name, example) for name, example in world["metric"].items())
    many = " `{1..10}` stands for ten lines, 1 to 10." if "{1.." in feeds else ""
    return f"## {world['title']}\n\n{world['told']}{many}\n\n{feeds}\n{told}"


def _metric(name: str, example: Mapping[str, Any]) -> str:
    english, french, metric = Words("en"), Words("fr"), METRICS[name]
    cut = ", ".join(f"`{column}`" for column in metric.by) or "nothing"
    tables = ", ".join(f"[{table}](dictionary.md#{table})" for table in tables_behind(name))
    rows = "a row a day" if metric.daily else "one row for the period"
    facts = (
        f"Unit: {english(f'unit.{metric.unit}')}; {english('sums.' + metric.sums.replace(' ', '_'))}; {rows}. "
        f"By {cut}. From {tables}. SQL: `workbench/metrics/{name}.sql`."
    )
    return (
        f"### {name}\n\n**{english(f'metric.{name}.name')}.** {english(f'metric.{name}.definition')}\n\n"
        f"**{french(f'metric.{name}.name')}.** {french(f'metric.{name}.definition')}\n\n{facts}\n\n"
        f"Example: `{call(name, example['asked'])}` is **{_written(example['answer'])}**. {example['why']}\n"
    )


def call(name: str, asked: Mapping[str, Any]) -> str:
    """The Python that asks for an example."""
    given = [f"{word}=date({v.year}, {v.month}, {v.day})" for word, v in asked.items() if word != "by"]
    given += [f"by={asked['by']!r}".replace("'", '"')] if "by" in asked else []
    return "wh.metric(" + ", ".join([f'"{name}"', *given]) + ")"


def _written(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(f"{key} {_written(value)}" for key, value in answer.items())
    return str(answer).replace("/", " / ")


def export_lines(text: str) -> Iterator[str]:
    """The lines of an example's CSV, those with {1..n} written out."""
    for line in text.strip().splitlines():
        head, _, rest = line.partition("{1..")
        count = int(rest.partition("}")[0]) if rest else 0
        mark = f"{{1..{count}}}"
        yield from (line.replace(mark, str(number)) for number in range(1, count + 1)) if head != line else [line]


PAGES: Mapping[str, Callable[[], str]] = {"dictionary.md": dictionary, "metrics.md": metrics}


def main() -> None:
    """Write every generated page."""
    for name, written in PAGES.items():
        (DOCS / name).write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
