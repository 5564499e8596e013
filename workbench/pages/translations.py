"""Publications traduites: posts and translations, which are two things, where, by whom, and between which languages."""

from dataclasses import replace
from functools import partial

import polars as pl

from workbench.charts import bars, translations
from workbench.pages import Page, Written, opened, weekly

COUNTRIES_DRAWN = 12


def show(page: Page) -> None:
    """Figures, posts and translations apart, the matrix of languages, countries."""
    page.header()
    page.without_roles()
    if page.missing("translations"):
        return
    days = page.question("translation_days")
    if days.is_empty():
        page.empty("empty.period")
        return
    page.parts(partial(figures, page), partial(trends, page, days), partial(pairs, page), partial(places, page))


def figures(page: Page) -> None:
    """Posts, translations, failures and their share, characters, the share of active classes that translate."""
    words = page.words
    with page.sheet.grid(3, 150):
        for name in ("translated_posts", "translations"):
            page.card(name, words.number(page.total(name)), words("overview.in_period"), page.change(name))
        page.card("translation_failures", words.number(page.total("translation_failures")), words("overview.in_period"))
        page.card("translation_failure_rate", page.share("translation_failure_rate"), words("translations.of_attempts"))
        characters = page.total("translated_characters")
        page.card("translated_characters", words.number(characters), change=page.change("translated_characters"))
        translating(page)


def translating(page: Page) -> None:
    """Of the classes with an event in the period, the share with a post translated in it."""
    active, translating = translating_classes(page)
    share = page.words.percent(translating / active) if active else "–"
    page.card("translating_share", share, page.words("translations.of_active", n=translating, active=active))


def translating_classes(page: Page) -> tuple[int, int]:
    """Active classes of the period, and those of them that translate.

    Asked for all countries and plans, and cut here: another filter does not read the lake's days again.
    """
    rows = page.question("translating_classes", replace(page.asking, countries=(), plans=()))
    for column, wanted in (("country", page.asking.countries), ("plan", page.asking.plans)):
        if wanted:
            rows = rows.filter(pl.col(column).is_in(wanted))
    return int(rows["active"].sum()), int(rows["translating"].sum())


def trends(page: Page, days: pl.DataFrame) -> None:
    """Posts by week, then translations and failures by week: never in one bar, they are not the same thing."""
    rows = weekly(days, page.since, page.until).rename(
        {"posts": "translated_posts", "failures": "translation_failures"}
    )
    caption = page.caption("translated_posts", "posts", "translations")
    page.chart(bars(rows, ["translated_posts"], caption, page.words), drill=True)
    caption = page.caption("translations", "translations", "translations")
    page.chart(bars(rows, ["translations", "translation_failures"], caption, page.words), drill=True)


def pairs(page: Page) -> None:
    """The matrix of languages, and the same as a table."""
    words, number = page.words, page.words.number
    rows = page.question("language_pairs")
    caption = page.caption("language_pairs", "translations", "translations")
    page.chart(translations.language_pairs(rows.filter(pl.col("translations") > 0), caption, words))
    columns: dict[str, Written] = {"source_language": words.tongue, "target_language": words.tongue}
    columns |= {"translations": number, "failures": number, "failure_rate": words.percent, "characters": number}
    page.table(_rated(rows), columns, words("translations.pairs.title"), "langues")


def places(page: Page) -> None:
    """Translated posts by country, as bars and as the table, with the change of posts."""
    words, number = page.words, page.words.number
    page.section("translation_countries")
    rows = page.question("translations_by_country")
    drawn = rows.filter(pl.col("posts") > 0).head(COUNTRIES_DRAWN)
    if drawn.height:
        caption = page.caption("translation_countries", "posts", "translations")
        page.chart(translations.countries(drawn, caption, words), drill=True)
    columns: dict[str, Written] = {"country": words.country, "posts": number, "change": words.change}
    columns |= {"translations": number, "failures": number, "failure_rate": words.percent, "characters": number}
    page.table(_rated(_changed(page, rows)), columns, words("section.translation_countries.title"), "pays")


def _changed(page: Page, rows: pl.DataFrame) -> pl.DataFrame:
    """With the change of posts against the compared period, where it can be compared."""
    before = page.question("translations_by_country", page.before).select("country", pl.col("posts").alias("then"))
    comparable = pl.lit(page.change("translated_posts") is not None)
    change = pl.when(comparable & (pl.col("then") > 0)).then(pl.col("posts") / pl.col("then") - 1)
    return rows.join(before, on="country", how="left", maintain_order="left").with_columns(change.alias("change"))


def _rated(rows: pl.DataFrame) -> pl.DataFrame:
    attempts = pl.col("translations") + pl.col("failures")
    return rows.with_columns(pl.when(attempts > 0).then(pl.col("failures") / attempts).alias("failure_rate"))


if __name__ == "__main__":
    show(opened("translations"))
