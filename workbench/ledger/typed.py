"""Text that people type, made fit to keep: neither database takes a NUL, and a line break in a name breaks a letter."""


def one_line(text: str) -> str:
    """The text without control characters and line breaks, single spaces between words."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
