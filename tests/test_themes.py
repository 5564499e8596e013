"""Themes in French free text: words by their dictionary form, people instead of mentions, nobody singled out."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.surveys.themes import SMALLEST, Theme, folded, themes, values_cloud

VALUES = (
    "formidable lien facile simple atout relation indispensable facilitateur super intégration implication partage "
    "communication échange contact pratique inclusion révolution"
).split()


def everybody(*texts: str, people: int = SMALLEST) -> dict[int, list[str]]:
    """So many people, each of whom wrote all of these."""
    return {person: list(texts) for person in range(people)}


def by_turns(*texts: str) -> dict[int, list[str]]:
    """As many people as texts, each of whom wrote one."""
    return {person: [text] for person, text in enumerate(texts)}


def labels(found: list[Theme]) -> list[str]:
    """What the themes are called."""
    return [theme.label for theme in found]


def test_forms_of_a_word_are_one_theme() -> None:
    """Plural, conjugation, elision, either apostrophe, capitals."""
    found = themes(by_turns("Les élèves", "l’élève", "d'élèves", "ÉLÈVE", "Élèves !"))
    assert found == [Theme("élève", 5, False)]


@pytest.mark.parametrize(
    "spellings", [("ecoles", "école", "Ecole", "ÉCOLE", "écoles"), ("e\u0301cole", *["école"] * 4)]
)
def test_accents_and_capitals_make_no_difference(spellings: tuple[str, ...]) -> None:
    """The dictionary's spelling is shown, where anybody wrote it."""
    assert themes(by_turns(*spellings)) == [Theme("école", 5, False)]


def test_of_words_that_differ_by_accents_only_the_one_most_people_wrote_is_shown() -> None:
    """One theme, under the name that most would give it."""
    assert themes(by_turns("côte", "côte", "cote", "côte", "côte")) == [Theme("côte", 5, False)]
    assert themes(by_turns("côte", "cote", "cote", "cote", "cote")) == [Theme("cote", 5, False)]


def test_people_count_and_not_mentions() -> None:
    """Who repeats a word is still one."""
    assert themes({1: ["parents parents parents", "parents"], 2: ["parents"] * 9}) == []
    assert themes(everybody("parents, parents", "parents")) == [Theme("parent", 5, False)]


def test_what_fewer_than_five_speak_of_is_not_shown() -> None:
    """A word of four people may be a name."""
    assert themes(everybody("Madame Exemple", people=4)) == []
    assert labels(themes(everybody("Madame Exemple"))) == ["exemple", "madame"]


def test_values_of_fewer_than_five_are_not_shown_either() -> None:
    """The same rule for all."""
    assert values_cloud(everybody("partage", people=4)) == []


@pytest.mark.parametrize("value", VALUES)
def test_every_value_of_january_2020_is_a_theme_under_its_own_name(value: str) -> None:
    """However it is written, in the plural too."""
    for written in (value, value.upper(), folded(value), f"{value}s", folded(f"{value}s"), f"l’{value}"):
        assert themes(everybody(written)) == [Theme(value, 5, True)], written


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("faciliter facilitatrice facilitateurs facilite facilitatrices", "facilitateur"),
        ("facile faciles facilement facilité facilités", "facile"),
        ("échanger échangeons echange échangé ÉCHANGES", "échange"),
        ("intégrer intègre integration intégrations intégrés", "intégration"),
        ("partager partagez partages partagé partageons", "partage"),
        ("révolutionnaire revolution révolutionne révolutions révolutionnaires", "révolution"),
        ("inclusif inclusive inclure inclusion inclusives", "inclusion"),
        ("simplicité simplement simplifie simple simples", "simple"),
    ],
)
def test_variants_of_a_value_are_the_value(words: str, value: str) -> None:
    """Five people with five words mean one thing."""
    assert themes(by_turns(*words.split())) == [Theme(value, 5, True)]


def test_words_that_say_nothing_are_no_themes() -> None:
    """Articles, pronouns, auxiliary verbs, numbers, signs, emoji, the app's name, addresses."""
    text = (
        "Je l’ai avec les 25 qu'ils sont très bons : c’était 😀 ❤️ à Klassroom ! https://klassroom.example/aide?x=lien"
    )
    assert themes(everybody(text, "écrire à lea.exemple@ecole.example", "Aujourd’hui, on a 3 %")) == [
        Theme("écrire", 5, False)
    ]


def test_homework_is_a_theme_and_must_is_none() -> None:
    """« devoir » is both; only its noun is spoken of."""
    assert themes(everybody("on doit, vous devez")) == []
    assert labels(themes(everybody("les devoirs"))) == ["devoir"]


def test_html_and_markdown_leave_letters_only() -> None:
    """A label cannot be markup: it is made of letters."""
    found = themes(everybody('<img src="x" onerror="alert(1)"> **gras** [lien](javascript:x) `code` <b>fort</b>'))
    assert {"gras", "lien", "fort"} <= set(labels(found))
    assert all(re.fullmatch(r"[^\W\d_]+", label) for label in labels(found))


def test_themes_come_by_number_then_by_label() -> None:
    """The same answers give the same list, in whatever order they came."""
    said = everybody("photo message") | {9: ["photo devoir"], 10: ["devoir"], **{n: ["devoir"] for n in range(20, 24)}}
    expected = [Theme("devoir", 6, False), Theme("photo", 6, False), Theme("message", 5, False)]
    assert themes(said) == expected
    assert themes(dict(reversed(said.items()))) == expected


def test_the_cloud_has_the_values_before_all_others() -> None:
    """They are what the survey asks for."""
    said = everybody("parents") | {person: ["parents", "super lien"] for person in range(10, 15)}
    assert labels(themes(said)) == ["parent", "lien", "super"]
    assert labels(values_cloud(said)) == ["lien", "super", "parent"]


def test_nobody_said_anything() -> None:
    """No text, empty texts."""
    assert themes({}) == themes(everybody("", " ")) == []


WORDS = st.sampled_from("parents élève Élèves eleves partage partager photos photo le de super classe".split())
ANSWERS = st.dictionaries(
    st.integers(0, 30), st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=3), max_size=30
)
MEANT = {
    "parents": "parent", "élève": "eleve", "élèves": "eleve", "eleves": "eleve", "partage": "partage",
    "partager": "partage", "photos": "photo", "photo": "photo", "super": "super", "classe": "classe",
}  # fmt: skip


@given(ANSWERS)
def test_any_answers_give_what_counting_by_hand_gives(said: Mapping[int, list[str]]) -> None:
    """Respondents by theme, by another way; « eleves » alone is no word of the dictionary, and a theme of its own."""
    knows_eleve = any("élève" in text.lower() for texts in said.values() for text in texts)
    people: dict[str, set[int]] = {}
    for person, texts in said.items():
        for word in " ".join(texts).lower().split():
            meant = "eleves" if word == "eleves" and not knows_eleve else MEANT.get(word)
            if meant:
                people.setdefault(meant, set()).add(person)
    assert {folded(theme.label): theme.respondents for theme in themes(said)} == {
        meant: len(who) for meant, who in people.items() if len(who) >= SMALLEST
    }


@given(st.dictionaries(st.integers(), st.lists(st.text(max_size=60)), max_size=12), st.integers(1, 6))
def test_any_text_gives_themes_of_so_many_people(said: Mapping[int, list[str]], smallest: int) -> None:
    """Whatever people write; no theme has more people than there are."""
    for theme in themes(said, smallest):
        assert smallest <= theme.respondents <= len(said)
        assert re.fullmatch(r"[^\W\d_]+", theme.label)
