"""The frame of the screen: language, filters, navigation, the page, the footer, and the end of whatever goes wrong.

Streamlit runs this file from top to bottom for every visit and every click.
"""

import logging
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from workbench.access import Request, Role, role_of
from workbench.app import PAGES, PROGRAMME, served
from workbench.app.visit import choices, extent, loaded_part, notes, school_years
from workbench.calendar import COMPARISONS, Comparison
from workbench.errors import NothingPublished, WorkbenchError
from workbench.ledger import Ledger, LedgerTooNew, LedgerUnreachable, ledger_of
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.settings import Settings
from workbench.surveys.running import post_of
from workbench.text import LANGUAGES, Words
from workbench.warehouse import Warehouse, current_build, open_warehouse, today_of

_log = logging.getLogger(__name__)

_FOLDER = Path(__file__).resolve().parent.parent / "pages"
_ICON = Path(__file__).resolve().with_name("icon.svg")
_ICONS = {
    "overview": ":material/home:",
    "users": ":material/groups:",
    "countries": ":material/public:",
    "classes": ":material/school:",
    "translations": ":material/translate:",
    "subscriptions": ":material/payments:",
    "features": ":material/widgets:",
    "academies": ":material/account_balance:",
    "data": ":material/database:",
    "ambassadors": ":material/diversity_3:",
    "charter": ":material/handshake:",
    "followups": ":material/task_alt:",
    "questionnaires": ":material/quiz:",
    "courrier": ":material/mail:",
}


def show(settings: Settings, request: Request) -> None:
    """The whole screen: the frame and the page asked for, or the plain page for nobody."""
    words = Words.of(st.query_params.get("lang"), settings.language)
    st.set_page_config(page_title=words("app.name"), page_icon=str(_ICON), layout="wide")
    role = role_of(request)
    if role is Role.NOBODY:
        st.title(words("access.nobody.title"))
        st.markdown(words("access.nobody.remedy"))
        return
    with _boundary(words):
        _visit(settings, role, words)


def _visit(settings: Settings, role: Role, words: Words) -> None:
    warehouse = _warehouse(str(settings.home), current_build(settings.home))
    today = today_of(settings, warehouse.build)
    ledger = _reached(settings)
    pages = [_page(name, words) for name in PAGES]
    page = st.navigation(pages, position="hidden")
    with st.sidebar:
        st.markdown(f"### {words('app.name')}")
        links = st.container(gap="xxsmall")
        chosen = _filters(warehouse, Asking(role, settings.small_cell), words, today, page.url_path not in PROGRAMME)
    for linked in pages:
        if linked.url_path == PROGRAMME[0]:
            links.markdown(f"##### {words('nav.programme')}")
        links.page_link(linked, query_params=chosen.query)
    st.session_state["visit"] = {
        "sheet": Screen(words),
        "warehouse": warehouse,
        "asking": chosen.asking,
        "comparison": chosen.comparison,
        "words": words,
        "school_year": chosen.school_year,
        "today": today,
        "who": role.value,
        "ledger": ledger,
        "notes": notes(ledger) if ledger else (),
        "cooldown_days": settings.cooldown_days,
        "post": post_of(settings, today, warehouse.build.sample),
    }
    if warehouse.build.sample:
        st.info(words("app.sample"), icon=":material/science:")
    for note in chosen.ignored:
        st.warning(note, icon=":material/filter_alt_off:")
    with _boundary(words):
        page.run()
    _footer(warehouse, words)


@dataclass(frozen=True)
class _Chosen:
    """What the filters say, what of the URL that was, and what of it they could not use."""

    asking: Asking
    comparison: Comparison
    school_year: str
    query: dict[str, list[str]]
    ignored: list[str]


class _Filters:
    """The filters in the sidebar. The URL is the one truth: a widget shows what it says and writes what is chosen.

    Streamlit's own binding writes labels into the URL; these are codes, so that a link holds in both languages.
    Where they are not `shown` (they mean nothing there), what the URL says goes on to the next page all the same.
    """

    def __init__(self, words: Words, shown: bool) -> None:
        self._words, self._shown = words, shown
        self.ignored: list[str] = []
        self.query: dict[str, list[str]] = {}

    def one(self, name: str, options: Sequence[str], default: str, written: Mapping[str, str]) -> str:
        """A filter with one value."""
        value = (self._given(name, options) or [default])[-1]
        if self._shown:
            st.selectbox(
                self._words(f"filter.{name}"), options, key=self._held(name, value), format_func=written.__getitem__,
                on_change=_to_url, args=(name, [default]),
            )  # fmt: skip
        return value

    def many(self, name: str, options: Sequence[str], written: Mapping[str, str]) -> tuple[str, ...]:
        """A filter with any number of values; none is all."""
        values = list(dict.fromkeys(self._given(name, options)))
        if self._shown:
            st.multiselect(
                self._words(f"filter.{name}"), options, key=self._held(name, values), format_func=written.__getitem__,
                placeholder=self._words(f"filter.all_{name}"), on_change=_to_url, args=(name, []),
            )  # fmt: skip
        return tuple(values)

    def day(self, name: str, first: date, last: date, default: date) -> date:
        """A day between two others; one outside them is moved to the nearer."""
        value = min(max(self._given_day(name) or default, first), last)
        if self._shown:
            st.date_input(
                self._words(f"filter.{name}"), min_value=first, max_value=last, format="DD/MM/YYYY",
                key=self._held(name, value), on_change=_to_url, args=(name, []),
            )  # fmt: skip
        return value

    def language(self) -> None:
        """The switch between languages; the words given to the filters are already in the one chosen."""
        self._given("lang", LANGUAGES)
        key = self._held("lang", self._words.language)
        st.segmented_control(
            self._words("filter.lang"), LANGUAGES, key=key, format_func={"fr": "Français", "en": "English"}.__getitem__,
            required=True, on_change=_to_url, args=("lang", []),
        )  # fmt: skip

    def _given(self, name: str, options: Sequence[str]) -> list[str]:
        given = st.query_params.get_all(name)
        self._ignore(name, [value for value in given if value not in options])
        return self._use(name, [value for value in given if value in options])

    def _given_day(self, name: str) -> date | None:
        given = st.query_params.get(name, "")
        try:
            day = date.fromisoformat(given) if given else None
        except ValueError:
            self._ignore(name, [given])
            return None
        self._use(name, [given] if given else [])
        return day

    def _use(self, name: str, values: list[str]) -> list[str]:
        if values:
            self.query[name] = values
        return values

    def _ignore(self, name: str, values: list[str]) -> None:
        """Say so, where one can choose another: the language everywhere, the rest where filters are shown."""
        for value in values if self._shown or name == "lang" else ():
            shown = re.sub(r"[`\s]+", " ", value)[:40]
            self.ignored.append(self._words("filter.ignored", filter=self._words(f"filter.{name}"), value=shown))

    def _held(self, name: str, value: object) -> str:
        key = f"filter.{name}"
        st.session_state[key] = value
        return key


def _to_url(name: str, default: list[str]) -> None:
    held = st.session_state[f"filter.{name}"]
    values = [str(value) for value in (held if isinstance(held, list) else [held])]
    if values == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = values


def _filters(warehouse: Warehouse, asking: Asking, words: Words, today: date, shown: bool) -> _Chosen:
    filters = _Filters(words, shown)
    first, last = extent(warehouse, asking, today)
    years = school_years(first, last)
    year = filters.one(
        "year", [*years, "all"], years[0], {year: year for year in years} | {"all": words("filter.all_year")}
    )
    since, until = (first, last) if year == "all" else loaded_part(year, first, last)
    since, until = _period(filters, words, since, until)
    offered = choices(warehouse, asking)
    countries = filters.many("country", offered["country"], {code: words.country(code) for code in offered["country"]})
    roles = filters.many("role", offered["role"], {role: words.role(role) for role in offered["role"]})
    plans = filters.many("plan", offered["plan"], {plan: words.plan(plan) for plan in offered["plan"]})
    asked = Asking(asking.role, asking.small_cell, since, until, countries, roles, plans)
    comparison = _comparison(filters, words)
    filters.language()
    return _Chosen(asked, comparison, years[0] if year == "all" else year, filters.query, filters.ignored)


def _period(filters: _Filters, words: Words, first: date, last: date) -> tuple[date, date]:
    options = ["year", "28", "84", "dates"]
    chosen = filters.one("period", options, "year", {option: words(f"period.{option}") for option in options})
    if chosen == "year":
        return first, last
    if chosen != "dates":
        return max(first, last - timedelta(days=int(chosen) - 1)), last
    since = filters.day("from", first, last, first)
    return since, filters.day("to", since, last, last)


def _comparison(filters: _Filters, words: Words) -> Comparison:
    named: dict[str, str] = {name: words(f"compare.{name}") for name in COMPARISONS}
    chosen = filters.one("compare", COMPARISONS, COMPARISONS[0], named)
    return next(name for name in COMPARISONS if name == chosen)


@st.cache_resource(show_spinner=False, max_entries=3)
def _warehouse(home: str, build: str) -> Warehouse:  # noqa: ARG001  # a new build has a key of its own
    return open_warehouse(home)


@st.cache_resource(show_spinner=False)
def _ledger(home: str, url: str | None, _settings: Settings) -> Ledger:  # noqa: ARG001  # the key of the cache
    return ledger_of(_settings)


def _reached(settings: Settings) -> Ledger | None:
    """The ledger; figures do without it, and the page says why."""
    try:
        return _ledger(str(settings.home), settings.ledger_url, settings)
    except (LedgerUnreachable, LedgerTooNew) as error:
        st.warning(f"{error.message}\n\n{error.remedy}", icon=":material/cloud_off:")
        return None


def _page(name: str, words: Words) -> st.Page:
    title, path = words(f"page.{name}.title"), _FOLDER / f"{name}.py"
    return st.Page(path, title=title, icon=_ICONS[name], url_path=name, default=name == PAGES[0])


def _footer(warehouse: Warehouse, words: Words) -> None:
    build = warehouse.build
    until = words.day(build.data_until, "long") if build.data_until else "–"
    st.divider()
    st.caption(words("app.footer", until=until, build=build.id, version=build.code_version, built_at=build.built_at))


@contextmanager
def _boundary(words: Words) -> Iterator[None]:
    """The one place where whatever goes wrong ends: with what to do, or with a number to quote."""
    try:
        yield
    except NothingPublished:
        st.title(words("empty.build.title"))
        st.markdown(words("empty.build.remedy"))
    except WorkbenchError as error:
        st.error(f"{error.message}\n\n{error.remedy}", icon=":material/error:")
    except Exception:  # noqa: BLE001  # nothing a page does may show its insides
        run_id = uuid.uuid4().hex[:8]
        _log.exception("page run %s failed", run_id)
        st.error(words("app.trouble", id=run_id), icon=":material/error:")


if __name__ == "__main__":
    show(*served())
