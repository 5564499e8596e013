"""The four questionnaires of the sample, as Typeform's API defines them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

Json = dict[str, Any]

ENTRY, JANUARY, AUTUMN, WINTER = "n5h3f6CS", "jan2020v", "aut2020q", "win2020q"

QUARTERLY = {
    JANUARY: ("2019-2020-Q2", date(2020, 1, 14)),
    AUTUMN: ("2020-2021-Q1", date(2020, 10, 6)),
    WINTER: ("2020-2021-Q2", date(2020, 12, 1)),
}
"""The questionnaires that were sent out: for which quarter, and when."""

SHARES = ("Chaque semaine", "De temps en temps", "Pas encore")
FEATURES = ("Publications", "Sondages", "Appel vidéo", "KlassWork", "Traductions")
NETWORKS = ("Facebook", "Twitter", "Instagram")
LEVELS = ("Maternelle", "CP", "CE1", "CE2", "CM1", "CM2")
STEPS = ("Publier", "Inviter les parents", "Retoucher une photo")


def definitions() -> list[Json]:
    """Every form, in the order in which they were made."""
    return [_january(), _entry(), _quarterly(AUTUMN, "Questionnaire de l’automne 2020", []), _winter()]


def _field(ref: str, kind: str, title: str, choices: Sequence[str] = (), **properties: object) -> Json:
    said: Json = dict(properties)
    if choices:
        said["choices"] = [{"id": f"{ref}-{n}", "ref": f"{ref}-{n}", "label": label} for n, label in enumerate(choices)]
    return {"id": f"id-{ref}", "ref": ref, "type": kind, "title": title, "properties": said}


def _form(form: str, title: str, fields: list[Json], hidden: Sequence[str] = ()) -> Json:
    return {"id": form, "type": "form", "title": title, "hidden": list(hidden), "fields": fields}


def _scale(ref: str) -> Json:
    title = "Recommanderiez-vous Klassroom à un ou une collègue ?"
    return _field(ref, "opinion_scale", title, start_at_one=False, steps=11)


def _january() -> Json:
    return _form(
        JANUARY,
        "Les valeurs des ambassadeurs, janvier 2020",
        [
            _field("courriel", "email", "Votre adresse électronique"),
            _field("valeurs", "long_text", "Klassroom en quelques mots, pour vous ?"),
            _scale("recommander"),
        ],
    )


def _quarterly(form: str, title: str, more: list[Json]) -> Json:
    return _form(
        form,
        title,
        [
            _scale("recommander"),
            _field("aide", "yes_no", "Avez-vous aidé quelqu’un à se lancer ce trimestre ?"),
            _field("partages", "multiple_choice", "Partagez-vous nos publications ?", SHARES),
            _field("groupe", "yes_no", "Avez-vous rejoint le groupe Facebook ?"),
            _field(
                "fonctions", "picture_choice", "Qu’utilisez-vous le plus ?", FEATURES, allow_multiple_selection=True
            ),
            _field("valeurs", "short_text", "Klassroom en quelques mots, pour vous ?"),
            _field("bug", "long_text", "Un bug à nous signaler ?"),
            _field("libre", "long_text", "Que voulez-vous nous dire d’autre ?"),
            *more,
            _field("courriel", "email", "Votre adresse, si vous n’êtes pas passé par votre lien personnel"),
        ],
        hidden=["a"],
    )


def _winter() -> Json:
    more = [_field("projets", "long_text", "Quels projets pour la classe en 2021 ?")]
    return _quarterly(WINTER, "Questionnaire de l’hiver 2020-2021", more)


def _entry() -> Json:
    you = [
        _field("prenom", "short_text", "Votre prénom"),
        _field("nom", "short_text", "Votre nom"),
        _field("courriel", "email", "Votre adresse électronique"),
        _field("telephone", "phone_number", "Votre téléphone"),
    ]
    ease = [_field(f"aise-{n}", "multiple_choice", step, ("Oui", "Non")) for n, step in enumerate(STEPS)]
    several = {"allow_multiple_selection": True, "allow_other_choice": True}
    return _form(
        ENTRY,
        "Devenir ambassadeur ou ambassadrice",
        [
            _field("bienvenue", "statement", "Merci de votre intérêt !"),
            _field("vous", "group", "Vous", fields=you),
            _field("ecole", "short_text", "Votre école"),
            _field("site", "website", "Son site"),
            _field("niveau", "dropdown", "Votre niveau", LEVELS),
            _field("depuis", "date", "Depuis quand utilisez-vous Klassroom ?"),
            _field("eleves", "number", "Combien d’élèves dans votre classe ?"),
            _field("reseaux", "multiple_choice", "Sur quels réseaux êtes-vous ?", NETWORKS, **several),
            _field("fonctions", "picture_choice", "Qu’utilisez-vous ?", FEATURES, allow_multiple_selection=True),
            _field("priorites", "ranking", "Qu’est-ce qui compte le plus ?", FEATURES[:3]),
            _field("aisance", "matrix", "Êtes-vous à l’aise pour…", fields=ease),
            _scale("recommander"),
            _field("note", "rating", "Une note pour l’application", steps=5),
            _field("motivation", "long_text", "Pourquoi vous ?"),
            _field("photo", "file_upload", "Une photo de la classe, sans visage"),
            _field("frais", "payment", "Participation aux frais d’envoi"),
            _field("charte", "legal", "J’ai lu et j’accepte la charte."),
        ],
    )  # fmt: skip
