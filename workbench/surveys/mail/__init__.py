"""The monthly letter to ambassador teachers: written as a text file, checked, compiled once, filled for each reader."""

from workbench.surveys.mail.compiled import (
    NEUTRAL,
    Compiled,
    LetterTooLong,
    Mail,
    Reader,
    Standing,
    filled,
    substitutions,
)
from workbench.surveys.mail.compiling import compile_letter
from workbench.surveys.mail.findings import Finding, findings
from workbench.surveys.mail.letter import BLOCKS, Block, Letter, LetterInvalid, read_letter
from workbench.surveys.mail.look import button, card, foot, heading, page, row
from workbench.surveys.mail.templates import FIELDS

__all__ = [
    "BLOCKS",
    "FIELDS",
    "NEUTRAL",
    "Block",
    "Compiled",
    "Finding",
    "Letter",
    "LetterInvalid",
    "LetterTooLong",
    "Mail",
    "Reader",
    "Standing",
    "button",
    "card",
    "compile_letter",
    "filled",
    "findings",
    "foot",
    "heading",
    "page",
    "read_letter",
    "row",
    "substitutions",
]
