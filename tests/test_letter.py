"""The courrier: how a letter is read, checked, compiled once, and filled for each of its readers."""

import json
import re
import tomllib
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment
from letters import (
    AUTUMN,
    DECEMBER,
    FIRST,
    FORM,
    FRENCH,
    POLL,
    SENDER,
    bare,
    compiled,
    december,
    link,
    mail_of,
    mailed,
    reader,
    written,
)

import workbench
from workbench.surveys.mail import (
    BLOCKS,
    FIELDS,
    NEUTRAL,
    Compiled,
    LetterInvalid,
    LetterTooLong,
    Reader,
    Standing,
    card,
    compile_letter,
    filled,
    findings,
    page,
    read_letter,
    row,
    substitutions,
)
from workbench.surveys.mail.compiled import LEAVE, names_of
from workbench.surveys.mail.findings import can_be_left
from workbench.surveys.mail.look import DAY, NIGHT
from workbench.text import LANGUAGES, Words

NARROW, NO_BREAK = "\u202f", "\u00a0"


def found(*body: str, **head: str) -> list[tuple[int | None, str]]:
    """Lines and kinds of what is found in a letter of these lines."""
    lines = ["---", *(f"{key}: {value}" for key, value in ({"subject": "Bonjour"} | head).items()), "---"]
    return [(each.line, each.kind) for each in findings(written(*body, head=lines), FRENCH, SENDER)]


BODY = 4
"""The line on which the body of `found` begins."""


# --------------------------------------------------------------------------------------------------------- reading


def test_a_letter_is_read_with_its_front_matter_and_blocks() -> None:
    """What is written is what the team plans with: to whom, when, and what on which line."""
    letter = read_letter(DECEMBER)
    assert (letter.subject, letter.audience) == ("Le courrier de décembre, {{ first_name }}", "active")
    assert (letter.academies, letter.day) == (("Versailles", "Créteil"), date(2020, 12, 18))
    assert [part.kind for part in letter.parts] == ["text", *BLOCKS, "text"]
    lines = DECEMBER.split("\n")
    for part in letter.parts[1:-1]:
        assert lines[part.line - 1].startswith(f":::{part.kind}")
        assert lines[part.body_line - 1] == part.body.split("\n")[0] or not part.body
    assert lines[letter.parts[-1].line - 1] == "À très vite,"


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("Bonjour", 1, "does not begin with"),
        ("---\nsubject: x\nBonjour", 3, "no `key: value`"),
        ("---\nsubject: x\n", 1, "no end"),
        ("---\naudience: active\n---\n", 1, "no subject"),
        ("---\nsubject: x\nsubjet: y\n---\n", 3, "`subjet` is not known"),
        ("---\nsubject: x\nsubject: y\n---\n", 3, "twice"),
        ("---\nsubject: x\ndate: demain\n---\n", 3, "`demain` is no day"),
        (written("a", ":::nouvelles", ":::"), FIRST + 1, "`nouvelles` is not known"),
        (written(":::news", "a"), FIRST, "no end"),
        (written(":::news", ":::poll form=a", ":::"), FIRST + 1, f"inside the block of line {FIRST}"),
        (written("a", ":::"), FIRST + 1, "none is open"),
        (written(":::news url=https://x.fr", ":::"), FIRST, "means nothing to the block `news`"),
        (written(":::tutorial form=a", ":::"), FIRST, "means nothing to the block `tutorial`"),
        (written(":::questionnaire", ":::"), FIRST, "names no form"),
        (written(":::poll form=a/b", ":::"), FIRST, "`a/b` is no form"),
        (written(":::bugs", ":::", ":::bugs", ":::"), FIRST + 2, "`bugs` is there twice"),
        (written("a\ue0001\ue001"), FIRST, "nobody can see"),
        (written("a" * 60_000), None, "60,0"),
    ],
)
def test_a_letter_that_cannot_be_read_names_the_line(source: str, line: int | None, says: str) -> None:
    """Whoever writes a letter must find the mistake; the same is a finding, in a preview."""
    with pytest.raises(LetterInvalid, match=re.escape(says)) as refused:
        read_letter(source)
    assert refused.value.line == line
    assert line is None or f"line {line}: " in refused.value.message
    [finding] = findings(source, FRENCH, SENDER)
    assert (finding.line, finding.kind) == (line, "unreadable")
    assert says in str(finding.values["message"])


# ---------------------------------------------------------------------------------------------------------- blocks


def test_every_block_is_labelled_in_both_parts() -> None:
    """A reader sees at a glance what is a questionnaire and what is news, with or without HTML."""
    mail = mail_of(december(), reader())
    for kind in BLOCKS:
        label = FRENCH(f"mail.label.{kind}")
        assert f'<p class="label">{label}</p>' in mail.html
        assert f"— {label} —\n\n" in mail.text


def test_markdown_is_rendered_in_html_and_reads_well_as_text() -> None:
    """Both parts come from the same prose: none may lag behind."""
    mail = mailed("### Titre", "", "Texte en *Markdown*, [une page](https://x.fr/a).", "", "- un", "- deux", "  trois")
    assert "<h3>Titre</h3>" in mail.html
    assert re.search(r'<em>Markdown</em>, <a href="https://x.fr/a" style="color:#\w+[^"]*">une page</a>', mail.html)
    assert mail.text.startswith(
        f"Titre\n-----\n\nTexte en Markdown, une page{NO_BREAK}: https://x.fr/a.\n\n- un\n- deux"
    )


def test_long_paragraphs_of_the_text_are_wrapped_and_addresses_stay_whole() -> None:
    """A broken address leads nowhere."""
    url = "https://example.org/" + "a/" * 60
    lines = mailed("mot " * 60 + f"[ici]({url})").text.split("\n")
    assert url in lines
    assert max(len(line) for line in lines if "http" not in line) <= 72


def test_words_on_two_lines_stay_apart_and_attributes_stay_readable() -> None:
    """MJML joined words around a lone line break, and wrote no-break spaces of a description as code."""
    html = mailed("**un**", "*deux*", "![L'été : « ici » \\\\ là](https://x.fr/x.png)").html
    assert "<strong>un</strong> <em>deux</em>" in html
    assert f'alt="L’été{NO_BREAK}: «{NO_BREAK}ici{NO_BREAK}» \\ là"' in html


def test_raw_html_and_mjml_are_shown_as_typed() -> None:
    """A letter is prose: it cannot break the frame, or run anything."""
    html = mailed("<script>x</script> <mj-raw> <!-- </td> [x](javascript:alert)").html
    assert "&lt;script&gt;x&lt;/script&gt; &lt;mj-raw&gt; &lt;!-- &lt;/td&gt;" in html
    assert "<script" not in html
    assert 'href="javascript' not in html


def test_tutorials_and_podcasts_lead_to_their_address() -> None:
    """Their button is a real link, in the HTML and in the text."""
    mail = mail_of(december(), reader())
    for kind, url in (("tutorial", "https://example.org/muet"), ("podcast", "https://example.org/podklass")):
        said = FRENCH(f"mail.button.{kind}")
        assert re.search(rf'<a class="button" href="{url}"[^>]*>{said}</a>', mail.html)
        assert f"{said}{NO_BREAK}: {url}\n" in mail.text


def test_a_questionnaire_leads_to_the_readers_own_link() -> None:
    """The answer is known to be theirs by that link alone."""
    mail = mailed(f":::questionnaire form={FORM}", "Cinq minutes.", ":::")
    assert f'href="{link(FORM, "marie")}"' in mail.html
    assert f"{NO_BREAK}: {link(FORM, 'marie')}\n" in mail.text


def test_the_items_of_a_poll_are_buttons_that_say_the_answer() -> None:
    """One press answers: the choice travels in the fragment, quoted."""
    mail = mailed(f":::poll form={POLL}", "Quand ?", "- Le matin", "- À la récré & à midi", ":::")
    url = link(POLL, "marie")
    quoted = "%C3%80%20la%20r%C3%A9cr%C3%A9%20%26%20%C3%A0%20midi"
    assert re.search(rf'href="{url}&amp;choice=Le%20matin"[^>]*>Le matin</a>', mail.html)
    assert re.search(rf'href="{url}&amp;choice={quoted}"[^>]*>À la récré &amp; à midi</a>', mail.html)
    assert f"À la récré & à midi{NO_BREAK}: {url}&choice={quoted}\n" in mail.text
    assert "<li>" not in mail.html


def test_the_charter_says_where_this_person_stands() -> None:
    """Each commitment with its status in words, under the introduction."""
    mail = mailed(":::charter", "Où vous en êtes, {{ first_name }} :", ":::")
    assert f"Marie{NO_BREAK}:</p><ul><li>La classe{NO_BREAK}: <strong>Tenu</strong></li>" in mail.html
    assert f"Marie{NO_BREAK}:\n\n- La classe{NO_BREAK}: Tenu\n- Le questionnaire{NO_BREAK}: Attendu\n\n" in mail.text


def test_personal_blocks_vanish_wholly_for_who_has_none() -> None:
    """« Corrigé » over an empty list would ask people what they did wrong."""
    body = ("Bonjour", ":::charter", "Une introduction.", ":::", ":::bugs", ":::")
    full, empty = mailed(*body), mailed(*body, to=bare(reader()))
    for said in ("Une introduction.", "Votre charte", "Corrigé", "La photo de marie"):
        assert said in full.html
        assert said in full.text
        assert said not in empty.html
        assert said not in empty.text
    assert "<ul" not in empty.html
    assert mailed("Bonjour", to=reader()).text == empty.text


# -------------------------------------------------------------------------------------------------------- reminder


def reminded(form: str) -> Reader:
    """Marie, to be reminded of a form."""
    return replace(reader(), reminder_form=form)


def test_a_reminder_rides_before_the_signature() -> None:
    """One letter instead of two mails; the signature still ends it."""
    mail = mail_of(december(), reminded(AUTUMN))
    said = FRENCH("mail.button.reminder")
    for part in (mail.html, mail.text):
        assert part.index("La photo de marie") < part.index(said) < part.index("À très vite")
        assert link(AUTUMN, "marie") in part
    unreminded = mail_of(december(), reader())
    assert said not in unreminded.html + unreminded.text


def test_no_reminder_for_the_questionnaire_of_the_letter_itself() -> None:
    """Nobody is asked twice in one letter. A poll is no questionnaire."""
    assert FRENCH("mail.button.reminder") not in mail_of(december(), reminded(FORM)).html
    assert FRENCH("mail.button.reminder") in mail_of(december(), reminded(POLL)).html


# -------------------------------------------------------------------------------------------- fields and conditions


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_said_everywhere(name: str) -> None:
    """In the subject, the preheader, the HTML and the text."""
    source = written(
        f"Ici : **{{{{ {name} }}}}**.",
        head=["---", f"subject: S {{{{ {name} }}}}", f"preheader: P {{{{{name}}}}}", "---"],
    )
    mail = mail_of(compile_letter(read_letter(source), FRENCH, SENDER), reader(**{name: "Zoé & Cie"}))
    assert mail.subject == "S Zoé & Cie"
    assert mail.html.count("Zoé &amp; Cie") == 5  # title, its label for screen readers, heading, preheader, prose
    assert "P Zoé &amp; Cie" in mail.html
    assert f"Ici{NO_BREAK}: Zoé & Cie.\n" in mail.text


EXPRESSIONS = (
    '{{ first_name }}, {{ name | upper }} {{ school|lower }} {{ commune | default("ici") }}',
    '{% if status == "candidate" %}C{% elif status == "active" and not quarter == "x" %}A{% else %}E{% endif %}',
    '{% if quarter >= "2020-2021-Q2" or "Ver" in academie %}oui {{ academie }}{% endif %} fin',
    '{% if name %}{% if commune != "Évry" %}a{% else %}b {{ name }}{% endif %}{% endif %}',
    '{{ "mot" }} {{ name or "vous" }} {% if name and (school or commune) %}x{% endif %}.',
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_letter_says_what_the_template_language_says(expression: str) -> None:
    """Compiled, remembered, with or without memory: the same as rendering the template for each person."""
    people = [
        reader(status=status, quarter=quarter, academie=academie, commune=commune)
        for status in ("candidate", "active", "left")
        for quarter in ("2020-2021-Q1", "2020-2021-Q2")
        for academie in ("Versailles", "Lyon")
        for commune in ("Évry", "Lille")
    ]
    template = SandboxedEnvironment().from_string(expression)
    letter = compiled("Début", "", expression + " etc.")
    for person in [*people, *reversed(people)]:
        mail = mail_of(letter, person)
        direct = " ".join(template.render(person.fields).split())
        assert " ".join(mail.text.split()).startswith(f"Début {direct} etc. -- ")
        assert f"{direct} etc.</p>" in mail.html
        assert mail == mail_of(Compiled.of_json(letter.as_json()), person)


def test_a_condition_on_lines_of_its_own_holds_paragraphs_and_lists() -> None:
    """Markdown in a branch is Markdown, wherever it stands."""
    body = ("Avant", '{% if status == "candidate" %}', "### Titre", "", "- un", "- **deux**", "{% endif %}", "Après")
    full, empty = mailed(*body, to=reader(status="candidate")), mailed(*body)
    assert re.search(
        r"<h3>Titre</h3>\s*<ul>\s*<li>un</li>\s*<li><strong>deux</strong></li>\s*</ul>\s*<p>Après", full.html
    )
    assert full.text.startswith("Avant\n\nTitre\n-----\n\n- un\n- deux\n\nAprès\n\n")
    assert "<h3>" not in empty.html
    assert empty.text.startswith("Avant\n\nAprès\n\n")


def test_a_condition_within_a_line_holds_words() -> None:
    """Without its words, no gap is left."""
    body = "Merci {% if status == 'candidate' %}**beaucoup**, [ici](https://x.fr){% endif %} à vous."
    assert '<strong>beaucoup</strong>, <a href="https://x.fr"' in mailed(body, to=reader(status="candidate")).html
    assert "<p>Merci à vous.</p>" in mailed(body).html
    assert mailed(body).text.startswith("Merci à vous.\n")


NASTY = ('<b>"&', "**a** _b_ [x](https://x.fr)", "{{ name }} {% if name %}", "100 %", "%k", "{0} {name}", "a\r\nBcc: b")


@pytest.mark.parametrize("name", NASTY)
def test_names_are_shown_as_they_are(name: str) -> None:
    """A name is never Markdown, HTML, a template, a pattern or a header."""
    person = replace(reader(first_name=name), bugs=[name], standings=[Standing(name, name)])
    mail = mail_of(december(), person)
    plain = re.sub(r"\s+", " ", name)
    shown = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    seen = mail.html.replace("&#37;", "%")
    assert mail.subject.replace("\u2060", "") == f"Le courrier de décembre, {plain}"
    assert seen.count(shown) == 8  # five as a field, one as a bug, two as a standing
    assert f"Bonjour {plain},\n" in mail.text.replace("\u2060", "")


def test_no_value_calls_for_another_whatever_the_order_of_replacement() -> None:
    """SendGrid replaces one token after the other: a name made of tokens, or of halves of them, stays a name."""
    letter = compiled("{{ first_name }}{{ name }}{{ school }}")
    salt = letter.salt
    person = reader(first_name=f"%k{salt}h1%%k{salt}t1%%", name=f"k{salt}h2%", school="Secret")
    values = substitutions(letter, person)
    mails = set()
    for order in permutations(token for token in values if token[10] == "t" and token in letter.text):
        text = letter.text
        for token in order:
            text = text.replace(token, values[token])
        mails.add(text)
    assert mails == {filled(letter, values).text}
    assert filled(letter, values).text.count("Secret") == 1
    in_turn = letter.html
    for token, value in values.items():
        in_turn = in_turn.replace(token, value)
    assert in_turn == filled(letter, values).html


def test_nothing_of_one_reader_is_in_the_letter_of_another() -> None:
    """Memory is by value: Marie's answers, links and names stay hers."""
    letter = december()
    people = [reader(f"person{n}", first_name=f"Name{n}", school=f"School{n}", commune=f"Town{n}") for n in range(5)]
    mails = [mail_of(letter, person) for person in [*people, *people]]
    for n, mail in enumerate(mails):
        seen = set(re.findall(r"(?:person|Name|School|Town)(\d)", mail.subject + mail.html + mail.text))
        assert seen == {str(n % 5)}
    assert mails[:5] == mails[5:]


# ---------------------------------------------------------------------------------------------------- sandbox


@pytest.mark.parametrize(
    "construct",
    [
        "{{ ''.__class__ }}",
        "{{ name.upper() }}",
        "{{ name[0] }}",
        "{{ name * 1000 }}",
        "{{ name ~ name }}",
        "{{ 1 }}",
        "{{ [name] }}",
        "{{ name|center(9) }}",
        "{{ name|default }}",
        "{{ name|default('a', true) }}",
        "{{ 'a' if name else 'b' }}",
        "{{ name == 'a' }}",
        "{% if range(9) %}x{% endif %}",
        "{% if name is defined %}x{% endif %}",
        "{% if name == 1 %}x{% endif %}",
        "{% for x in name %}x{% endfor %}",
        "{% include 'a' %}",
        "{% include %}",
        "{% set x = name %}",
        "{% macro m() %}{% endmacro %}",
        "{% if name %}x",
        "{{ name",
        "{% if " + "(" * 40 + "name" + " or name)" * 40 + " %}x{% endif %}",
        "{% if " + "not " * 100 + "name %}x{% endif %}",
        "{% if name %}" * 40 + "x" + "{% endif %}" * 40,
    ],
)
def test_what_is_no_field_or_plain_condition_is_refused_with_its_line(construct: str) -> None:
    """Nothing that could run, repeat or reach further than a person's fields is ever executed."""
    assert set(found("Bonjour", "", f"a {construct}")) == {(BODY + 2, "forbidden")}
    with pytest.raises(LetterInvalid, match=f"line {FIRST + 2}: .*allowed") as refused:
        compiled("Bonjour", "", f"a {construct}")
    assert refused.value.line == FIRST + 2


@pytest.mark.parametrize(
    "construct", ["{% if name %}" * 2000 + "x" + "{% endif %}" * 2000, "{{ " + "(" * 5000 + "name" + ")" * 5000 + " }}"]
)
def test_a_letter_nested_beyond_reading_is_refused(construct: str) -> None:
    """It must not take the preview down."""
    assert found(construct) == [(BODY, "forbidden")]


def test_unknown_fields_are_named_each_with_its_line() -> None:
    """A typing error must not become an empty space in a hundred letters."""
    body = ("{{ prenom }}", ":::news", "a", "{% if nom %}{{ age }}{% endif %}", ":::")
    assert found(*body) == [(BODY, "unknown_field"), (BODY + 3, "unknown_field"), (BODY + 3, "unknown_field")]
    assert found("a", subject="{{ prenom }} a") == [(2, "unknown_field")]
    with pytest.raises(LetterInvalid, match=r"line 5: the field `prenom` .*first_name, name"):
        compiled(*body)


# ---------------------------------------------------------------------------------------------------------- nobody


def test_nobody_reads_a_letter_without_anything_personal() -> None:
    """« Voir dans le navigateur » shows the letter to anybody who has its address."""
    mail = mail_of(december(), NEUTRAL)
    assert mail.subject == "Le courrier de décembre"
    assert mail.text.startswith("Bonjour,\n\nDites-nous où vous enseignez.\n\n")
    assert "<p>Bonjour,</p>" in mail.html
    for gone in ("Pensez à signer", "Votre charte", "Corrigé", "typeform", "choice=", "Répondre", "%k", 'href=""'):
        assert gone not in mail.html
        assert gone not in mail.text
    assert "https://example.org/muet" in mail.html


def test_a_comparison_says_nothing_about_what_is_not_known() -> None:
    """`status != "active"` is not true of nobody; to ask whether something is known, compare with "" or say `not`."""
    said = '{% if status != "active" %}a{% endif %}{% if status == "" %}b{% endif %}{% if not status %}c{% endif %}.'
    assert mailed(said, to=NEUTRAL).text.startswith("bc.\n")
    assert mailed(said, to=reader(status="left")).text.startswith("a.\n")


# ------------------------------------------------------------------------------------------------------- compiled


def test_a_letter_compiles_to_the_same_bytes_each_time() -> None:
    """What was approved is what is sent: the two are compared."""
    first = json.dumps(december().as_json())
    assert {json.dumps(december().as_json()) for _ in range(5)} == {first}
    assert december().salt != compiled("Bonjour").salt


def test_a_compiled_letter_survives_json() -> None:
    """It is kept in the ledger between approving and sending."""
    letter = december()
    again = Compiled.of_json(json.loads(json.dumps(letter.as_json())))
    assert again == letter
    for person in (reader(), reminded(AUTUMN), bare(reader(status="candidate", academie="")), NEUTRAL):
        assert mail_of(again, person) == mail_of(letter, person)


def test_a_compiled_letter_names_its_forms_once() -> None:
    """Whoever sends it must have a personal link for each."""
    assert december().forms == (POLL, FORM)
    assert compiled(f":::poll form={FORM}", "- a", ":::", f":::questionnaire form={FORM}", "a", ":::").forms == (FORM,)


def test_tokens_differ_between_html_and_text_and_all_are_given() -> None:
    """A value is escaped in the one and not in the other."""
    letter, person = december(), reader(first_name="A&B")
    values = substitutions(letter, person)
    tokens = re.findall(r"%k[0-9a-f]{8}[ht]\d+%", letter.subject + letter.html + letter.text)
    assert set(tokens) == set(values)
    assert {token[10] for token in re.findall(r"%k[^%]+%", letter.html)} == {"h"}
    assert {token[10] for token in re.findall(r"%k[^%]+%", letter.subject + letter.text)} == {"t"}
    assert {"A&B", "A&amp;B"} <= {value.strip(", ") for value in values.values()}


def test_more_than_ten_thousand_bytes_of_ones_own_are_refused() -> None:
    """SendGrid would refuse the whole request, with everybody in it."""
    letter = compiled("{{ name }}")
    room = 10_000 - size(substitutions(letter, reader(name="x"))) + 2
    odd = room % 2  # an apostrophe is seven bytes, six of them in HTML; é is four, e two
    rest = room - 7 * odd
    name = "'" * odd + "é" * (rest // 4) + "e" * (rest % 4 // 2)
    assert size(substitutions(letter, reader(name=name))) == 10_000
    with pytest.raises(LetterTooLong, match="10,001"):
        substitutions(letter, reader(name=name.replace("éé", "'e", 1)))


def size(values: dict[str, str]) -> int:
    """Bytes of tokens and values together."""
    return sum(len(token.encode()) + len(value.encode()) for token, value in values.items())


# -------------------------------------------------------------------------------------------------------- findings


def test_a_good_letter_has_nothing_to_be_found() -> None:
    """A warning that is always there is read by nobody."""
    assert findings(DECEMBER, FRENCH, SENDER) == []


@pytest.mark.parametrize(
    ("body", "line", "kind"),
    [
        (("a", "", "b", "![](https://x.fr/x.png)"), 3, "missing_alt"),
        (("a", "[b](page.html)"), 1, "link_relative"),
        (("a", "[b](/page)"), 1, "link_relative"),
        (("a", "[b](#c)"), 1, "link_relative"),
        (("a", "", "- b", "- [c](https://)"), 3, "link_malformed"),
        (("[b](https://x.fr/a b)",), 0, "link_malformed"),
        (("[b](<https://x.fr/a b>)",), 0, "link_malformed"),
        (("[b](javascript:a)",), 0, "link_malformed"),
        (("[b](ftp://x.fr)",), 0, "link_malformed"),
        (("[b](mailto:)",), 0, "link_malformed"),
        (("a", ":::news", "{% if name %}", "a", "", "[b](c)", "{% endif %}", ":::"), 5, "link_relative"),
        (("{% if name %}", "a", "{% endif %}", "b", "", "[b](c)"), 5, "link_relative"),
        (("[b](https://x.fr/{{name}})",), 0, "forbidden"),
        (("![{{name}}](https://x.fr/a.png)",), 0, "forbidden"),
        (("a", ":::tutorial url=/b", "c", ":::"), 1, "link_relative"),
        (("a", ":::podcast url=javascript:b", "c", ":::"), 1, "link_malformed"),
        (("a", ":::poll form=a", "- {{ name }}", ":::"), 2, "forbidden"),
        (("a", ":::news", "", ":::"), 1, "empty_block"),
        (("a", ":::poll form=a", "Quand ?", ":::"), 1, "empty_block"),
    ],
)
def test_what_is_wrong_is_found_on_its_line(body: tuple[str, ...], line: int, kind: str) -> None:
    """A broken link is worth a look before a hundred people follow it."""
    assert found(*body) == [(BODY + line, kind)]


def test_good_links_are_left_alone() -> None:
    """Addresses with a query, of a mailbox, in angle brackets, with accents; and brackets that are no link."""
    assert found("[a](https://x.fr/é?q=a%20b#c) [b](mailto:a@x.fr) <https://x.fr> [note] (a) `[x](y z)`") == []


def test_fields_in_links_do_not_compile() -> None:
    """A value in an address would have to be quoted, and would tell the site who reads."""
    with pytest.raises(LetterInvalid, match=f"line {FIRST}: .*in a link"):
        compiled("[b](https://x.fr/{{name}})")


def test_what_is_wrong_with_the_whole_is_found() -> None:
    """Empty, too long a subject, too large for a mailbox."""
    assert found("") == [(None, "no_text")]
    assert found("![](https://x.fr/x.png)")[-1] == (None, "no_text")
    assert found("a", subject="x" * 71) == [(2, "subject_length")]
    assert found("a", subject="x" * 70) == []
    assert found("a", subject="") == [(2, "subject_length")]
    assert found("a", subject="x" * 60 + " {{ name }}") == [(2, "subject_length")]
    assert found("a", ":::charter", ":::", ":::bugs", ":::") == []


def test_the_largest_values_count_in_the_size_of_a_letter() -> None:
    """Mailboxes cut a letter off with its way out."""
    assert found("mot " * 14_000) == []
    assert found("é" * 50_000) == [(None, "too_large")]
    assert found("{{ name }} " * 3_000 + "mot " * 5_000) == [(None, "too_large")]


def test_too_much_for_each_person_is_noticed_before_sending() -> None:
    """Sending would stop at the first of them."""
    long = ("{% if name %}", "mot " * 2_000, "{% endif %}")
    assert found(*long) == [(None, "too_personal")]
    with pytest.raises(LetterTooLong):
        substitutions(compiled(*long), reader())


def test_a_letter_without_a_way_out_is_noticed() -> None:
    """The layout always has it; this is for the day somebody changes the layout."""
    letter = december()
    leave = next(
        n for n, part in enumerate(letter.parts) if names_of(part, letter.parts) == {LEAVE} and n in shown(letter)
    )
    assert can_be_left(letter)
    assert not can_be_left(replace(letter, html=letter.html.replace(letter.tokens(leave)[0], "")))
    assert not can_be_left(replace(letter, text=letter.text.replace(letter.tokens(leave)[1], "")))


def shown(letter: Compiled) -> set[int]:
    """The parts that have a token in the text."""
    return {int(number) for number in re.findall(r"%k[0-9a-f]{8}t(\d+)%", letter.text)}


PIECES = st.sampled_from(
    [
        *"{{ {% }} %} {{name}} {{x}} {%else%} {%endif%} ** * _ ` ``` [a]( ) ![ ](https://x.fr) [r]".split(),
        *"< > & \" ' - # $ <b> </td> <mj-text> <!-- --> ]]> 1. \\ é % %k \u2028 {0}".split(" "),
        *("{% if name %}", "[r]: ", " ", "    ", "\n", "\n\n", "\n:::\n", "\n:::news\n", "\n:::poll form=a\n- "),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=4).map("".join))
def test_findings_never_fail_and_a_letter_that_compiles_can_be_filled(body: str, subject: str) -> None:
    """A preview follows every key that is pressed; no mark of the compilation is ever left in a letter."""
    source = written(body, head=["---", f"subject: {' '.join(subject.split())}", "---"])
    for finding in findings(source, FRENCH, SENDER):
        assert FRENCH(finding.key, **finding.values)
    try:
        letter = compile_letter(read_letter(source), FRENCH, SENDER)
    except LetterInvalid:
        return
    for person in (reader(), NEUTRAL):
        mail = mail_of(letter, person)
        assert not re.search(f"[\ue000-\ue003]|{letter.salt}", mail.subject + mail.html + mail.text)


# -------------------------------------------------------------------------------------------------------- the look


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_small_print_says_why_and_leads_out(language: str) -> None:
    """Who writes, where to read it, how to leave: in both parts and both languages."""
    words = Words(language)
    mail = mail_of(compile_letter(read_letter(written("Bonjour")), words, "Zoé & Cie"), reader())
    assert f'<html lang="{language}"' in mail.html
    assert "Zoé &amp; Cie" in mail.html
    assert "Zoé & Cie" in " ".join(mail.text.split())
    for url in ("https://klassroom.example/leave/marie", "https://klassroom.example/view/marie"):
        assert f'href="{url}"' in mail.html
        assert url in mail.text


def test_prose_is_set_as_french() -> None:
    """Writers type ordinary spaces and straight apostrophes."""
    mail = mailed("L'été : « oui » !")
    assert f"L’été{NO_BREAK}: «{NO_BREAK}oui{NO_BREAK}»{NARROW}!" in mail.text
    assert f"L’été{NO_BREAK}: «{NO_BREAK}oui{NO_BREAK}»{NARROW}!" in mail.html


def test_any_mail_can_have_the_frame() -> None:
    """Reminders and the digest look like the letter; their words are escaped, and nothing is fetched from elsewhere."""
    html = page("Q & <A>", card(row("<p>Où ?</p>")), FRENCH, preheader="C'est <tout>")
    assert "<title>Q &amp; &lt;A&gt;</title>" in html
    assert "C&#x27;est &lt;tout&gt;" in html
    assert "<p>Où ?</p>" in html
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert re.findall(r"(?:src|href)=|@import|url\(", html) == []


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG computes it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_everything_can_be_read_by_day_and_by_night(colours: dict[str, str]) -> None:
    """At least 4.5:1 for text, links and buttons, on each background they stand on."""
    for ink in ("ink", "link"):
        assert min(contrast(colours[ink], colours[ground]) for ground in ("paper", "soft")) >= 4.5
    assert min(contrast(colours[ink], colours["outer"]) for ink in ("quiet", "link")) >= 4.5
    assert contrast(colours["button"], colours["on_button"]) >= 4.5


def test_a_mail_has_the_colours_of_the_app() -> None:
    """One theme: whoever changes the app's is told to change the mails'."""
    theme = tomllib.loads((Path(workbench.__file__).parent / "app" / "theme.toml").read_text(encoding="utf-8"))["theme"]
    for colours, of_app in ((DAY, theme["light"]), (NIGHT, theme["dark"])):
        mine = [colours[name] for name in ("button", "ink", "link", "line")]
        assert mine == [of_app[name] for name in ("primaryColor", "textColor", "linkColor", "borderColor")]
        assert {colours["outer"], colours["paper"]} <= {
            of_app["backgroundColor"],
            of_app["secondaryBackgroundColor"],
            of_app["sidebar"]["backgroundColor"],
        }
