"""The brute-force oracle: what a folder of exports must come to, worked out the slow and obvious way.

Plain Python, one pass over everything for each figure, no cleverness: the tests hold the ETL to it. It shares
no code with the workbench.
Definitions: design.md, sections "Feeds", "Days, weeks, years", "Definitions" and "Tables".

`work_out(files_in(folder), …)` gives a `Truth`: `data_until`, and for each table of `COLUMNS` a sorted list of tuples.
Raw ids never appear: `key(kind, raw_id)` turns them into the build's signed integers, with the kinds user, class,
post, subscription and translation.

What design.md leaves open is settled here, and the ETL follows:

Files
- A copy is a file with the bytes of another file of the same feed under a lesser path. It counts nothing.
- Each refused file is refused, its twin too. It counts nothing, and if it replaced a good one, the rows of that one are
  gone.
- `rows` of `usage` and `translations` are what stayed after de-duplication, so that they add up to the events of the
  build, and `duplicates` what did not. The other three feeds have no duplicates: `rows` are all readable rows.
- Rows alike in every value: the one in the least path, then least line, stays.
- Values are compared as stored (keys, not raw ids; an overseas code is already FR); an empty one comes first.

Days
- `users` while no file of the `users` feed landed (one without rows is enough): one row for each user of `usage`, with
  the country and role of the last active day; the other columns are empty.
- `countries.users` counts those rows of `users` that are not deleted; `users_28d` is the mau of `data_until`; `classes`
  counts all of `classes`; `first_day` is the first day a user was active in the country, or empty. A country has a row
  if one of the four says something.
- `translations` and `translated_posts` leave out days after `data_until` and keep those before the first loaded day;
  without any usage they keep everything.
- `retention` has a row for every week from the cohort's own to that of `data_until`, zeros included.

Classes
- A class is activated on the first day d, from its creation day to the 13th day after it, such that its events from the
  creation day to d come from at least 10 users and at least 3 of them are posts.

Revenue
- A subscription ends on the lesser of `ends_on` and `cancelled_on`; one that ends on or before `starts_on` never lived.
  It is active on d if starts_on ≤ d < its end.
- A class's ARR on d is the sum over its active subscriptions (a class without one is not active); its plan and payer on
  d are those of the active one that started last (ties: greatest subscription_key).
- For each class, with `now` the month's last day and `before` the last day of the month before:
  active now only → new_eur, its ARR, under the plan and payer of now;
  active before only → churned_eur, its former ARR, under the former plan and payer;
  active both times → the rise as expansion_eur or the fall as contraction_eur (positive), under those of now.
- `renewed` counts, under the plan and payer of the *starting* subscription, the classes with a subscription that lived,
  starts in the month, and follows another one of the class that lived, started strictly earlier, and ended no earlier
  than 60 days before that start (ending later, an overlap, counts too).
- Months run from that of the first `starts_on` to the last one whose last day is ≤ data_until (≤ the last `starts_on`
  if there is no usage). `month` is its first day. A row exists wherever a figure is not zero.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from oracle_reading import FEEDS, ReadFile, Row, read_files

Key = Callable[[str, str], int]
Segment = tuple[str, str]  # country, role
UserDays = dict[date, dict[int, Segment]]

COLUMNS = {
    "files": "feed, path, sha256, status, rows, duplicates, rejected",
    "active_users": "day, country, role, dau, wau, mau",
    "growth": "day, country, role, new, retained, resurrected, churned",
    "retention": "cohort_week, country, role, week, users",
    "features": "day, country, role, feature, users, users_28d, events",
    "first_uses": "cohort_week, country, role, feature, week, users",
    "class_milestones": "class_key, months, starts_on",
    "days": "day, loaded",
    "class_days": "starts_on, class_key, days",
    "accounts": "created_on, deleted_on, country, territory, role, language, users",
    "segments": "segment, value, users",
    "users": "user_key, role, country, territory, language, created_at, deleted_at",
    "classes": "class_key, created_at, created_on, country, territory, region, department, commune_code, level, "
    "members, admins, storage_mb, measured_at, archived_at, archived_on, is_charter_class, activated_on",
    "team_class": "user_key, first_day",
    "countries": "country, users, users_28d, classes, first_day",
    "translations": "day, country, source_language, target_language, translations, posts, characters, failures",
    "translated_posts": "post_key, class_key, country, first_day, languages",
    "subscriptions": "subscription_key, class_key, plan, payer_type, starts_on, ends_on, price_eur, confort_famille, "
    "confort_price_eur, cancelled_on, updated_at",
    "revenue": "month, plan, payer_type, classes, arr_eur, new_eur, expansion_eur, contraction_eur, churned_eur, "
    "renewed",
    "user_day": "day, user_key, country, role, events",
    "class_activity": "day, class_key, active_members, posts, events",
}
"""Each table's columns, in the order of the tuples. `files` is here without reason and landed_at, `classes` without
academie (reference data, not a matter of days and files)."""


# ---------------------------------------------------------------- one row for each event, one for each key


def with_keys(rows: Iterable[Row], key: Key) -> list[Row]:
    """The rows with `user_key`, `class_key`, … in place of the raw ids (an event's id stays)."""
    kinds = {"user_id": "user", "class_id": "class", "post_id": "post", "subscription_id": "subscription"}
    keyed = []
    for row in rows:
        named = {kinds[name] + "_key": row[name] and key(kinds[name], row[name]) for name in kinds if name in row}
        keyed.append({name: value for name, value in row.items() if name not in kinds} | named)
    return keyed


def rank(values: Iterable[Any]) -> tuple[tuple[bool, Any], ...]:
    """Values in an order where an empty one comes before every other."""
    return tuple((value is not None, value) for value in values)


USAGE_ORDER = [
    "occurred_at",
    "user_key",
    "event",
    "role",
    "country",
    "class_key",
    "platform",
    "language",
    "path",
    "line",
]
TRANSLATIONS_ORDER = [
    "translated_at",
    "post_key",
    "source_language",
    "target_language",
    "class_key",
    "user_key",
    "country",
    "characters",
    "status",
    "path",
    "line",
]


def without_duplicates(rows: list[Row], id_column: str, order: list[str]) -> list[Row]:
    """One row for each id and day: the least in the given order of columns."""
    rivals: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in rows:
        rivals[row[id_column], row["day"]].append(row)
    return [min(group, key=lambda row: rank(row[name] for name in order)) for group in rivals.values()]


def newest(rows: list[Row], id_column: str, measured: str | None) -> list[Row]:
    """One row for each key: the newest measure (an empty one is the oldest), then the greatest path and line."""
    rivals: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        rivals[row[id_column]].append(row)
    order = [measured, "path", "line"] if measured else ["path", "line"]
    return [max(group, key=lambda row: rank(row[name] for name in order)) for group in rivals.values()]


def with_days(rows: list[Row], instant_column: str, zone: ZoneInfo) -> list[Row]:
    return [row | {"day": row[instant_column].astimezone(zone).date()} for row in rows]


# ---------------------------------------------------------------- a user's country and role on a day


def user_days(events: list[Row], users_rows: list[Row]) -> UserDays:
    """For each day, its users, each with the country and role they are counted under that day."""
    first_rows: dict[int, Row] = {}
    for row in sorted(users_rows, key=lambda row: (row["created_at"], row["path"], row["line"])):
        first_rows.setdefault(row["user_key"], row)
    grouped: dict[date, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        grouped[event["day"]][event["user_key"]].append(event)
    return {
        day: {user: segment_of(own, first_rows.get(user, {})) for user, own in by_user.items()}
        for day, by_user in grouped.items()
    }


def segment_of(events: list[Row], users_row: Row) -> Segment:
    return stated(events, "country") or users_row.get("country") or "ZZ", stated(events, "role") or users_row.get(
        "role"
    ) or "other"


def stated(events: list[Row], name: str) -> str | None:
    """The value of the last event that has one; of several at that instant, the greatest value."""
    values = [(event["occurred_at"], event[name]) for event in events if event[name] is not None]
    return max(values)[1] if values else None


def window(day: date, days: int) -> list[date]:
    """The days ending on `day`, oldest first."""
    return [day - timedelta(days=back) for back in reversed(range(days))]


def active(days: UserDays, day: date, n: int) -> dict[int, Segment]:
    """A(day, n): the users with an event on the n days ending on `day`, each under the last of these days."""
    found: dict[int, Segment] = {}
    for each in window(day, n):
        found.update(days.get(each, {}))
    return found


def calendar(days: UserDays) -> list[date]:
    """Every day from the first loaded one to data_until, loaded or not."""
    return window(max(days), (max(days) - min(days)).days + 1) if days else []


def first_days(days: UserDays) -> dict[int, date]:
    firsts: dict[int, date] = {}
    for day in sorted(days):
        for user in days[day]:
            firsts.setdefault(user, day)
    return firsts


# ---------------------------------------------------------------- tables of users and days


def active_users(days: UserDays) -> list[tuple[Any, ...]]:
    rows = []
    for day in calendar(days):
        dau, wau, mau = (Counter(active(days, day, n).values()) for n in (1, 7, 28))
        rows += [(day, *each, dau[each] if day in days else None, wau[each], mau[each]) for each in mau]
    return rows


def growth(days: UserDays) -> list[tuple[Any, ...]]:
    firsts = first_days(days)
    rows: list[tuple[Any, ...]] = []
    for day in calendar(days):
        cur, prev = active(days, day, 28), active(days, day - timedelta(days=28), 28)
        ever = {user for user, first in firsts.items() if first <= day - timedelta(days=28)}
        new = Counter(cur[user] for user in cur.keys() - ever)
        retained = Counter(cur[user] for user in cur.keys() & prev.keys())
        resurrected = Counter(cur[user] for user in (cur.keys() - prev.keys()) & ever)
        churned = Counter(prev[user] for user in prev.keys() - cur.keys())
        counts = (new, retained, resurrected, churned)
        rows += [(day, *each, *(count[each] for count in counts)) for each in {*new, *retained, *resurrected, *churned}]
    return rows


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def retention(days: UserDays) -> list[tuple[Any, ...]]:
    weeks: dict[date, set[int]] = defaultdict(set)
    for day, users in days.items():
        weeks[monday(day)] |= users.keys()
    cohorts: dict[tuple[date, Segment], set[int]] = defaultdict(set)
    for user, first in first_days(days).items():
        cohorts[monday(first), days[first][user]].add(user)
    rows = []
    for (cohort, segment), own in cohorts.items():
        for week in range((monday(max(days)) - cohort).days // 7 + 1):
            back = own & weeks[cohort + timedelta(days=7 * week)]
            rows.append((cohort, *segment, week, len(back)))
    return rows


def features(days: UserDays, events: list[Row]) -> list[tuple[Any, ...]]:
    used: dict[date, Counter[tuple[int, str]]] = defaultdict(Counter)
    for event in events:
        used[event["day"]][event["user_key"], event["event"]] += 1
    rows: list[tuple[Any, ...]] = []
    for day in calendar(days):
        segments = active(days, day, 28)
        lately = {pair for each in window(day, 28) for pair in used.get(each, ())}
        today = used.get(day, Counter())
        users_28d = Counter((*segments[user], feature) for user, feature in lately)
        users = Counter((*segments[user], feature) for user, feature in today)
        times = Counter((*segments[user], feature) for user, feature in today.elements())
        for each in users_28d:
            on_day = (users[each], times[each]) if day in days else (None, None)
            rows.append((day, *each, on_day[0], users_28d[each], on_day[1]))
    return rows


def first_uses(days: UserDays, events: list[Row]) -> list[tuple[Any, ...]]:
    joined = first_days(days)
    firsts: dict[tuple[int, str], date] = {}
    for event in sorted(events, key=lambda event: event["day"]):
        firsts.setdefault((event["user_key"], event["event"]), event["day"])
    counts: Counter[tuple[Any, ...]] = Counter()
    for (user, feature), day in firsts.items():
        week = (day - joined[user]).days // 7
        if week < 4:
            counts[monday(joined[user]), *days[joined[user]][user], feature, week] += 1
    return [(*each, count) for each, count in counts.items()]


def user_day(days: UserDays, events: list[Row]) -> list[tuple[Any, ...]]:
    times = Counter((event["day"], event["user_key"]) for event in events)
    return [(day, user, *days[day][user], count) for (day, user), count in times.items()]


def class_activity(events: list[Row]) -> list[tuple[Any, ...]]:
    grouped: dict[tuple[date, int], list[Row]] = defaultdict(list)
    for event in events:
        if event["class_key"] is not None:
            grouped[event["day"], event["class_key"]].append(event)
    return [(*each, members(own), posts(own), len(own)) for each, own in grouped.items()]


def class_milestones(classes: list[Row], events: list[Row], zone: ZoneInfo) -> list[tuple[Any, ...]]:
    busy = {(event["class_key"], event["day"]) for event in events}
    rows = []
    for row in classes:
        for months, later in ((3, 84), (6, 168)):
            start = row["created_at"].astimezone(zone).date() + timedelta(days=later)
            if any((row["class_key"], start + timedelta(days=each)) in busy for each in range(28)):
                rows.append((row["class_key"], months, start))
    return rows


def team_class(classes: list[Row], events: list[Row]) -> list[tuple[Any, ...]]:
    named = {row["class_key"] for row in classes if row["is_charter_class"]}
    inside = [event for event in events if event["class_key"] in named]
    return [(user, min(e["day"] for e in inside if e["user_key"] == user)) for user in {e["user_key"] for e in inside}]


def class_days(events: list[Row]) -> list[tuple[Any, ...]]:
    bits: Counter[tuple[date, int]] = Counter()
    for day, key in {(event["day"], event["class_key"]) for event in events if event["class_key"] is not None}:
        offset = (day - date(1970, 1, 5)).days % 28
        bits[day - timedelta(days=offset), key] += 2**offset
    return [(*each, days) for each, days in bits.items()]


def members(events: list[Row]) -> int:
    return len({event["user_key"] for event in events})


def posts(events: list[Row]) -> int:
    return sum(event["event"] == "post_published" for event in events)


# ---------------------------------------------------------------- tables of current state


def users_without_feed(days: UserDays) -> list[Row]:
    last: dict[int, Segment] = active(days, max(days), len(calendar(days))) if days else {}
    empty = dict.fromkeys(("territory", "language", "created_at", "deleted_at"))
    return [{"user_key": user, "country": each[0], "role": each[1]} | empty for user, each in last.items()]


def local_day(instant: datetime | None, zone: ZoneInfo) -> date | None:
    return instant and instant.astimezone(zone).date()


def accounts(users: list[Row], zone: ZoneInfo) -> list[tuple[Any, ...]]:
    said = ("country", "territory", "role", "language")
    counts = Counter(
        (local_day(row["created_at"], zone), local_day(row["deleted_at"], zone), *map(row.get, said)) for row in users
    )
    return [(*each, count) for each, count in counts.items()]


def segments(
    users: list[Row], days: UserDays, classes: list[Row], subscriptions: list[Row], told: list[Row]
) -> list[tuple[Any, ...]]:
    """Users ever by country and role: of the users feed, or those first seen there; 0 where there are other figures."""
    rows = []
    for place, segment in enumerate(("country", "role")):
        said = Counter(row[segment] for row in users)
        seen = Counter(days[day][user][place] for user, day in first_days(days).items())
        values = said.keys() | {each[place] for active_ones in days.values() for each in active_ones.values()}
        if segment == "country":
            values |= {row["country"] or "ZZ" for row in classes + told} | ({"ZZ"} if subscriptions else set())
        rows += [(segment, value, max(said[value], seen[value])) for value in values]
    return rows


def activated_on(row: Row, events: list[Row], zone: ZoneInfo) -> date | None:
    created = row["created_at"].astimezone(zone).date()
    for day in window(created + timedelta(days=13), 14):
        until = [event for event in events if created <= event["day"] <= day]
        if members(until) >= 10 and posts(until) >= 3:
            return day
    return None


def countries(days: UserDays, users: list[Row], classes: list[Row]) -> list[tuple[Any, ...]]:
    living = Counter(row["country"] for row in users if row["deleted_at"] is None)
    lately = Counter(segment[0] for segment in active(days, max(days), 28).values()) if days else Counter()
    taught = Counter(row["country"] for row in classes)
    firsts: dict[str, date] = {}
    for day in sorted(days):
        for segment in days[day].values():
            firsts.setdefault(segment[0], day)
    return [
        (each, living[each], lately[each], taught[each], firsts.get(each))
        for each in {*living, *lately, *taught, *firsts}
    ]


def translations(rows: list[Row]) -> list[tuple[Any, ...]]:
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["day"], row["country"] or "ZZ", row["source_language"], row["target_language"]].append(row)
    table = []
    for each, own in grouped.items():
        good = successes(own)
        characters = sum(row["characters"] or 0 for row in good)
        table.append((*each, len(good), len({row["post_key"] for row in good}), characters, len(own) - len(good)))
    return table


def successes(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["status"] == "ok"]


def translated_posts(rows: list[Row]) -> list[tuple[Any, ...]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in successes(rows):
        grouped[row["post_key"]].append(row)
    table = []
    for post, own in grouped.items():
        first = min(own, key=lambda row: (row["translated_at"], row["translation_key"]))
        languages = len({row["target_language"] for row in own})
        table.append((post, first["class_key"], first["country"] or "ZZ", first["day"], languages))
    return table


# ---------------------------------------------------------------- money


def end_of(subscription: Row) -> date:
    ends_on: date = subscription["ends_on"]
    return min(ends_on, subscription["cancelled_on"] or ends_on)


def price_eur(subscription: Row) -> Decimal:
    price: Decimal = subscription["price_eur"]
    confort: Decimal | None = subscription["confort_price_eur"] if subscription["confort_famille"] else None
    return price + (confort or 0)


def active_on(subscriptions: list[Row], day: date) -> list[Row]:
    return [each for each in subscriptions if each["starts_on"] <= day < end_of(each)]


def arr_eur(subscriptions: list[Row], day: date) -> Decimal:
    return sum(map(price_eur, active_on(subscriptions, day)), Decimal(0))


def offer_on(subscriptions: list[Row], day: date) -> tuple[str, str] | None:
    """The plan and payer of one class's subscriptions on a day; None if none is active."""
    running = active_on(subscriptions, day)
    if not running:
        return None
    last = max(running, key=lambda each: (each["starts_on"], each["subscription_key"]))
    return last["plan"], last["payer_type"]


def months(subscriptions: list[Row], data_until: date | None) -> list[tuple[date, date]]:
    """The first and last day of each month the revenue is told for."""
    if not subscriptions:
        return []
    until = data_until or max(each["starts_on"] for each in subscriptions)
    first = min(each["starts_on"] for each in subscriptions).replace(day=1)
    found = []
    while (last := (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)) <= until:
        found.append((first, last))
        first = last + timedelta(days=1)
    return found


def is_renewal(subscription: Row, siblings: list[Row]) -> bool:
    starts_on = subscription["starts_on"]
    return any(
        former["starts_on"] < starts_on and end_of(former) >= starts_on - timedelta(days=60) for former in siblings
    )


Figures = dict[tuple[str, str], Counter[str]]
"""For each plan and payer, the month's numbers of classes, and its amounts in cents, by column of `revenue`."""


def revenue(subscriptions: list[Row], data_until: date | None) -> list[tuple[Any, ...]]:
    by_class: dict[int, list[Row]] = defaultdict(list)
    for each in subscriptions:
        if end_of(each) > each["starts_on"]:
            by_class[each["class_key"]].append(each)
    rows = []
    for first, last in months(subscriptions, data_until):
        figures: Figures = defaultdict(Counter)
        for own in by_class.values():
            count_money(figures, own, first - timedelta(days=1), last)
            count_renewals(figures, own, first, last)
        rows += [revenue_row(first, offer, figure) for offer, figure in figures.items() if any(figure.values())]
    return rows


def revenue_row(month: date, offer: tuple[str, str], figure: Counter[str]) -> tuple[Any, ...]:
    columns = COLUMNS["revenue"].split(", ")[3:]
    values = (Decimal(figure[name]) / 100 if name.endswith("_eur") else figure[name] for name in columns)
    return (month, *offer, *values)


def count_money(figures: Figures, own: list[Row], before: date, now: date) -> None:
    """Adds one class's subscriptions, compared on two days."""
    offer, former_offer = offer_on(own, now), offer_on(own, before)
    arr, former_arr = arr_cents(own, now), arr_cents(own, before)
    if offer:
        figures[offer] += Counter(classes=1, arr_eur=arr)
    if offer and not former_offer:
        figures[offer]["new_eur"] += arr
    if offer and former_offer:
        figures[offer]["expansion_eur"] += max(arr - former_arr, 0)
        figures[offer]["contraction_eur"] += max(former_arr - arr, 0)
    if former_offer and not offer:
        figures[former_offer]["churned_eur"] += former_arr


def count_renewals(figures: Figures, own: list[Row], first: date, last: date) -> None:
    """Adds one class, once for each plan and payer it renews with in the month."""
    starting = [each for each in own if first <= each["starts_on"] <= last and is_renewal(each, own)]
    for offer in {(each["plan"], each["payer_type"]) for each in starting}:
        figures[offer]["renewed"] += 1


def arr_cents(subscriptions: list[Row], day: date) -> int:
    return int(arr_eur(subscriptions, day) * 100)


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True)
class Truth:
    """What a folder must come to: the last loaded day (None without usage) and the rows of every table."""

    data_until: date | None
    tables: dict[str, list[tuple[Any, ...]]]


def table_of(rows: Iterable[Row], table: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in COLUMNS[table].split(", ")) for row in rows]


def files_table(files: list[ReadFile], stayed: list[Row]) -> list[tuple[Any, ...]]:
    """One row for each file; `stayed` are the usage and translation rows that are no duplicates."""
    counts = Counter(row["path"] for row in stayed)
    table = []
    for file in files:
        is_fact = file.feed in ("usage", "translations")
        rows = counts[file.path] if is_fact else len(file.rows)
        table.append((file.feed, file.path, file.sha256, file.status, rows, len(file.rows) - rows, file.rejected))
    return table


def work_out(files: Mapping[str, bytes], *, timezone: str, key: Key, landed_at: datetime) -> Truth:
    """What these exports must come to, bytes by path, if each first landed at `landed_at` (see the module)."""
    zone = ZoneInfo(timezone)
    read = read_files(files, landed_at)
    feeds = {feed: with_keys([row for file in read if file.feed == feed for row in file.rows], key) for feed in FEEDS}

    events = without_duplicates(with_days(feeds["usage"], "occurred_at", zone), "event_id", USAGE_ORDER)
    translated = with_days(feeds["translations"], "translated_at", zone)
    for row in translated:
        row["status"] = row["status"] or "ok"
        row["translation_key"] = key("translation", row["translation_id"])
    translated = without_duplicates(translated, "translation_id", TRANSLATIONS_ORDER)

    days = user_days(events, feeds["users"])
    data_until = max(days, default=None)
    told = [row for row in translated if data_until is None or row["day"] <= data_until]
    has_users_feed = any(file.feed == "users" and file.status == "landed" for file in read)
    users = newest(feeds["users"], "user_key", None) if has_users_feed else users_without_feed(days)
    classes = newest(feeds["classes"], "class_key", "measured_at")
    for row in classes:
        row["created_on"], row["archived_on"] = (local_day(row[name], zone) for name in ("created_at", "archived_at"))
        row["is_charter_class"] = row["slug"] == "teamclassroomfr"
        row["activated_on"] = activated_on(row, [e for e in events if e["class_key"] == row["class_key"]], zone)
    subscriptions = newest(feeds["subscriptions"], "subscription_key", "updated_at")
    tables = {
        "files": files_table(read, events + translated),
        "active_users": active_users(days),
        "growth": growth(days),
        "retention": retention(days),
        "features": features(days, events),
        "first_uses": first_uses(days, events),
        "class_milestones": class_milestones(classes, events, zone),
        "days": [(day, day in days) for day in calendar(days) if active(days, day, 28)],
        "class_days": class_days(events),
        "accounts": accounts(users, zone),
        "segments": segments(users, days, classes, subscriptions, told),
        "users": table_of(users, "users"),
        "classes": table_of(classes, "classes"),
        "team_class": team_class(classes, events),
        "countries": countries(days, users, classes),
        "translations": translations(told),
        "translated_posts": translated_posts(told),
        "subscriptions": table_of(subscriptions, "subscriptions"),
        "revenue": revenue(subscriptions, data_until),
        "user_day": user_day(days, events),
        "class_activity": class_activity(events),
    }
    return Truth(data_until, {name: sorted(rows, key=rank) for name, rows in tables.items()})
