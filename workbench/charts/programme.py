"""The charter in pictures: who keeps what, how it adds up, and a person's classes against their own past."""

import altair as alt
import polars as pl

from workbench.charts import (
    BLUE,
    GREEN,
    NEUTRAL,
    OCHRE,
    ORCHID,
    Caption,
    Drawn,
    count_axis,
    day_axis,
    finished,
    instants,
    legend,
    tip,
)
from workbench.ledger.states import CommitmentStatus
from workbench.text import Words

SIGNS = {
    CommitmentStatus.MET: "✓",
    CommitmentStatus.DECLARED: "~",
    CommitmentStatus.DUE: "○",
    CommitmentStatus.MISSED: "✕",
    CommitmentStatus.WAIVED: "=",
    CommitmentStatus.NOT_DUE: "·",
}
"""What each status is marked with, beside its colour."""

COLOURS = {
    CommitmentStatus.MET: GREEN,
    CommitmentStatus.DECLARED: BLUE,
    CommitmentStatus.DUE: OCHRE,
    CommitmentStatus.MISSED: ORCHID,
    CommitmentStatus.WAIVED: NEUTRAL,
    CommitmentStatus.NOT_DUE: "#8a837c33",
}

ROW_PX = 20


def keeping(rows: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A cell for each ambassador and commitment (columns person, commitment, label, status), in the rows' order."""
    names = rows["person"].unique(maintain_order=True).to_list()
    base = alt.Chart(_signed(rows, words)).encode(
        x=alt.X(
            "commitment:N",
            title=None,
            sort=rows["commitment"].unique(maintain_order=True).to_list(),
            axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=False),
        ),
        y=alt.Y("person:N", title=None, sort=names, axis=alt.Axis(labelLimit=130, labelOverlap=False)),
        tooltip=[
            tip("person", words("column.ambassador")),
            tip("label", words("column.commitment")),
            tip("name", words("column.commitment_status")),
        ],
    )
    cells = base.mark_rect(stroke="#8a837c40", strokeWidth=1).encode(color=_by_status(rows, words))
    signs = base.mark_text(fontWeight="bold").encode(
        text="sign:N", color=alt.condition("datum.status == 'not_due'", alt.value(NEUTRAL), alt.value("white"))
    )
    return finished(cells + signs, caption, words, height=ROW_PX * len(names) + 40)


def totals(rows: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A stacked bar for each quarter (columns quarter, status, commitments), in the rows' order."""
    signed = _signed(rows, words)
    shown = signed.with_columns(
        signed["commitments"].map_elements(words.number, pl.String).alias("written"),
        pl.col("status").replace_strict({str(status): place for place, status in enumerate(SIGNS)}).alias("rank"),
    )
    quarters = rows["quarter"].unique(maintain_order=True).to_list()
    bar = (
        alt.Chart(shown)
        .mark_bar(size=44)
        .encode(
            x=alt.X("quarter:N", title=None, sort=quarters, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=count_axis("commitments"),
            color=_by_status(rows, words),
            order=alt.Order("rank:O"),
            tooltip=[
                tip("quarter", words("column.quarter")),
                tip("name", words("column.commitment_status")),
                tip("written", words("column.commitments")),
            ],
        )
    )
    return finished(bar, caption, words, height=230)


def weeks(rows: pl.DataFrame, usual: float | None, caption: Caption, words: Words) -> Drawn:
    """A bar for each week (columns day, events), and a dashed rule where it usually is."""
    last = rows["day"].dt.offset_by("1w")
    shown = rows.with_columns(
        last.alias("next"),
        rows["day"].map_elements(words.day, pl.String).alias("when"),
        rows["events"].map_elements(words.number, pl.String).alias("written"),
    )
    bars = (
        alt.Chart(instants(shown, "day", "next"))
        .mark_rect(x2Offset=-1.5, color=BLUE)
        .encode(
            x=day_axis(rows["day"].min(), last.max()),
            x2="next",
            y=count_axis("events"),
            y2=alt.datum(0),
            tooltip=[tip("when", words("column.week")), tip("written", words("column.class_events"))],
        )
    )
    if usual is None:
        return finished(bars, caption, words, height=150)
    rule = alt.Chart(pl.DataFrame({"usual": [usual]})).mark_rule(color=OCHRE, strokeDash=[6, 4], strokeWidth=2)
    return finished(bars + rule.encode(y="usual:Q"), caption, words, height=150)


def _signed(rows: pl.DataFrame, words: Words) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("status").replace_strict({str(status): sign for status, sign in SIGNS.items()}).alias("sign"),
        pl.col("status").replace_strict({str(status): named(status, words) for status in SIGNS}).alias("name"),
    )


def _by_status(rows: pl.DataFrame, words: Words) -> alt.Color:
    present = [status for status in SIGNS if status in set(rows["status"])]
    scale = alt.Scale(
        domain=[named(status, words) for status in present], range=[COLOURS[status] for status in present]
    )
    two_columns = legend()
    two_columns["columns"] = 2  # a phone is narrow
    return alt.Color("name:N", scale=scale, legend=two_columns)


def named(status: CommitmentStatus, words: Words) -> str:
    """A status by its sign and its name."""
    return f"{SIGNS[status]} {words(f'charter.status.{status}')}"
