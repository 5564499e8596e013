"""The synthetic exports: the same bytes each time, the kit's figures, and the shape of a school year."""

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import workbench
from workbench import calendar
from workbench.errors import NotReadable, SampleExists
from workbench.sample import SampleReport, write_sample
from workbench.sample.feeds import slugs
from workbench.sample.plan import draw_plan, users_on_kit_day
from workbench.sample.translations import draw_translations
from workbench.sample.world import world

CHECKOUT = Path(__file__).resolve().parent.parent
KIT_MOMENT = datetime(2020, 9, 15, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
KIT_YEAR = [datetime(year, 8, 31, 22, tzinfo=UTC) for year in (2019, 2020)]  # 1 September, 00:00 in Paris
OVERSEAS = ["GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC"]
COLUMNS = {  # design.md, "Feeds"
    "usage": "event_id occurred_at user_id event role country class_id platform language",
    "users": "user_id role country created_at language deleted_at",
    "classes": "class_id created_at country slug region department commune_code level members admins storage_mb "
    "measured_at archived_at",
    "subscriptions": "subscription_id class_id plan payer_type starts_on ends_on price_eur payer_code confort_famille "
    "confort_price_eur cancelled_on updated_at",
    "translations": "translation_id translated_at post_id source_language target_language class_id user_id country "
    "characters status",
}
EVENTS = (
    "sign_in class_created class_joined post_published post_viewed poll_created poll_voted photo_retouched "
    "photo_blurred video_call_started video_call_joined mute_enabled homework_published presence_reported "
    "message_sent klassboard_opened tutorial_watched"
)
ENTITLEMENTS = {"initiale": (29, 50, 100, 5), "standard": (59, 40, 200, 10), "plus": (99, 30, 400, 20)}  # the kit's


@dataclass(frozen=True)
class Sample:
    """A sample of the default scale, read back without the workbench's own readers."""

    folder: Path
    report: SampleReport
    feeds: Mapping[str, pl.DataFrame]

    def usage(self) -> pl.DataFrame:
        """Events once each, with their day in Paris; without the torn rows."""
        whole = self.feeds["usage"].filter(pl.col("occurred_at").is_not_null() & pl.col("user_id").is_not_null())
        day = pl.col("occurred_at").dt.convert_time_zone("Europe/Paris").dt.date()
        return whole.unique("event_id").with_columns(day=day)

    def events_by_day(self) -> Mapping[date, int]:
        """Number of events of each day."""
        return dict(self.usage().group_by("day").len().iter_rows())

    def newest(self, feed: str, key: str) -> pl.DataFrame:
        """The last row of each key, in the order of files and lines."""
        return self.feeds[feed].unique(key, keep="last", maintain_order=True)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The default sample, written once."""
    folder = tmp_path_factory.mktemp("sample") / "exports"
    report = write_sample(folder)
    return Sample(folder, report, {feed: read_feed(folder / feed) for feed in COLUMNS})


def read_feed(folder: Path) -> pl.DataFrame:
    """All rows of a feed, typed; a value that is not of its type is null."""
    return pl.concat([typed(read_file(path)) for path in sorted(folder.iterdir())], how="diagonal_relaxed")


def read_file(path: Path) -> pl.DataFrame:
    """One export as text columns (Parquet: as it is)."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".jsonl" in path.suffixes:
        return pl.read_ndjson(raw)
    text = raw.decode("cp1252" if path.parent.name == "subscriptions" else "utf-8")
    return pl.read_csv(text.encode(), separator=";" if ";" in text[:20] else ",", infer_schema=False)


def typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Instants, dates, numbers and yes or no from text."""
    made = {name: as_instant(name, rows[name].dtype) for name in rows.columns if name.endswith("_at")}
    made |= {name: as_date(name, rows[name].dtype) for name in rows.columns if name.endswith("_on")}
    for name in {"price_eur", "confort_price_eur", "members", "admins", "storage_mb", "characters"} & {*rows.columns}:
        made[name] = pl.col(name).cast(pl.String).str.replace(",", ".").cast(pl.Float64)
    if "confort_famille" in rows.columns:
        made["confort_famille"] = pl.col("confort_famille").cast(pl.String).is_in(["oui", "true"])
    return rows.with_columns(**made)


def as_instant(name: str, dtype: pl.DataType) -> pl.Expr:
    """From ISO 8601 in UTC or DD/MM/YYYY HH:MM:SS."""
    if dtype.is_temporal():
        return pl.col(name)
    read = (pl.col(name).str.to_datetime(form, strict=False) for form in ("%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M:%S"))
    return pl.coalesce(instant.dt.replace_time_zone("UTC") for instant in read)


def as_date(name: str, dtype: pl.DataType) -> pl.Expr:
    """From ISO 8601 or DD/MM/YYYY."""
    if dtype.is_temporal():
        return pl.col(name)
    return pl.coalesce(pl.col(name).str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%d/%m/%Y"))


def folded(countries: pl.Series) -> pl.Series:
    """Countries as the workbench counts them: alpha-2, overseas codes as France."""
    table = world().countries
    alpha2 = dict(zip(table["alpha3"], table["country"], strict=True))
    return countries.replace(alpha2).replace(OVERSEAS, ["FR"] * len(OVERSEAS))


def digest(folder: Path) -> dict[str, str]:
    """A hash of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def mean(by_day: Mapping[date, int], first: date, last: date, weekdays: range = range(7)) -> float:
    """Events a day between two days, both included."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return float(np.mean([by_day.get(day, 0) for day in days if day.weekday() in weekdays]))


# ------------------------------------------------------------------------------------------------ the same each time


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """In two processes with different hash seeds: a sample can be told from its arguments, wherever it is made."""
    program = "import sys; from pathlib import Path; from workbench.sample import write_sample; "
    program += "write_sample(Path(sys.argv[1]), scale=0.002, seed=7)"
    for name in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": name, "TZ": "UTC" if name == "1" else "Asia/Tokyo"}
        subprocess.run([sys.executable, "-c", program, tmp_path / name], check=True, cwd=CHECKOUT, env=environment)
    assert len(digest(tmp_path / "1")) > 50
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    """The seed decides: with another one no export stays as it was."""
    for seed in (7, 8):
        write_sample(tmp_path / str(seed), scale=0.003, seed=seed)
    seven, eight = digest(tmp_path / "7"), digest(tmp_path / "8")
    assert {name for name in seven.keys() & eight.keys() if seven[name] == eight[name]} == set()


# ------------------------------------------------------------------------------------------------- the kit's figures


def test_at_scale_1_the_plan_meets_the_kit() -> None:
    """1,100,000 users and 150,000 translated posts on 15 September 2020, 35 countries, 30,000 French classes.

    No two classes have one name.
    """
    plan = draw_plan(1.0, 2020)
    assert users_on_kit_day(plan.people.created, plan.people.deleted).sum() == 1_100_000
    countries = folded(world().countries["country"])
    assert countries[plan.people.country].n_unique() == 35
    french = (countries == "FR").to_numpy()[plan.classes.places.country]
    start, end = (moment.timestamp() for moment in KIT_YEAR)
    in_year = (plan.classes.created >= start) & (plan.classes.created < end)
    assert (french & in_year).sum() == 30_000
    assert len(set(slugs(plan, np.arange(len(plan.classes.year))))) == len(plan.classes.year)
    made = draw_translations(plan)
    before = made.post[~made.failed & (made.moment < KIT_MOMENT.timestamp())]
    assert len(np.unique(before)) == 150_000


def test_a_small_sample_keeps_the_proportions(sample: Sample) -> None:
    """At 0.02: 2 % of the kit's users, classes and translated posts, in all 35 countries, read back from the files."""
    users = sample.newest("users", "user_id")
    deleted = pl.col("deleted_at").is_not_null() & (pl.col("deleted_at") < KIT_MOMENT)
    assert users.filter((pl.col("created_at") < KIT_MOMENT) & ~deleted).height == 22_000
    assert folded(users["country"]).n_unique() == 35
    classes = sample.newest("classes", "class_id").with_columns(country=folded(pl.col("country")))
    in_year = pl.col("created_at").is_between(*KIT_YEAR, closed="left")
    assert classes.filter(in_year, pl.col("country") == "FR").height == 600
    ok = sample.feeds["translations"].filter(pl.col("status").fill_null("ok") != "failed")
    assert ok.filter(pl.col("translated_at") < KIT_MOMENT)["post_id"].n_unique() == 3_000


@pytest.mark.parametrize("events", [100, 1_000, 40_000])
def test_usage_stays_just_under_its_cap(events: int, tmp_path: Path) -> None:
    """Thinned or made denser, the events come close to what was asked for (noise is larger for few), never above."""
    report = write_sample(tmp_path / "exports", scale=0.001, events=events)
    torn = 2
    assert 0.98 * events - 14 * events**0.5 <= report.feeds["usage"].rows - torn <= events


def test_the_default_usage_is_30_million_events_times_the_scale(sample: Sample) -> None:
    """As design.md has it, repeated rows of overlapping exports included."""
    assert 0.97 * 600_000 <= sample.report.feeds["usage"].rows <= 600_000


# ------------------------------------------------------------------------------------------------------- the contract


def test_files_have_the_columns_of_the_contract(sample: Sample) -> None:
    """Every file of a feed has all its columns and no other."""
    for feed, columns in COLUMNS.items():
        for path in sorted((sample.folder / feed).iterdir()):
            assert sorted(read_file(path).columns) == sorted(columns.split()), path.name


def test_there_is_one_usage_file_a_month(sample: Sample) -> None:
    """September 2017 to December 2020, in three kinds of files."""
    names = [path.name for path in sorted((sample.folder / "usage").iterdir())]
    months = pl.date_range(date(2017, 9, 1), date(2020, 12, 1), "1mo", eager=True).dt.strftime("%Y-%m")
    assert [name.split(".")[0] for name in names] == months.to_list()
    assert {name.split(".", 1)[1] for name in names} == {"csv.gz", "jsonl.gz", "parquet"}
    assert sample.usage()["day"].min() == date(2017, 9, 1)
    assert sample.usage()["day"].max() == date(2020, 12, 14)
    assert sample.usage()["day"].n_unique() == 1201


def test_the_report_counts_what_is_in_the_files(sample: Sample) -> None:
    """Files, rows and bytes of the closing table are those on the disk."""
    for feed, count in sample.report.feeds.items():
        assert count.files == len(list((sample.folder / feed).iterdir()))
        assert count.rows == sample.feeds[feed].height
    on_disk = sum(path.stat().st_size for path in sample.folder.rglob("*.*") if path.is_file())
    assert sample.report.size_bytes == on_disk


def test_the_sample_lands_without_a_refused_file(sample_home: Path) -> None:
    """The whole of it goes through the ETL, which ends with 0 there: a few duplicates, three rejected rows."""
    with closing(workbench.open(sample_home)) as warehouse:
        said = "select feed, sum(rejected)::int, sum(duplicates)::int > 0 from files group by feed order by feed"
        found = {feed: told for feed, *told in warehouse.sql(said).rows()}
        assert warehouse.sql("select count(*) from files where status = 'refused'").rows() == [(0,)]
    assert found.pop("usage") == [2, True]
    assert found.pop("subscriptions") == [1, False]
    assert set(map(tuple, found.values())) == {(0, False)}


def test_every_known_event_appears_and_new_ones_only_once_they_exist(sample: Sample) -> None:
    """Seventeen events; video calls start with the closed schools, homework with the school year 2018-2019."""
    first_day = dict(sample.usage().group_by("event").agg(pl.col("day").min()).iter_rows())
    assert set(first_day) == set(EVENTS.split())
    assert first_day["video_call_started"] >= date(2020, 3, 11)
    assert first_day["video_call_joined"] >= date(2020, 3, 11)
    assert first_day["homework_published"] >= date(2018, 9, 1)
    assert first_day["post_published"] <= date(2017, 9, 6)


def test_some_events_do_not_state_role_or_country(sample: Sample) -> None:
    """A share of a few per cent, for which the users feed has to answer."""
    usage = sample.usage()
    for column in ("role", "country"):
        assert 0.005 < usage[column].null_count() / usage.height < 0.06
    assert usage.join(sample.feeds["users"], on="user_id", how="anti").is_empty()


# ---------------------------------------------------------------------------------------------- the school year's shape


def test_weekends_are_quieter_than_weekdays(sample: Sample) -> None:
    """Less than half of a weekday's use, over all school weeks of autumn 2019."""
    by_day = sample.events_by_day()
    autumn = (date(2019, 9, 16), date(2019, 10, 13))
    assert mean(by_day, *autumn, range(5, 7)) < 0.5 * mean(by_day, *autumn, range(5))


def test_use_rises_at_the_school_start_and_falls_in_summer(sample: Sample) -> None:
    """Each school year: September above November, July far below June, August below July."""
    by_day = sample.events_by_day()
    for year in (2018, 2019, 2020):
        assert mean(by_day, date(year, 9, 1), date(year, 9, 30)) > 1.5 * mean(
            by_day, date(year, 11, 4), date(year, 11, 30)
        )
        june = mean(by_day, date(year, 6, 1), date(year, 6, 30))
        july = mean(by_day, date(year, 7, 8), date(year, 7, 31))
        assert july < 0.4 * june
        assert mean(by_day, date(year, 8, 1), date(year, 8, 24)) < july


def test_use_jumps_when_schools_close(sample: Sample) -> None:
    """From 2020-03-11 to the summer at least 1.5 times the weeks before, at first 3 times; and homework with it."""
    by_day = sample.events_by_day()
    before = mean(by_day, date(2020, 1, 13), date(2020, 2, 7))
    assert mean(by_day, date(2020, 3, 11), date(2020, 3, 15)) > 1.5 * before
    assert mean(by_day, date(2020, 3, 16), date(2020, 4, 3)) > 3 * before
    assert mean(by_day, date(2020, 5, 25), date(2020, 6, 28)) > 1.5 * before
    usage = sample.usage()
    homework = {
        month: usage.filter(pl.col("day").dt.strftime("%Y-%m") == month, pl.col("role") == "teacher")
        for month in ("2020-01", "2020-04")
    }
    share = {month: (rows["event"] == "homework_published").mean() for month, rows in homework.items()}
    assert share["2020-04"] > 1.5 * share["2020-01"]


def test_holidays_are_quiet_in_their_own_zone(sample: Sample) -> None:
    """In the last week of February 2020 zone A is on holiday and zone C at school; in mid-February the other way."""
    zones = pl.read_csv(CHECKOUT / "workbench" / "reference" / "academies.csv", infer_schema=False)
    classes = sample.newest("classes", "class_id").join(zones, left_on="department", right_on="departement")
    usage = sample.usage().join(classes.select("class_id", "zone_vacances"), on="class_id")

    def use(zone: str, monday: date) -> int:
        week = pl.col("day").is_between(monday, monday + timedelta(days=4))
        return usage.filter(week, pl.col("zone_vacances") == zone).height

    assert not calendar.is_school_day(date(2020, 2, 24), "A")
    assert not calendar.is_school_day(date(2020, 2, 10), "C")
    assert use("A", date(2020, 2, 24)) < 0.5 * use("A", date(2020, 2, 10))
    assert use("C", date(2020, 2, 10)) < 0.5 * use("C", date(2020, 2, 24))


def test_retention_falls_and_then_levels(sample: Sample) -> None:
    """Those who began in September 2018: fewer each month at first, then much the same until spring."""
    weeks = sample.usage().select("user_id", week=pl.col("day").dt.truncate("1w")).unique()
    cohort = weeks.group_by("user_id").agg(first=pl.col("week").min())
    began = cohort.filter(pl.col("first").is_between(date(2018, 9, 3), date(2018, 9, 24)))
    later = weeks.join(began, on="user_id").with_columns(number=(pl.col("week") - pl.col("first")).dt.total_days() // 7)

    def kept(*numbers: int) -> float:
        return later.filter(pl.col("number").is_in(numbers)).height / len(numbers) / began.height

    assert 0.6 > kept(1) > kept(2, 3) > kept(4, 5) > kept(9, 10, 11)
    assert kept(1) > 2 * kept(9, 10, 11)
    assert kept(9, 10, 11) == pytest.approx(kept(18, 19, 20), rel=0.25)
    assert kept(18, 19, 20) > 0.08


def test_some_people_come_back_the_next_school_year(sample: Sample) -> None:
    """Between a quarter and two thirds of those active in 2018-2019 are there again in 2019-2020."""
    usage = sample.usage().with_columns(year=pl.col("day").dt.offset_by("-8mo").dt.year())
    people = {year: usage.filter(pl.col("year") == year)["user_id"].unique() for year in (2018, 2019)}
    assert 0.25 < people[2018].is_in(people[2019].implode()).mean() < 0.67


# ------------------------------------------------------------------------------------------- people, classes, payers


def test_classes_have_a_teacher_and_about_twenty_families(sample: Sample) -> None:
    """Roles in the proportion of a class: most are parents; a class that is used has some twenty members."""
    shares = dict(sample.newest("users", "user_id")["role"].value_counts(normalize=True).iter_rows())
    assert set(shares) == {"parent", "teacher", "student", "staff"}
    assert shares["parent"] > 0.7
    assert 0.04 < shares["teacher"] < 0.1
    joined = sample.newest("classes", "class_id")["members"]
    assert 15 < joined.filter(joined > 6).median() < 25
    creators = sample.usage().filter(pl.col("event") == "class_created")
    assert creators["class_id"].n_unique() == creators.height == sample.feeds["classes"]["class_id"].n_unique()


def test_families_speak_many_languages_and_live_in_real_places(sample: Sample) -> None:
    """More than ten languages in France alone; overseas codes; states of the US; communes that exist."""
    users = sample.newest("users", "user_id")
    assert users.filter(pl.col("country") == "FR")["language"].n_unique() > 10
    assert {"RE", "GP", "MQ", "NC"} <= set(users["country"])
    classes = sample.newest("classes", "class_id")
    assert classes.filter(pl.col("country") == "US")["region"].str.contains("^[A-Z]{2}$").all()
    communes = pl.read_csv(CHECKOUT / "workbench" / "reference" / "communes.csv", infer_schema=False)
    real = {*communes.select("code_insee", "departement").iter_rows()}
    assert {*classes.select("commune_code", "department").drop_nulls().iter_rows()} <= real
    assert classes["slug"].is_unique().all()


def test_translations_follow_the_readers_language(sample: Sample) -> None:
    """From the language of the class into another one; a few per cent fail."""
    made = sample.feeds["translations"]
    assert (made["source_language"] != made["target_language"]).all()
    assert 0.01 < (made["status"] == "failed").mean() < 0.06
    readers = made.join(sample.newest("users", "user_id"), on="user_id")
    assert readers.height == made.height
    assert (readers["target_language"] == readers["language"]).all()
    assert {"ar", "en", "pt", "tr", "es"} <= set(made["target_language"])


def test_subscriptions_have_the_prices_of_the_kit(sample: Sample) -> None:
    """29, 59 and 99 €, Confort famille at 50, 40 and 30 €; the ambassadors' are offered."""
    told = sample.newest("subscriptions", "subscription_id").filter(pl.col("plan") != "premium")
    for plan, (price, confort, _, _) in ENTITLEMENTS.items():
        mine = told.filter(pl.col("plan") == plan)
        assert set(mine["price_eur"]) - {0.0} == {price}
        assert set(mine.filter("confort_famille")["confort_price_eur"]) - {0.0} == {confort}
    offered = told.filter(pl.col("price_eur") == 0)
    assert offered.height >= 1
    assert set(offered["plan"]) == {"plus"}
    assert set(told["payer_type"]) >= {"commune", "ecole", "classe"}


def test_subscriptions_are_renewed_changed_and_cancelled(sample: Sample) -> None:
    """In time and too late (60 days), to a higher plan, within the year; never two at once for a class."""
    told = sample.newest("subscriptions", "subscription_id").filter(pl.col("plan") != "premium")
    told = told.with_columns(stop=pl.min_horizontal("ends_on", "cancelled_on")).sort("class_id", "starts_on")
    following = told.with_columns(
        gap=(pl.col("starts_on") - pl.col("stop").shift().over("class_id")).dt.total_days(),
        step=(pl.col("price_eur") - pl.col("price_eur").shift().over("class_id")),
        run_out=pl.col("cancelled_on").shift().over("class_id").is_null(),
    ).drop_nulls("gap")
    assert (following["gap"] >= 0).all()
    renewed = following.filter("run_out")["gap"]
    assert (renewed == 0).any()
    assert renewed.is_between(1, 60).any()
    assert (renewed > 60).any()
    assert (following["step"] > 0).any()
    assert told["cancelled_on"].is_not_null().sum() > 3
    assert (told["ends_on"] > told["starts_on"]).all()


def test_some_classes_press_on_their_limits(sample: Sample) -> None:
    """Storage at 80, 95 and 100 % of the plan's somewhere, members and administrators near theirs, none beyond."""
    held = sample.newest("subscriptions", "subscription_id").filter(
        pl.col("plan") != "premium", pl.col("ends_on") > date(2020, 12, 14), pl.col("cancelled_on").is_null()
    )
    limits = pl.DataFrame(
        [(plan, row[2], row[3]) for plan, row in ENTITLEMENTS.items()], ["plan", "places", "gb"], orient="row"
    )
    both = held.join(sample.newest("classes", "class_id"), on="class_id").join(limits, on="plan")
    storage, members = both["storage_mb"] / 1024 / both["gb"], both["members"] / both["places"]
    assert storage.max() == pytest.approx(1, abs=1e-3)
    for low, high in ((0.80, 0.95), (0.95, 0.9999)):
        assert storage.is_between(low, high).any()
    assert storage.median() < 0.6
    assert 0.8 < members.max() <= 1
    admins = both.filter(pl.col("plan") == "initiale")["admins"]
    assert admins.max() == 2


def test_the_ambassadors_class_has_its_teachers(sample: Sample) -> None:
    """A class called teamclassroomfr, with events of at least eight teachers, and members that only grow."""
    team = sample.feeds["classes"].filter(pl.col("slug") == "teamclassroomfr")
    assert team["class_id"].n_unique() == 1
    assert team["members"].is_sorted()
    inside = sample.usage().filter(pl.col("class_id") == team["class_id"][0], pl.col("role") == "teacher")
    assert inside["user_id"].n_unique() >= 8
    assert inside.filter(pl.col("event") == "class_joined")["user_id"].n_unique() >= 7
    assert inside.filter(pl.col("event") != "class_joined").height > inside["user_id"].n_unique()


# --------------------------------------------------------------------------------------------------------- safe to run


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder with anything in it is left as it is."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "mine.csv").write_text("a")
    with pytest.raises(SampleExists, match="--out"):
        write_sample(tmp_path / "exports", scale=0.001)
    assert [path.name for path in tmp_path.rglob("*")] == ["exports", "mine.csv"]


def test_an_empty_folder_and_what_an_interrupted_run_left_are_no_obstacle(tmp_path: Path) -> None:
    """The half-written folder of a killed run is thrown away, and nothing of it gets into the sample."""
    (tmp_path / "exports").mkdir()
    left = tmp_path / ".exports.writing" / "usage"
    left.mkdir(parents=True)
    (left / "2017-09.csv").write_text("half")
    write_sample(tmp_path / "exports", scale=0.001)
    assert not (tmp_path / "exports" / "usage" / "2017-09.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    """What and what to do, no traceback of a library."""
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReadable, match="another folder") as failure:
        write_sample(tmp_path / "file" / "exports", scale=0.001)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"scale": 1.5}, {"scale": 0.001, "events": 0}])
def test_an_impossible_size_is_refused(wrong: dict[str, float], tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match=r"scale|event"):
        write_sample(tmp_path / "exports", **wrong)
    assert list(tmp_path.iterdir()) == []
