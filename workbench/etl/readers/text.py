"""What encoding a text file is in, and whether its bytes are plain enough for the fast reader.

Text is UTF-8, UTF-16 with a byte order mark, or Windows-1252 (design.md, "Reading rules"). Whatever it is, readers
get a file of UTF-8: the original itself when it is one, else a copy in the spool in which a byte nobody can decode
stands as a byte that is no UTF-8, so that only its row is rejected.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 22
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BLANK_LINE = re.compile(rb"\n\r?\n")
_NOT_A_BYTE_OF_UTF_8 = b"\xff"


@dataclass(frozen=True)
class Text:
    """A file of UTF-8 text and what its bytes are like."""

    path: Path
    valid: bool
    """Every byte is UTF-8."""
    multibyte: bool
    """Some letter beyond ASCII is UTF-8."""
    blank: bool
    """Nothing but white space."""
    quotes: int
    """How many double quotes."""
    lone_returns: bool
    """Some line may end with a carriage return alone."""


def decoded(path: Path, spool: Path) -> Text:
    """The file as UTF-8 text; `spool` is where a copy in another encoding is written."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in _UTF_16:
        _transcode_utf_16(path, _UTF_16[start], spool)
        return survey(spool)
    text = survey(path)
    if text.valid or text.multibyte:
        return text
    _transcode_windows(path, spool)
    return survey(spool)


def survey(path: Path) -> Text:
    """Reads the bytes once and says what they are like."""
    seen = _Survey()
    for chunk in _chunks(path):
        seen.look(chunk)
    return seen.close(path)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def has_blank_lines(path: Path) -> bool:
    """Whether a line is empty, outside quotes or inside; its lines end with \\n or \\r\\n."""
    tail = b"\n"
    for chunk in _chunks(path):
        if _BLANK_LINE.search(tail + chunk):
            return True
        tail = chunk[-2:]
    return False


class _Survey:
    """What the chunks seen so far are like; three bytes are carried over to see what straddles two chunks."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._tail = b"\n"
        self._ascii = True
        self._valid = True
        self._multibyte = False
        self._blank = True
        self._quotes = 0
        self._returns = 0
        self._return_newlines = 0

    def look(self, chunk: bytes) -> None:
        self._blank = self._blank and not chunk.removeprefix(codecs.BOM_UTF8).strip()
        self._quotes += chunk.count(b'"')
        if returns := chunk.count(b"\r"):
            self._returns += returns
            self._return_newlines += chunk.count(b"\r\n")
        self._return_newlines += chunk[:1] == b"\n" and self._tail[-1:] == b"\r"
        self._decode(chunk)
        self._tail = chunk[-3:]

    def _decode(self, chunk: bytes) -> None:
        ascii_before, self._ascii = self._ascii, chunk.isascii()
        if ascii_before and self._ascii:
            return
        if self._valid:
            self._valid = self._decodes(chunk)
        if not self._valid and not self._multibyte:
            self._multibyte = not (self._tail + chunk).decode(errors="ignore").isascii()

    def _decodes(self, chunk: bytes, final: bool = False) -> bool:
        try:
            self._multibyte = not self._decoder.decode(chunk, final).isascii() or self._multibyte
        except UnicodeDecodeError:
            return False
        return True

    def close(self, path: Path) -> Text:
        return Text(
            path,
            valid=self._valid and self._decodes(b"", final=True),
            multibyte=self._multibyte,
            blank=self._blank,
            quotes=self._quotes,
            lone_returns=self._returns != self._return_newlines,
        )


def _transcode_utf_16(path: Path, encoding: str, spool: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    with spool.open("wb") as target:
        for number, chunk in enumerate(_chunks(path)):
            text = decoder.decode(chunk[2:] if number == 0 else chunk)
            target.write(text.encode("utf-8", "surrogatepass"))
        pending, _ = decoder.getstate()
        target.write(_NOT_A_BYTE_OF_UTF_8 if pending else b"")


def _transcode_windows(path: Path, spool: Path) -> None:
    with spool.open("wb") as target:
        for chunk in _chunks(path):
            target.write(chunk.decode("cp1252", "surrogateescape").encode("utf-8", "surrogateescape"))
