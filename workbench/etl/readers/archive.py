"""Unpacks .gz and .zst exports into the spool, and refuses archives that were cut."""

import gzip
import shutil
import zlib
from typing import BinaryIO

import zstandard

from workbench.etl.feeds import Compression
from workbench.etl.normalise import Refused

CHUNK_BYTES = 1 << 20


def unpack(source: BinaryIO, compression: Compression, target: BinaryIO) -> None:
    """Writes what the archive holds to `target`; an archive of several members or frames is read whole.

    Raises Refused: `truncated` when the last frame has no end, `unreadable` when it is no archive or is damaged.
    """
    try:
        if compression == "gz":
            shutil.copyfileobj(gzip.GzipFile(fileobj=source), target, CHUNK_BYTES)
        else:
            _unpack_zst(source, target)
    except EOFError as error:
        raise Refused("truncated") from error
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise Refused("unreadable") from error


def _unpack_zst(source: BinaryIO, target: BinaryIO) -> None:
    """Frame by frame: the library reads a frame without an end as if it were whole, so the end is looked for."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    open_frame = False
    while packed := source.read(CHUNK_BYTES):
        while packed:
            target.write(frame.decompress(packed))
            open_frame = not frame.eof
            packed = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
    if open_frame:
        raise EOFError
