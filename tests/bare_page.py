"""A page of plain Streamlit with the widgets of ours and none of our theme: what our pages are compared with.

Started by `streamlit run`. The address says how many cards, how many rows each chart has, and how many rows and
columns each table: `?cards=4&charts=300,17&tables=5x5,35x6`.
"""

from datetime import date, timedelta

import altair as alt
import pandas as pd
import streamlit as st

PAGES = 14
YEARS = ["2020-2021", "2019-2020", "2018-2019", "2017-2018"]
USUAL = {"cards": "4", "charts": "100,20", "tables": "20x9"}


def show() -> None:
    """Filters beside cards, charts and tables."""
    st.set_page_config(page_title="Bare", layout="wide")
    pages = [st.Page(body, title=f"Page {n}", icon=":material/home:", url_path=f"page{n}") for n in range(PAGES)]
    page = st.navigation(pages, position="hidden")
    with st.sidebar:
        st.markdown("### Bare")
        links = st.container(gap="xxsmall")
        st.session_state["shift"] = YEARS.index(filters())
    for linked in pages:
        links.page_link(linked)
    page.run()
    st.divider()
    st.caption("the end")


def filters() -> str:
    """As many of each kind as our sidebar has; gives the year."""
    st.segmented_control("Language", ["Français", "English"], default="Français", required=True)
    year = st.selectbox("Year", YEARS)
    st.selectbox("Period", ["all", "28 days"])
    st.multiselect("Country", ["FR", "BE", "CH"], default=["FR"], placeholder="all")
    st.multiselect("Role", ["teacher", "parent"], placeholder="all")
    st.multiselect("Plan", ["standard", "plus"], placeholder="all")
    st.selectbox("Compare", ["before", "last year"])
    return year


def body() -> None:
    """What stands in the middle."""
    cards, charts, tables = (st.query_params.get(name, usual) for name, usual in USUAL.items())
    st.info("A note", icon=":material/science:")
    st.title("Bare")
    st.markdown("A paragraph.")
    st.caption("Small print.")
    with st.container(horizontal=True):
        for colour in ("green", "orange", "red", "blue", "gray"):
            st.badge("A state", icon=":material/check:", color=colour)
    with st.grid(4, min_column_width=150):
        for number in range(int(cards)):
            card(number)
    for number, rows in enumerate(filter(None, charts.split(","))):
        chart(number, int(rows))
    for number, size in enumerate(filter(None, tables.split(","))):
        table(number, *map(int, size.split("x")))
    form()
    st.warning("A warning", icon=":material/warning:")
    st.success("Done")


def card(number: int) -> None:
    """A figure in a frame, its definition a click away; another number and trend for each year."""
    shift = st.session_state["shift"]
    with st.container(border=True):
        st.metric(
            f"Figure {number}", f"{number + shift:,}", "+3 %", chart_data=[n * (n + shift) % 7 for n in range(12)]
        )
        st.caption("A note")
        definition(f"Definition {number}")


def chart(number: int, rows: int) -> None:
    """Three lines over days, on which one can click; other days and numbers for each year."""
    shift = st.session_state["shift"]
    first = date(2020 - shift, 9, 1)
    lines = pd.DataFrame(
        {
            "day": [first + timedelta(days=n // 3) for n in range(rows)],
            "value": [(n * n + shift) % (97 + shift) for n in range(rows)],
            "line": ["abc"[n % 3] for n in range(rows)],
        }
    )
    drawn = alt.Chart(lines).mark_line().encode(x="day:T", y="value:Q", color="line:N", tooltip=["day:T", "value:Q"])
    clicked = drawn.add_params(alt.selection_point(name="drill", fields=["day"]))
    with st.container(border=True):
        st.markdown("**A chart**")
        st.altair_chart(clicked, key=f"chart {number}", on_select="rerun", alt="Three lines that go up and down.")
        export(f"Chart {number}")


def table(number: int, rows: int, columns: int) -> None:
    """Numbers, set to the right; others for each year."""
    shift = st.session_state["shift"]
    numbers = pd.DataFrame({f"column {c}": [f"{r * c + shift:,}" for r in range(rows)] for c in range(columns)})
    st.subheader(f"Table {number}")
    st.table(numbers.style.set_properties(**{"text-align": "right"}), hide_index=True, alt="Numbers")
    export(f"Export {number}")


def form() -> None:
    """Something to fill in, folded away."""
    with st.expander("Fill in", icon=":material/edit:"), st.form("form", border=False):
        st.text_input("Word")
        st.date_input("Day", None, format="DD/MM/YYYY")
        st.selectbox("One", ["a", "b"], None)
        st.checkbox("Sure")
        st.form_submit_button("Add", type="primary")


def definition(label: str) -> None:
    """A popover with something to read."""
    with st.popover(label, type="tertiary", icon=":material/info:"):
        st.markdown("What it means.")
        st.code(f"select count(*) from numbers where {' or '.join(['number = 1'] * 20)}\n" * 20, language="sql")


def export(label: str) -> None:
    """A popover with a file in it."""
    with st.popover(label, type="tertiary", icon=":material/download:"):
        st.download_button("File", b"1", "file.csv", key=f"file {label}", type="tertiary")


if __name__ == "__main__":
    show()
