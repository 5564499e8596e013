"""Where a validation would matter most: the académies without one, the biggest first."""

import altair as alt
import polars as pl

from workbench.charts import BLUE, BY_PLACE, NEUTRAL, OCHRE, ORCHID, Caption, Drawn, finished, legend, placed, tip
from workbench.text import Words

STATUS_COLOURS = {"answered": OCHRE, "contacted": BLUE, "unknown": NEUTRAL, "refused": ORCHID}
"""What each state short of a validation is drawn in; its name stands in the legend and beside each bar's number."""

ROW_PX = 22


def waiting(rows: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar of members for each académie (columns academie, status, classes, members), in the order of the rows."""
    names = {status: words(f"academies.status.{status}") for status in STATUS_COLOURS}
    shown = rows.with_columns(
        pl.col("status").replace_strict(names).alias("state"),
        rows["members"].map_elements(words.number, pl.String).alias("written"),
        rows["classes"].map_elements(words.number, pl.String).alias("classes_written"),
    )
    present = [status for status in STATUS_COLOURS if status in set(rows["status"])]
    colours = alt.Scale(domain=[names[status] for status in present], range=[STATUS_COLOURS[s] for s in present])
    order = alt.Y("academie:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=140, labelOverlap=False))
    two_columns = legend()
    two_columns["columns"] = 2  # the names are long, a phone is narrow
    bar = (
        alt.Chart(placed(shown))
        .mark_bar()
        .encode(
            x=alt.X("members:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=5, tickMinStep=1)),
            y=order,
            color=alt.Color("state:N", scale=colours, legend=two_columns),
            tooltip=[
                tip("academie", words("column.academie")),
                tip("state", words("column.academie_status")),
                tip("classes_written", words("column.classes")),
                tip("written", words("column.members")),
            ],
        )
    )
    return finished(bar, caption, words, height=ROW_PX * rows.height + 20)
