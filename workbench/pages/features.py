"""Fonctionnalités: how many use what the kit lists, what moved, when newcomers discover it, and the five tutorials."""

from functools import partial

import polars as pl

from workbench.charts import features
from workbench.metrics.kit import gestures
from workbench.pages import Page, Written, opened

MOVERS = 3
LEAST_USERS = 20
"""A gesture of fewer users is not said to move: one user more would be a headline."""


def show(page: Page) -> None:
    """Figures, what moved, adoption, trends, first uses after joining, tutorials beside what they teach."""
    page.header()
    if page.missing("usage"):
        return
    weeks = page.question("feature_weeks")
    if weeks.is_empty():
        page.empty("empty.period")
        return
    rows = adopted(page, weeks)
    page.parts(
        partial(figures, page, rows),
        partial(movers, page, rows),
        partial(adoption, page, rows),
        partial(trends, page, weeks),
        partial(discoveries, page),
        partial(tutorials, page, rows),
    )


def adopted(page: Page, weeks: pl.DataFrame) -> pl.DataFrame:
    """A row for each gesture of the kit, its users in the 28 days that end the period, then and now.

    Columns `event`, `name`, `feature`, `users`, `share` (of the active users), `share_before`, `change` (of users; the
    last two empty where nothing can be compared), `events` (in the period). The most used first.
    """
    now, before = _last(weeks), _last(page.question("feature_weeks", page.before))
    comparable = pl.lit(page.change("mau") is not None)
    # A build's feature is the event's name.
    events = page.metric("events", by=("feature",)).group_by("feature").agg(pl.col("events").sum())
    then = pl.col("users_28d_then").fill_null(0)
    return (
        _named(page)
        .join(now.rename({"feature": "event"}), on="event", how="left")
        .join(before.rename({"feature": "event"}), on="event", how="left", suffix="_then")
        .join(events.rename({"feature": "event"}), on="event", how="left")
        .with_columns(pl.col("users_28d").fill_null(0).alias("users"), pl.col("events").fill_null(0))
        .with_columns(
            (pl.col("users") / weeks["mau"][-1]).alias("share"),
            pl.when(comparable).then(then / _mau(before)).alias("share_before"),
            pl.when(comparable & (then > 0)).then(pl.col("users") / then - 1).alias("change"),
        )
        .sort("users", "name", descending=[True, False])
    )


def _last(weeks: pl.DataFrame) -> pl.DataFrame:
    """The rows of the last of the days."""
    return weeks.filter(pl.col("day") == pl.col("day").max()).select("feature", "users_28d", "mau")


def _mau(rows: pl.DataFrame) -> pl.Expr:
    return pl.lit(rows["mau"].max(), pl.Int64)


def _named(page: Page) -> pl.DataFrame:
    language = page.words.language
    rows = [(known.event, known.label[language], known.feature_label[language]) for known in gestures()]
    return pl.DataFrame(rows, schema=["event", "name", "feature"], orient="row")


def figures(page: Page, rows: pl.DataFrame) -> None:
    """Active users, what they did in the period, and who watched a tutorial."""
    words = page.words
    active = page.on("mau", page.until)
    with page.sheet.grid(3, 150):
        page.card("mau", page.written(active), words("overview.on", day=page.until), page.change("mau"))
        page.card("events", words.number(page.total("events")), words("overview.in_period"), page.change("events"))
        watched = rows.filter(pl.col("event") == "tutorial_watched").row(0, named=True)
        said = words("features.of_active", share=words.percent(watched["share"]))
        page.card("tutorial_viewers", words.number(watched["users"]), said, watched["change"])


def movers(page: Page, rows: pl.DataFrame) -> None:
    """In two sentences: which gestures won and lost most users against the compared period."""
    big = rows.drop_nulls("change").filter(pl.col("users") >= LEAST_USERS)
    if big.is_empty():
        page.sheet.note(page.words("features.not_compared"))
        return
    up = big.filter(pl.col("change") > 0).sort("change", descending=True).head(MOVERS)
    down = big.filter(pl.col("change") < 0).sort("change").head(MOVERS)
    lines = [
        page.words(f"features.{direction}", which=", ".join(_moved(page, row) for row in moved.iter_rows(named=True)))
        for direction, moved in (("up", up), ("down", down))
        if moved.height
    ]
    page.sheet.text("  \n".join([*lines, page.words(f"features.against_{page.comparison}")]))


def _moved(page: Page, row: dict[str, object]) -> str:
    change = row["change"]
    assert isinstance(change, float)
    return page.words("features.moved", name=row["name"], change=page.words.change(change))


def adoption(page: Page, rows: pl.DataFrame) -> None:
    """The share of active users who did it, then and now, as bars and as the table."""
    words, number = page.words, page.words.number
    page.section("feature_adoption")
    caption = page.caption("adoption", "share", "usage")
    page.chart(features.adoption(rows, caption, words))
    page.definitions("feature_users")
    columns: dict[str, Written] = {"gesture": str, "feature": str, "users": number, "share_of_active": words.percent}
    columns |= {"share_before": words.percent, "change": words.change, "events": number}
    table = rows.rename({"name": "gesture", "share": "share_of_active"})
    page.table(table, columns, words("section.feature_adoption.title"), "gestes")
    _translated(page)


def _translated(page: Page) -> None:
    """Translated posts are in the kit's list too, but usage does not say who reads them."""
    if page.has("translations"):
        page.sheet.note(page.words("features.translated", n=page.total("translated_posts")))


def trends(page: Page, weeks: pl.DataFrame) -> None:
    """The share of active users week after week, each gesture against its own best week."""
    if weeks["day"].n_unique() < 2:
        return
    page.section("feature_trends")
    days = weeks.select("day", "mau").unique()
    used = weeks.select("day", pl.col("feature").alias("event"), pl.col("users_28d").alias("users"))
    rows = (
        _named(page)
        .join(days, how="cross")
        .join(used, on=["event", "day"], how="left", maintain_order="left")
        .with_columns((pl.col("users").fill_null(0) / pl.col("mau")).alias("share"))
        .sort(pl.col("event").replace_strict({known.event: n for n, known in enumerate(gestures())}), "day")
    )
    caption = page.caption("feature_trends", "share", "usage")
    page.chart(features.trends(rows, caption, page.words))


def discoveries(page: Page) -> None:
    """How many of the newcomers do it within their first 7 and 28 days."""
    page.section("feature_discoveries")
    found = page.question("discoveries")
    if found.is_empty():
        page.empty("empty.discoveries")
        return
    rows = first_uses(page, found)
    caption = page.caption("discoveries", "share", "usage")
    page.chart(features.discoveries(rows, caption, page.words))
    columns: dict[str, Written] = {"gesture": str}
    columns |= {"newcomers": page.words.number, "discovered": page.words.number}
    columns |= {"first_week": page.words.percent, "first_month": page.words.percent}
    page.table(
        rows.rename({"name": "gesture"}), columns, page.words("section.feature_discoveries.title"), "decouvertes"
    )


def first_uses(page: Page, found: pl.DataFrame) -> pl.DataFrame:
    """For each gesture `newcomers`, `discovered` (within 28 days), and the shares `first_week` and `first_month`."""
    sums = found.group_by(pl.col("feature").alias("event")).agg(
        pl.col("users").filter(pl.col("week") == 0).sum().alias("at_once"), pl.col("users").sum().alias("discovered")
    )
    return (
        _named(page)
        .join(sums, on="event", how="left")
        .with_columns(pl.col("at_once", "discovered").fill_null(0), pl.lit(found["newcomers"][0]).alias("newcomers"))
        .with_columns(
            (pl.col("at_once") / pl.col("newcomers")).alias("first_week"),
            (pl.col("discovered") / pl.col("newcomers")).alias("first_month"),
        )
        .sort("first_month", "name", descending=[True, False])
    )


def tutorials(page: Page, rows: pl.DataFrame) -> None:
    """Those who watched a tutorial beside those who do what the five teach."""
    words = page.words
    page.section("feature_tutorials")
    taught = pl.DataFrame(
        [(known.event, known.tutorial[words.language]) for known in gestures() if known.tutorial],
        schema=["event", "tutorial"],
        orient="row",
    )
    table = taught.join(rows, on="event", how="left", maintain_order="left")
    columns: dict[str, Written] = {"tutorial": str, "gesture": str, "users": words.number}
    columns |= {"share_of_active": words.percent, "change": words.change}
    page.table(
        table.rename({"name": "gesture", "share": "share_of_active"}), columns,
        words("section.feature_tutorials.title"), "tutoriels",
    )  # fmt: skip
    page.sheet.note(words("features.which_tutorial"))


if __name__ == "__main__":
    show(opened("features"))
