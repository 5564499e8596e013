"""The pages in a real Chromium, served by the real command on a build that the real ETL made.

Every number that is looked for is counted from the exports by `pages_home.Truth`; then an export changes, the ETL
runs again beside the open server, and the numbers on the screen are the new ones.
"""

import http.client
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from browsing import WORKBENCH, Site, drawn, environment, free_port, opened, pick, served
from pages_home import Truth, in_french, write_exports
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

SINCE = date(2020, 9, 1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The small world landed, published and served."""
    folder = tmp_path_factory.mktemp("site")
    with served(folder / "home", write_exports(folder / "source")) as found:
        yield found


def see(screen: Page, figures: dict[str, int]) -> None:
    """Each figure on the card of its name."""
    for name, number in figures.items():
        card = screen.get_by_test_id("stMetric").filter(has=screen.get_by_text(name, exact=True))
        expect(card.get_by_test_id("stMetricValue")).to_have_text(in_french([number])[0])


def see_row(screen: Page, table: str, *cells: str) -> None:
    """The one row of a table of that name that holds these cells and begins with the first."""
    row = screen.get_by_role("table", name=table, exact=True).get_by_role("row")
    for cell in cells:
        row = row.filter(has=screen.get_by_role("cell", name=cell, exact=True))
    expect(row).to_have_count(1)
    expect(row.get_by_role("cell").first).to_have_text(cells[0])


def see_everything(screen: Page, site: Site) -> None:
    """The numbers of five pages, as the exports have them now."""
    truth = Truth(site.source)
    created, pairs = truth.created(SINCE, truth.until), truth.translated()
    opened(screen, site)
    see(screen, {"Utilisateurs": truth.living(), "Actifs sur 28 jours": len(truth.active(28))})
    see(screen, {"Classes créées": len(created), "Publications traduites": truth.translated_posts()})
    screen.get_by_role("link", name="Utilisateurs").click()
    drawn(screen)
    see(screen, {"Actifs du jour": len(truth.active(1)), "Actifs sur 7 jours": len(truth.active(7))})
    growth = truth.growth(truth.until)
    newest = screen.get_by_role("table").first.get_by_role("row").nth(1).get_by_role("cell")
    for position, kind in enumerate(("churned", "retained", "resurrected", "new"), start=2):
        expect(newest.nth(position)).to_have_text(in_french([growth[kind]])[0])
    screen.get_by_role("link", name="Pays").click()
    drawn(screen)
    for name, code in (("France", "FR"), ("Belgique", "BE"), ("Luxembourg", "LU")):
        see_row(screen, "Pays", name, in_french([truth.living(country=code)])[0])
    screen.get_by_role("link", name="Classes").click()
    drawn(screen)
    see(screen, {"Classes créées": len(created), "Classes activées": len(truth.activated())})
    screen.get_by_role("link", name="Publications traduites").click()
    drawn(screen)
    see(screen, {"Traductions": sum(pairs.values()), "Échecs": truth.failures()})
    see_row(screen, "D’une langue à l’autre", "Français", "Anglais", in_french([pairs["fr", "en"]])[0])


def change_the_exports(source: Path) -> None:
    """Two more users, active on a new last day; a class more; a translation more."""
    with (source / "users" / "users.csv").open("a", encoding="utf-8") as users:
        users.write("u901,parent,BE,2020-12-15T08:00:00Z,\nu902,teacher,FR,2020-12-15T08:00:00Z,\n")
    (source / "usage" / "late.csv").write_text(
        "event_id,occurred_at,user_id,event,role,country,class_id\n"
        "late-1,2020-12-15T09:00:00Z,u901,sign_in,parent,BE,\n"
        "late-2,2020-12-15T09:00:00Z,u902,sign_in,teacher,FR,\n",
        encoding="utf-8",
    )
    with (source / "classes" / "classes.csv").open("a", encoding="utf-8") as classes:
        classes.write("newest,2020-12-14T08:00:00Z,FR,69,1,\n")
    with (source / "translations" / "translations.csv").open("a", encoding="utf-8") as translations:
        translations.write("t900,2020-12-14T11:00:00Z,p900,fr,en,FR,12,ok\n")


def test_pages_show_what_the_exports_say_and_follow_them(screen: Page, site: Site) -> None:
    """Seen, changed, landed anew beside the running server, reloaded, seen again: no restart in between."""
    before = Truth(site.source)
    see_everything(screen, site)
    change_the_exports(site.source)
    site.etl()
    see_everything(screen, site)
    after = Truth(site.source)
    assert after.living() == before.living() + 2
    assert after.active(28) != before.active(28)
    assert after.translated_posts() == before.translated_posts() + 1


def test_filters_live_in_the_address(screen: Page, site: Site) -> None:
    """They survive a change of page and of language, a link reproduces them, and back undoes the last step."""
    opened(screen, site, "users", "?country=BE")
    expect(screen.get_by_text("Belgique · Tous les rôles")).to_be_visible()
    screen.get_by_role("link", name="Pays").click()
    drawn(screen)
    expect(screen).to_have_url(f"{site.url}/countries?country=BE")
    expect(screen.get_by_text("Belgique · Tous les rôles")).to_be_visible()
    screen.get_by_text("English").click()
    expect(screen.get_by_role("heading", name="Countries", exact=True)).to_be_visible()
    expect(screen.get_by_text("Belgium · All roles")).to_be_visible()
    expect(screen).to_have_url(f"{site.url}/countries?country=BE&lang=en")
    drawn(screen)
    screen.go_back()
    expect(screen.get_by_role("heading", name="Pays", exact=True)).to_be_visible()
    expect(drawn(screen)).to_have_url(f"{site.url}/countries?country=BE")
    screen.go_back()
    expect(screen.get_by_role("heading", name="Utilisateurs", exact=True)).to_be_visible()
    expect(screen.get_by_text("Belgique · Tous les rôles")).to_be_visible()


def test_the_document_says_its_language_and_its_name(site: Site) -> None:
    """Before any script has run: what a screen reader goes by, and what a tab shows while it loads."""
    for path, language, name in (("/", "fr", "Atelier Klassroom"), ("/users?lang=en", "en", "Klassroom workbench")):
        body = answer(site, path)[2]
        assert f'<html lang="{language}">' in body
        assert f"<title>{name}</title>" in body


def test_a_definition_is_one_click_away(screen: Page, site: Site) -> None:
    """What the figure means, and the query behind it."""
    opened(screen, site, "users")
    screen.get_by_role("button", name="Définition").first.click()
    expect(screen.get_by_text("Utilisateurs distincts ayant au moins un événement ce jour-là")).to_be_visible()
    expect(screen.get_by_text("from active_users").first).to_be_visible()


def test_a_day_is_the_same_day_in_every_time_zone(screen: Page, site: Site) -> None:
    """New York is six hours behind: an axis that began with 31 August would be wrong by a day."""
    opened(screen, site, "users", "?period=dates&from=2020-09-07&to=2020-10-05")
    labels = screen.locator("[data-testid=stVegaLiteChart] svg").first.locator("text")
    expect(labels.filter(has_text="7 sept.")).to_be_visible()
    expect(labels.filter(has_text="14 sept.")).to_be_visible()


def answer(site: Site, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of one plain request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", path, headers=named)
    response = connection.getresponse()
    body = response.read().decode("utf-8", errors="replace")
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def test_every_answer_has_the_security_headers(site: Site) -> None:
    """The page, its files, and the refusal."""
    for headers in ({}, {"Host": "evil.example"}):
        for path in ("/", "/_stcore/health", "/favicon.png"):
            sent = answer(site, path, **headers)[1]
            assert "default-src 'self'" in sent["content-security-policy"]
            assert "frame-ancestors 'none'" in sent["content-security-policy"]
            assert sent["x-content-type-options"] == "nosniff"
            assert sent["x-frame-options"] == "DENY"
            assert sent["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "workbench.example"}, {"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"Via": "1.1 x"}],
)
def test_who_is_not_local_gets_no_byte_of_the_app(site: Site, headers: dict[str, str]) -> None:
    """Neither page nor file: a plain refusal."""
    for path in ("/", "/users", "/_stcore/health", "/static/js/index.js"):
        status, _, body = answer(site, path, **headers)
        assert status == 403
        assert "ne vous montre rien" in body
    assert answer(site)[0] == 200


def test_a_relayed_browser_sees_the_plain_page(browser: Browser, site: Site) -> None:
    """What somebody behind a proxy on this machine would see."""
    relayed = browser.new_context(extra_http_headers={"X-Forwarded-For": "127.0.0.1"})
    screen = relayed.new_page()
    screen.goto(site.url)
    expect(screen.get_by_role("heading", name="Cette page ne vous montre rien")).to_be_visible()
    assert not re.search(r"\d{2}", screen.inner_text("body").replace("127.0.0.1", ""))
    relayed.close()


def test_serving_to_others_without_a_login_is_refused_in_one_line(site: Site) -> None:
    """Exit 1, what and what to do, no traceback."""
    command = [WORKBENCH, "serve", "--port", str(free_port())]
    env = environment(site.home, WORKBENCH_PUBLIC_URL="https://workbench.example")
    refused = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert "WORKBENCH_PUBLIC_URL" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_all_that_a_page_is_made_of_is_named_in_its_document(screen: Page, site: Site) -> None:
    """A browser that has nothing yet asks for everything at once, and for nothing when the first figures come."""
    opened(screen, site)
    asked = "performance.getEntriesByType('resource').map(entry => entry.name.split('/').pop())"
    scripts = {name for name in screen.evaluate(asked) if name.endswith(".js")}
    document = screen.request.get(site.url).text()
    assert len(scripts) > 100
    assert {name for name in scripts if name not in document} == set()


def test_a_part_stays_in_its_place_when_one_before_it_goes(screen: Page, site: Site) -> None:
    """Without the targets, which no country has, the chart under them is the one that was there, with new lines."""
    opened(screen, site)
    goals = screen.get_by_role("heading", name="Objectifs")
    expect(goals).to_have_count(1)
    chart = screen.get_by_test_id("stVegaLiteChart")
    chart.evaluate("element => { element.dataset.seen = 'before' }")
    pick(screen.get_by_test_id("stSidebar").get_by_role("combobox", name="Pays"), "Belgique")
    expect(goals).to_have_count(0)
    expect(drawn(screen).get_by_test_id("stVegaLiteChart")).to_have_attribute("data-seen", "before")
