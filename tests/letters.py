"""Letters and readers for the tests of the courrier."""

from dataclasses import replace

from workbench.surveys.mail import (
    FIELDS,
    Compiled,
    Mail,
    Reader,
    Standing,
    compile_letter,
    filled,
    read_letter,
    substitutions,
)
from workbench.text import Words

FRENCH = Words("fr")
SENDER = "Diane"
FORM, POLL, AUTUMN = "n5h3f6CS", "win2020q", "aut2020q"

HEAD = ["---", "subject: Le courrier de décembre", "audience: active", "---"]
FIRST = len(HEAD) + 1
"""The line on which the body of `written` begins."""

DECEMBER = """---
subject: Le courrier de décembre, {{ first_name }}
preheader: Trois nouvelles, un tutoriel
audience: active
academies: Versailles, Créteil
date: 2020-12-18
---
Bonjour {{ first_name }},

{% if academie == "Versailles" or academie == "Créteil" %}
Votre académie de **{{ academie }}** a validé l'application.
{% elif academie %}
Nous attendons la réponse de {{ academie }}.
{% else %}
Dites-nous où vous enseignez.
{% endif %}

:::news
### La retouche photo est là
Texte en *Markdown*. ![Une classe](https://example.org/x.png)
{% if status == "candidate" %}Pensez à signer la charte.{% endif %}
:::

:::exclusive
La vidéo à plusieurs arrive en janvier.
:::

:::poll form=win2020q
Quand publiez-vous ?
- Le matin
- À la récré & à midi
:::

:::tutorial url=https://example.org/muet
Le mode muet en trois minutes.
:::

:::podcast url=https://example.org/podklass
Une directrice d'école raconte.
:::

:::questionnaire form=n5h3f6CS
Cinq minutes, promis.
:::

:::charter
Où vous en êtes, {{ first_name }} :
:::

:::bugs
:::

À très vite,

Diane
"""


def written(*body: str, head: list[str] = HEAD) -> str:
    """A letter of these lines."""
    return "\n".join([*head, *body, ""])


def compiled(*body: str) -> Compiled:
    """A letter of these lines, compiled."""
    return compile_letter(read_letter(written(*body)), FRENCH, SENDER)


def december() -> Compiled:
    """A letter with everything in it, compiled anew."""
    return compile_letter(read_letter(DECEMBER), FRENCH, SENDER)


def link(form: str, who: str) -> str:
    """Somebody's personal link to a form."""
    return f"https://form.typeform.com/to/{form}#who={who}"


def reader(who: str = "marie", **fields: str) -> Reader:
    """Somebody with everything: fields known, three links, two standings, a bug, and ways out of the letter."""
    known = dict(
        zip(FIELDS, ["Marie", "Durand", "Jules-Ferry", "Évry", "Versailles", "active", "2020-2021-Q2"], strict=True)
    )
    return Reader(
        fields=known | fields,
        links={form: link(form, who) for form in (FORM, POLL, AUTUMN)},
        standings=[Standing("La classe", "Tenu"), Standing("Le questionnaire", "Attendu")],
        bugs=[f"La photo de {who}"],
        leave_url=f"https://klassroom.example/leave/{who}",
        view_url=f"https://klassroom.example/view/{who}",
    )


def bare(who: Reader) -> Reader:
    """The same person with nothing in their lists."""
    return replace(who, standings=(), bugs=())


def mail_of(letter: Compiled, who: Reader) -> Mail:
    """What somebody sees of a letter."""
    return filled(letter, substitutions(letter, who))


def mailed(*body: str, to: Reader | None = None) -> Mail:
    """What Marie, or somebody else, sees of a letter of these lines."""
    return mail_of(compiled(*body), to or reader())
