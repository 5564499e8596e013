"""A page without Streamlit: for those who come from a letter, or from nowhere."""

from html import escape

from workbench.text import Words

_STYLE = (
    "body{font-family:Georgia,serif;max-width:36rem;margin:4rem auto;padding:0 1rem;line-height:1.5;"
    "color:#1f2a37;background:#fffdf8}"
    "button{font:inherit;padding:.6rem 1.2rem;border-radius:.5rem;border:1px solid #1f4e79;background:#1f4e79;"
    "color:#fff;cursor:pointer}label{display:block;margin:.6rem 0}"
    "@media (prefers-color-scheme:dark){body{color:#e8e6e1;background:#16191d}"
    "button{background:#8fb8de;border-color:#8fb8de;color:#16191d}}"
)


def plain(words: Words, title: str, body: str) -> str:
    """A document in a language, with its title as heading; `body` is HTML."""
    return (
        f'<!doctype html><html lang="{words.language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )
