"""The team's weekly digest: last week's figures in the body of a mail, with charts, comparisons and alerts.

It is everybody's: nothing in it is personal, small cells are folded, and each address of the team gets a week once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from html import escape

import polars as pl

from workbench.access import Role
from workbench.calendar import compared_period
from workbench.charts import Caption, Drawn
from workbench.charts import digest as charts
from workbench.charts.pictures import as_small_png
from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.courriers import (
    Chosen,
    CourrierInvalid,
    CourrierKept,
    CourrierUnknown,
    add_recipients,
    approve,
    courrier,
    set_courrier,
)
from workbench.ledger.people import address
from workbench.ledger.states import CourrierState, MailKind
from workbench.metrics import METRICS, Asking
from workbench.metrics.alerts import Alert
from workbench.surveys.mail import Compiled, card, foot, heading, page, row
from workbench.surveys.mail.compiling import SMALL_PRINT
from workbench.surveys.mail.look import IMAGE, LINK, label
from workbench.surveys.mail.prose import wrapped
from workbench.surveys.week import REVIEWED, WEEKS, Facts, Period, Weekly, last_whole_week
from workbench.text import Words
from workbench.warehouse import Warehouse

WIDTH_PX = 552
"""How wide a chart is in the mail; the picture has twice as many pixels."""

_DRAWN_PX = 400  # so that the words of a chart are larger than a page's: on a phone they shrink by two fifths
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_SOURCE = re.compile(r'(?<=src=")cid:([\w-]+)')


class NobodyOnTheTeam(WorkbenchError):
    """No address is named to which the digest goes."""


@dataclass(frozen=True)
class _Picture:
    """A chart, the name that the HTML shows it by, and what it shows, for those who do not see it."""

    cid: str
    chart: Drawn
    alt: str


@dataclass(frozen=True)
class Digest:
    """The digest of the week that begins on a Monday."""

    week: date
    content: Compiled
    pictures: Sequence[_Picture]

    @cached_property
    def images(self) -> Mapping[str, bytes]:
        """Its charts as PNG by the `cid:` that the HTML shows them by; drawn when asked for: half of a digest's time.

        A digest that everybody has got already, and so every run of a week but the first, needs none.
        """
        scale = 2 * WIDTH_PX / _DRAWN_PX
        return {one.cid: as_small_png(one.chart, scale=scale, width_px=_DRAWN_PX) for one in self.pictures}

    @property
    def name(self) -> str:
        """What it is called in the ledger: `digest-2020-w50`."""
        year, week, _ = self.week.isocalendar()
        return f"digest-{year}-w{week:02}"

    @property
    def standalone(self) -> str:
        """Its HTML in one file, images included."""
        encoded = {cid: base64.b64encode(png).decode() for cid, png in self.images.items()}
        return _SOURCE.sub(lambda found: f"data:image/png;base64,{encoded[found[1]]}", self.content.html)


def digest(warehouse: Warehouse, today: date, words: Words, small_cell: int, url: str) -> Digest:
    """The digest of the last whole week before today; `url` leads to the workbench. Raises NoWholeWeek."""
    facts = Facts(warehouse, Asking(Role.VIEWER, small_cell))
    week = last_whole_week(facts, today)
    draft = _Draft(facts, week, words)
    pictures = draft.pictures()
    written = _Written(draft, pictures, draft.notes(warehouse, today), _facts_of(warehouse, words), url)
    return Digest(week[0], _sealed(draft.title, written.html(), written.text()), pictures)


def _sealed(subject: str, html: str, text: str) -> Compiled:
    """A letter in which nothing is personal."""
    bare = Compiled(subject, html, text, forms=(), parts=(), salt="")
    return replace(bare, salt=hashlib.sha256(json.dumps(bare.as_json()).encode()).hexdigest()[:8])


def _facts_of(warehouse: Warehouse, words: Words) -> str:
    build = warehouse.build
    until = words.day(build.data_until) if build.data_until else "–"
    return words("app.footer", until=until, build=build.id, built_at=build.built_at, version=build.code_version)


# ------------------------------------------------------------------------------------------------------------ figures


class _Draft:
    """What is to be said of a week, in words and pictures."""

    def __init__(self, facts: Facts, week: Period, words: Words) -> None:
        self.facts, self.week, self.words = facts, week, words
        self.title = words("digest.title", monday=words.day(week[0], "long"))
        self.figures = [facts.weekly(name, week) for name in REVIEWED]

    def lead(self) -> str:
        """Which days these are, and what they are held against."""
        (since, until), (first, last) = self.week, compared_period(*self.week, "week")
        return self.words("digest.lead", since=since, until=until, first=first, last=last)

    def notes(self, warehouse: Warehouse, today: date) -> list[str]:
        """What one must know before reading: invented data, a week that is not the last, days that are missing."""
        said = [self.words("digest.sample")] if warehouse.build.sample else []
        if today - self.week[1] > _WEEK:
            said.append(self.words("digest.late", until=self.facts.extent[1] or self.week[1]))
        unloaded = self.facts.unloaded(self.week) if self.figures[0].has_feed else []
        if unloaded:
            days = ", ".join(map(self.words.day, unloaded))
            said.append(self.words("digest.unloaded", n=len(unloaded), days=days))
        return said

    def figure(self, one: Weekly) -> tuple[str, str, list[str]]:
        """A figure: its name, its value, and the lines under it."""
        name = self.words(f"metric.{one.name}.name")
        if not one.has_feed:
            return name, "–", [self.words("overview.no_feed", feed=METRICS[one.name].feed)]
        return name, self.written(one), [self.changes(one), *self.remarks(one)]

    def written(self, one: Weekly) -> str:
        """A value as the pages write it."""
        if one.value is None:
            return "–"
        return self.words.euros(one.value) if METRICS[one.name].unit == "eur" else self.words.number(one.value)

    def changes(self, one: Weekly) -> str:
        """Both changes in the words of the pages, or that there is nothing to compare with."""
        found = {"previous": one.before, "week": one.last_year}
        if set(found.values()) == {None}:
            return self.words("digest.incomparable.both")
        said = [self._change(how, change) for how, change in found.items()]
        return " · ".join(said)

    def _change(self, how: str, change: float | None) -> str:
        if change is None:
            return self.words(f"digest.incomparable.{how}")
        return self.words(f"card.change.{how}", change=self.words.change(change))

    def remarks(self, one: Weekly) -> Iterator[str]:
        """What else is to be said of a figure: how far its export goes, what moved the ARR."""
        if one.ends_on:
            feed = METRICS[one.name].feed
            yield self.words("digest.ends_on", feed=feed, day=one.ends_on)
        if one.name == "arr_eur":
            yield from self._moves()

    def _moves(self) -> Iterator[str]:
        euros, moves = self.words.euros, self.facts.moves(self.week)
        if moves.new or moves.churned:
            yield self.words("digest.moves", new=euros(moves.new), churned=euros(moves.churned))

    def alerts(self) -> list[str]:
        """The week's alerts, as the pages say them."""
        return [self._alert(alert) for alert in self.facts.alerts(self.week)] or [self.words("digest.calm")]

    def _alert(self, alert: Alert) -> str:
        told = vars(alert) | {"metric": self.words(f"metric.{alert.metric}.name"), "expected": round(alert.expected)}
        return self.words(f"alert.{alert.direction}", **told)

    # --------------------------------------------------------------------------------------------------------- pictures

    def pictures(self) -> list[_Picture]:
        """The charts of which there is anything to show."""
        drawn = [
            self._picture("wau", self._weeks("wau"), charts.weeks),
            self._picture("sign_ups", self._days("sign_ups"), charts.weekdays),
            self._picture("translated_posts", self._weeks("translated_posts"), charts.weeks),
        ]
        return [picture for picture in drawn if picture]

    def _picture(self, name: str, frame: pl.DataFrame, draw: charts.Draw) -> _Picture | None:
        if frame["now"].is_null().all():
            return None
        words, metric = self.words, METRICS[name]
        title, alt = words(f"digest.chart.{name}.title"), self._described(name, frame)
        unit = words("chart.source", unit=words(f"unit.{metric.unit}"), feed=metric.feed, until=self.week[1])
        return _Picture(name, draw(frame, name, Caption(title, unit, alt), words), alt)

    def _described(self, name: str, frame: pl.DataFrame) -> str:
        said = self.words(f"digest.chart.{name}.alt", **self._extremes(frame))
        return said if frame["then"].is_null().all() else f"{said} {self.words(f'digest.chart.{name}.beside')}"

    def _extremes(self, frame: pl.DataFrame) -> dict[str, float | date]:
        known = frame.drop_nulls("now")
        lowest, highest = known.sort("now", "day")[0], known.sort("now", "day")[-1]
        return {
            "low": lowest["now"].item(), "low_day": lowest["day"].item(),
            "high": highest["now"].item(), "high_day": highest["day"].item(),
        }  # fmt: skip

    def _weeks(self, name: str) -> pl.DataFrame:
        mondays = [self.week[0] - back * _WEEK for back in reversed(range(WEEKS))]
        spans = [(monday, monday + 6 * _DAY) for monday in mondays]
        return _frame(
            mondays,
            (self.facts.known_whole(name, span) for span in spans),
            (self.facts.known_whole(name, compared_period(*span, "week")) for span in spans),
        )

    def _days(self, name: str) -> pl.DataFrame:
        days = [self.week[0] + n * _DAY for n in range(7)]
        by_day = self.facts.by_day
        return _frame(days, (by_day(name, day) for day in days), (by_day(name, day - _WEEK) for day in days))


def _frame(days: Sequence[date], now: Iterable[float | None], then: Iterable[float | None]) -> pl.DataFrame:
    schema = {"day": pl.Date, "now": pl.Float64, "then": pl.Float64}
    return pl.DataFrame({"day": days, "now": list(now), "then": list(then)}, schema=schema, strict=False)


# ---------------------------------------------------------------------------------------------------------- the mail


@dataclass(frozen=True)
class _Written:
    """A digest in both forms: the same things said in the same order."""

    draft: _Draft
    pictures: Sequence[_Picture]
    notes: Sequence[str]
    facts: str
    url: str

    def html(self) -> str:
        """The mail as HTML, images by `cid:`."""
        draft, words = self.draft, self.draft.words
        rows = [heading(escape(draft.title)), row(_paragraphs([*self.notes, draft.lead()]), "text")]
        rows += [row(_figure(*draft.figure(one)), "figure") for one in draft.figures]
        rows.append(row(label(words("digest.alerts")) + _paragraphs(draft.alerts()), "exclusive"))
        rows += [_image(picture) for picture in self.pictures]
        link = f'<a href="{escape(self.url)}" style="{LINK}">{escape(words("digest.open"))}</a>'
        small = f"<p>{link}</p>{_paragraphs([words('digest.why'), self.facts])}"
        return page(draft.title, card("".join(rows)) + foot(small), words, self._preheader())

    def text(self) -> str:
        """The mail as text: every figure is a line."""
        draft, words = self.draft, self.draft.words
        parts = [draft.title, *self.notes, draft.lead()]
        parts += [_figure_in_text(words, *draft.figure(one)) for one in draft.figures]
        parts += [f"— {words('digest.alerts')} —", *draft.alerts(), *(picture.alt for picture in self.pictures)]
        small = [words("mail.link", text=words("digest.open"), url=self.url), words("digest.why"), self.facts]
        return "\n\n".join(map(wrapped, parts)) + f"\n\n{SMALL_PRINT}" + "\n\n".join(map(wrapped, small)) + "\n"

    def _preheader(self) -> str:
        name, value, lines = self.draft.figure(self.draft.figures[0])
        return f"{self.draft.words('digest.figure', name=name, value=value)} · {lines[0]}"


def _paragraphs(said: Iterable[str]) -> str:
    return "".join(f"<p>{escape(each)}</p>" for each in said)


def _figure(name: str, value: str, lines: Sequence[str]) -> str:
    """Name and value beside each other, the rest under them. Colours are the frame's, by day and by night."""
    cells = (
        f'<td style="padding:0">{escape(name)}</td><td align="right" style="padding:0 0 0 16px;white-space:nowrap">'
        f'<strong style="font-size:24px;line-height:1.2">{escape(value)}</strong></td>'
    )
    table = "width:100%;border-collapse:collapse;color:inherit;font:inherit"
    small = "".join(f'<p style="margin:4px 0 0;font-size:14px;line-height:1.4">{escape(line)}</p>' for line in lines)
    return f'<table role="presentation" style="{table}"><tr>{cells}</tr></table>{small}'


def _figure_in_text(words: Words, name: str, value: str, lines: Sequence[str]) -> str:
    return "\n".join([words("digest.figure", name=name, value=value), *lines])


def _image(picture: _Picture) -> str:
    shown = f'<img src="cid:{picture.cid}" alt="{escape(picture.alt)}" width="{WIDTH_PX}" style="{IMAGE}" />'
    return f'<mj-text css-class="row" padding="20px 24px">{shown}</mj-text>'


# ---------------------------------------------------------------------------------------------------------- sending


def team(listed: str) -> list[str]:
    """The team's addresses from a list with commas, each once. Raises NobodyOnTheTeam, AddressInvalid."""
    found = dict.fromkeys(address(one) for one in listed.split(",") if one.strip())
    if not found:
        remedy = "set WORKBENCH_DIGEST_TO to one or more, with commas between"
        raise NobodyOnTheTeam("no address is named for the digest", remedy)
    return list(found)


def approve_digest(
    ledger: Ledger, written: Digest, team_of: Sequence[str], sender: str, *, who: str, now: datetime
) -> str:
    """Make the digest of a week ready for whoever has not got it yet; gives its name.

    What was approved first is what later addresses get. Raises CourrierInvalid where the name is another mail's.
    """
    kept, chosen = _known(ledger, written.name), [Chosen(one) for one in team_of]
    if kept is None:
        source = f"---\nsubject: {written.content.subject}\n---\n{written.content.text}"
        set_courrier(ledger, CourrierKept(written.name, source, MailKind.DIGEST), who=who, now=now)
        kept = courrier(ledger, written.name)
    if kept.kind is not MailKind.DIGEST:
        raise CourrierInvalid(f"{kept.name} is the name of a {kept.kind}", "give that one another name")
    if kept.state is CourrierState.DRAFT:
        approve(ledger, kept, _content(written, sender), chosen, None, who=who, now=now)
    elif kept.state is not CourrierState.STOPPED:
        add_recipients(ledger, kept, chosen, who=who, now=now)
    return written.name


def _known(ledger: Ledger, name: str) -> CourrierKept | None:
    try:
        return courrier(ledger, name)
    except CourrierUnknown:
        return None


def _content(written: Digest, sender: str) -> dict[str, object]:
    images = {cid: base64.b64encode(png).decode() for cid, png in written.images.items()}
    return {"letter": written.content.as_json(), "sender": sender, "images": images}
