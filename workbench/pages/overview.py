"""Vue d'ensemble: the figures we published beside ours, who is there, how fresh and how sound the data is."""

import streamlit as st

from workbench import charts
from workbench.metrics import Asking
from workbench.metrics.kit import Published, published_figures
from workbench.pages import Page, opened


def show(page: Page) -> None:
    """State of the data, the four published figures, today's figures, the trend."""
    page.header()
    state_of_the_data(page)
    figures(page)
    activity(page)
    published(page)


def state_of_the_data(page: Page) -> None:
    """Badges: how old the data is, what was refused, what was set aside."""
    words, until = page.words, page.warehouse.build.data_until
    feeds = page.question("feeds")
    refused, rejected = int(feeds["refused"].sum()), int(feeds["rejected"].sum())
    with st.container(horizontal=True, gap="small"):
        if until:
            age(page, (page.today - until).days)
        st.badge(words("overview.refused", n=refused), icon=":material/block:", color="red" if refused else "green")
        st.badge(
            words("overview.rejected", n=rejected), icon=":material/rule:", color="orange" if rejected else "green"
        )


def age(page: Page, days: int) -> None:
    """How old the data is: a day is as fresh as it gets, more than a week is late."""
    if days <= 1:
        st.badge(page.words("overview.fresh"), icon=":material/schedule:", color="green")
    else:
        st.badge(page.words("overview.age", n=days), icon=":material/schedule:", color="orange" if days <= 7 else "red")


def figures(page: Page) -> None:
    """Users, active users, classes and translated posts, for what the filters say."""
    words = page.words
    active = page.on("mau", page.until)
    with st.grid(4, min_column_width=150):
        page.card("users", page.written(page.counted("users", page.anytime)), words("overview.now"))
        on_the_day = words("overview.on", day=page.until)
        page.card("mau", page.written(active), on_the_day, page.change_on_last_year("mau"))
        for name in ("classes_created", "translated_posts"):
            page.card(name, page.written(page.counted(name)), words("overview.in_period"))


def activity(page: Page) -> None:
    """The trend of dau, wau and mau."""
    if page.missing("usage"):
        return
    days = page.question("activity")
    if days.is_empty():
        page.empty("empty.period")
        return
    caption = page.caption("activity", "users", "usage", since=days["day"][0], until=days["day"][-1])
    page.chart(charts.activity(days, caption, page.words, page.breaks(), page.events()))
    page.happenings()


def published(page: Page) -> None:
    """The kit's figures beside ours, each for the scope it was published for, whatever the filters say."""
    words = page.words
    st.subheader(words("overview.published.title"))
    st.markdown(words("overview.published.lead"))
    if page.warehouse.build.sample:
        st.caption(words("overview.published.sample"))
    with st.grid(4, min_column_width=215):
        for figure in published_figures():
            beside(page, figure)


def beside(page: Page, figure: Published) -> None:
    """One published figure: what was published, what we compute, and the gap."""
    words = page.words
    asking = Asking(page.asking.role, page.asking.small_cell, figure.since, figure.until, figure.countries)
    computed = page.counted(figure.metric, asking)
    with st.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute"):
        st.markdown(f"**{words(f'metric.{figure.metric}.name')}**")
        st.caption(figure.scope[words.language])
        rows = {"published": words.number(figure.value), "computed": page.written(computed)}
        gap = "–" if computed is None else words.change(computed / figure.value - 1)
        for key, written in (rows | {"gap": gap}).items():
            with st.container(horizontal=True, horizontal_alignment="distribute"):
                st.markdown(words(f"overview.figure.{key}"))
                st.markdown(f"**{written}**")
        page.definition(figure.metric, "published")


show(opened("overview"))
