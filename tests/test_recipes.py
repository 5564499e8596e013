"""docs/recipes.md: each recipe is followed to the letter on a copy of the package, and does what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages_home import Truth, write_exports
from tiny import etl, write_csv

import workbench

PACKAGE = Path(workbench.__file__).parent
RECIPES = (PACKAGE.parent / "docs" / "recipes.md").read_text(encoding="utf-8")
STYLE = PACKAGE.parent / "pyproject.toml"

TITLES = ["A metric", "A page", "A feed", "A language", "A follow-up rule"]


def steps(recipe: str) -> list[tuple[str, str, str]]:
    """The blocks of a recipe that name a file: what is done to it, its path, and the text."""
    section = re.search(rf"^## {recipe}\n(.*?)(?=^## |\Z)", RECIPES, re.MULTILINE | re.DOTALL)
    assert section is not None
    found = re.findall(r"^```(\w+) (?:(new|append) )?(workbench/\S+)\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)
    return [(does or kind, path, text) for kind, does, path, text in found]


def follow(recipe: str, checkout: Path) -> None:
    """Do what a recipe says to the files of a checkout."""
    for does, path, text in steps(recipe):
        file = checkout / path
        if does == "new":
            assert not file.exists()
            file.write_text(text, encoding="utf-8")
        elif does == "append":
            file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
        else:
            assert does == "diff"
            file.write_text(changed(file.read_text(encoding="utf-8"), text), encoding="utf-8")


def changed(before: str, diff: str) -> str:
    """A text with the lines of a diff changed; those that it shows must stand there once."""
    lines = diff.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    assert before.count(old) == 1, old
    return before.replace(old, new)


class Copy:
    """A copy of the package, a HOME, and the exports of the small world."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.home, self.source = folder / "checkout", folder / "home", folder / "source"
        # What is compiled comes along: a recipe's changes are compiled anew, and all else would be by each process.
        shutil.copytree(PACKAGE, self.checkout / "workbench")
        write_exports(self.source)

    def run(self, *arguments: str) -> str:
        """What a Python of the copy says, its failure included."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
        paths = os.pathsep.join((str(self.checkout), str(Path(__file__).parent)))
        environment = own | {"WORKBENCH_HOME": str(self.home), "PYTHONPATH": paths}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, cwd=self.checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def workbench(self, *arguments: str) -> str:
        """What a command of the copy says."""
        return self.run("-m", "workbench.cli", *arguments)

    def etl(self) -> None:
        """One run of the copy's ETL."""
        self.workbench("etl", "run", "--source", str(self.source))


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of everything."""
    return Copy(tmp_path)


def test_a_diff_that_does_not_fit_is_not_done() -> None:
    """A recipe whose lines are no longer in the code is stale, and fails."""
    assert changed("a\nb\n", " a\n+c\n") == "a\nc\nb\n"
    assert changed("a\nb\n", "-a\n+c\n") == "c\nb\n"
    with pytest.raises(AssertionError):
        changed("a\nb\n", " x\n+c\n")
    with pytest.raises(AssertionError):
        changed("a\na\n", "-a\n")


def test_every_recipe_is_followed_here() -> None:
    """A recipe that nobody has cooked is a promise."""
    titles = re.findall(r"^## (.+)$", RECIPES, re.MULTILINE)
    source = Path(__file__).read_text(encoding="utf-8")
    assert titles == TITLES
    assert [title for title in titles if f'follow("{title}"' not in source] == []


@pytest.mark.parametrize("recipe", [title for title in TITLES if title != "A follow-up rule"])
def test_what_a_recipe_writes_is_in_the_house_style(tmp_path: Path, recipe: str) -> None:
    """Whoever follows it has nothing to put right: ruff has nothing to say."""
    shutil.copytree(PACKAGE, tmp_path / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    follow(recipe, tmp_path)
    written = sorted({path for _, path, _ in steps(recipe) if path.endswith(".py")})
    assert written
    for verb in (["check"], ["format", "--check"]):
        ruff = [str(Path(sys.executable).with_name("ruff")), *verb, "--no-cache", "--config", str(STYLE), *written]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_recipe_for_a_metric_gives_a_metric(copy: Copy) -> None:
    """The build is of before the recipe: a metric needs no new one. It is cut and grouped like any other."""
    etl(copy.home, copy.source)
    follow("A metric", copy.checkout)
    said = copy.run(
        "-c",
        "import workbench; from datetime import date; from workbench.text import Words\n"
        "wh = workbench.open(); day = date(2020, 9, 30)\n"
        "for role in ('teacher', 'parent'):\n"
        "    given = wh.metric('publishers', by=['country'], since=day, until=day, where={'role': [role]}).pl()\n"
        "    print(int(given['publishers'].sum()))\n"
        "for language in ('fr', 'en'):\n"
        "    words = Words(language)\n"
        "    print(words('metric.publishers.name'), len(words('metric.publishers.definition')) > 9)\n",
    )
    posts = [row for row in Truth(copy.source).usage if row["event"] == "post_published"]
    by_role = [len({row["user_id"] for row in posts if row["role"] == role}) for role in ("teacher", "parent")]
    assert said.split("\n")[:4] == [*map(str, by_role), "Auteurs True", "Publishers True"]
    assert sum(by_role) == 1


def test_the_recipe_for_a_page_gives_a_page_and_a_report(copy: Copy) -> None:
    """The real frame shows it, in both languages, and `workbench report` writes it."""
    etl(copy.home, copy.source)
    follow("A page", copy.checkout)
    out = copy.home / "posts.html"
    said = copy.run(
        "-c",
        "from pathlib import Path; from workbench.cli import cli; from test_pages import figures, table, visit\n"
        f"cli(['report', 'posts', '--out', {str(out)!r}], standalone_mode=False)\n"
        "for language in ('fr', 'en'):\n"
        f"    app = visit(Path({str(copy.home)!r}), 'posts', lang=language)\n"
        "    print(len(app.exception), app.title[0].value, *figures(app).values(), len(table(app)))\n",
    )
    assert "Ce qui se publie, jour après jour." in out.read_text(encoding="utf-8")
    days = {row["occurred_at"][:10] for row in Truth(copy.source).usage if row["event"] == "post_published"}
    assert said.splitlines()[-2:] == [f"0 Publications 4 {len(days)}", f"0 Posts 4 {len(days)}"]


def test_the_recipe_for_a_feed_gives_a_table(copy: Copy) -> None:
    """Landed on top of a HOME that did not know the feed; its bad row is set aside, its newest row counts."""
    etl(copy.home, copy.source)
    follow("A feed", copy.checkout)
    rows = [
        ("r1", "2020-11-30T10:00:00Z", "5", "FR"),
        ("r1", "2020-11-30T12:00:00Z", "3", "FR"),
        ("r2", "2020-11-30T11:00:00Z", "4", "fra"),
        ("r3", "2020-11-30T11:00:00Z", "many", "FR"),
        ("r4", "2020-12-01T11:00:00Z", "1", ""),
    ]
    write_csv(copy.source / "ratings" / "stores.csv", ["rating_id", "rated_at", "stars", "country"], rows)
    copy.etl()
    said = copy.run(
        "-c",
        "import workbench; wh = workbench.open()\n"
        "print(wh.sql('select day::varchar, country, ratings, stars from ratings order by 1').rows())\n"
        "print(wh.sql(\"select line, column_name, reason from rejects where feed = 'ratings'\").rows())\n"
        "print(wh.tables()['ratings'], [column.unit for column in wh.describe('ratings')])\n"
        "print(wh.sql(\"select needs from lineage where table_name = 'current_ratings'\").rows())\n",
    )
    assert said.splitlines() == [
        "[('2020-11-30', 'FR', 2, 7), ('2020-12-01', 'ZZ', 1, 1)]",
        "[(5, 'stars', 'unreadable_count')]",
        "Ratings of the app in the stores, by day and country. ['', 'ISO 3166-1 alpha-2', 'ratings', 'stars']",
        "[('ratings/',)]",
    ]


def test_the_recipe_for_a_language_gives_pages_in_it(copy: Copy) -> None:
    """Words of its own, dates and numbers of its own; on the screen with its switch, and in a report."""
    etl(copy.home, copy.source)
    texts = copy.checkout / "workbench" / "text"
    shutil.copytree(texts / "en", texts / "es")
    words = texts / "es" / "interface.toml"
    words.write_text(words.read_text(encoding="utf-8").replace('title = "Users"', 'title = "Usuarios"'), "utf-8")
    follow("A language", copy.checkout)
    said = copy.run(
        "-c",
        "from pathlib import Path; from workbench.cli import cli; from test_pages import visit\n"
        f"home = Path({str(copy.home)!r})\n"
        "for name in ('users', 'overview'):\n"
        "    out = str(home / f'{name}.html')\n"
        "    cli(['report', name, '--language', 'es', '--out', out], standalone_mode=False)\n"
        "app = visit(home, 'users', lang='es')\n"
        "print(len(app.exception), app.title[0].value)\n",
    )
    assert said.splitlines()[-1] == "0 Usuarios"
    written = (copy.home / "users.html").read_text(encoding="utf-8")
    assert "<h1>Usuarios</h1>" in written
    assert "diciembre de 2020" in written


def test_the_recipe_for_a_follow_up_rule_puts_it_into_the_queue(copy: Copy) -> None:
    """From the 35th day it takes the place of the first call; what is said of it is there in both languages."""
    follow("A follow-up rule", copy.checkout)
    said = copy.run(
        "-c",
        "from test_followups import after; from workbench.text import Words\n"
        "for days in (34, 35):\n"
        "    print([each.rule.name for each in after(days)])\n"
        "rule = after(35)[0].rule\n"
        "for language in ('fr', 'en'):\n"
        "    print(Words(language)(rule.label), '|', Words(language)(rule.suggestion, name='Anna'))\n",
    )
    assert said.splitlines() == [
        "['call']",
        "['second_call']",
        "Second appel | Rappelez Anna une dernière fois, puis laissez passer ce trimestre.",
        "Second call | Call Anna one last time, then let this quarter pass.",
    ]
