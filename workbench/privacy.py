"""Pseudonyms: what stands for a user, a class, a post or a subscription from the first landing on."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.settings import Settings

REMEMBERED = 3_000_000
"""Identifiers remembered per domain (0.1 kB each)."""


def pseudonym_key(settings: Settings) -> bytes:
    """The key of the pseudonyms: WORKBENCH_PSEUDONYM_KEY, else HOME's own, made on first use (mode 600)."""
    if settings.pseudonym_key:
        return blake2b(settings.pseudonym_key.encode(), digest_size=32).digest()
    file = settings.home / "pseudonym.key"
    if not file.exists():
        _make_key(file)
    return bytes.fromhex(file.read_text().strip())


def _make_key(file: Path) -> None:
    """Written whole, synced, and only then named: of two who make one at once, the first one's holds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", text=True)  # mode 600
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_hex(32))
        out.flush()
        os.fsync(out.fileno())
    with suppress(FileExistsError):
        file.hardlink_to(name)
    Path(name).unlink()


class Pseudonyms:
    """Keyed BLAKE2b of identifiers as signed 64-bit numbers; without the key none can be traced or recomputed.

    The same identifier gets another number in each domain ("user", "class", "post", "subscription"), so that a key of
    one table says nothing about a row of another.
    """

    def __init__(self, key: bytes) -> None:
        """`key`: the secret of this HOME, 16 to 64 bytes."""
        self._key = key
        self._domains: dict[str, _Domain] = {}

    def keys(
        self, domain: str, identifiers: pa.StringArray | Sequence[str], *, returning: bool = True
    ) -> npt.NDArray[np.int64]:
        """The pseudonym of each identifier (trimmed, case kept; null as empty), an int64 array of the same length.

        Those that are not `returning` are not remembered, which costs half as much as their hashes.
        """
        if domain not in self._domains or self._domains[domain].is_full:
            self._domains[domain] = _Domain(self._key, domain)
        texts = pl.Series(values=identifiers, dtype=pl.String).fill_null("")
        return self._domains[domain].keys(texts) if returning else self._domains[domain].hashed(texts)


class _Domain:
    """The identifiers met in one domain: Polars numbers them, and each number is hashed once.

    Numbering costs 0.2 µs an identifier, a look-up in a `dict` of a million 0.6 µs, the hash 0.7 µs.
    """

    def __init__(self, key: bytes, domain: str) -> None:
        self._keyed = blake2b(key=key, digest_size=8, person=domain.encode())
        self._numbered = pl.Categorical(pl.Categories.random())
        # Polars forgets the numbers when no series uses them any more, and would give them to others.
        self._keepalive = pl.Series(dtype=self._numbered)
        self._keys = np.empty(0, np.int64)
        self._hashed = np.empty(0, np.bool_)

    @property
    def is_full(self) -> bool:
        """Whether it is time to start anew."""
        return len(self._keys) > REMEMBERED

    def keys(self, identifiers: pl.Series) -> npt.NDArray[np.int64]:
        """The pseudonyms, in order."""
        numbers: npt.NDArray[np.uint32] = identifiers.cast(self._numbered).to_physical().to_numpy()
        more = int(numbers.max(initial=0)) + 1 - len(self._keys)
        if more > 0:
            self._keys = np.concatenate([self._keys, np.zeros(more, np.int64)])
            self._hashed = np.concatenate([self._hashed, np.zeros(more, np.bool_)])
        new = np.flatnonzero(~self._hashed[numbers])
        self._keys[numbers[new]] = self.hashed(identifiers.gather(new))
        self._hashed[numbers[new]] = True
        keys: npt.NDArray[np.int64] = self._keys[numbers]
        return keys

    def hashed(self, identifiers: pl.Series) -> npt.NDArray[np.int64]:
        """The pseudonyms, in order, each hashed; a call for each identifier would cost a tenth more."""
        digests: list[bytes] = []
        for identifier in identifiers.cast(pl.Binary).to_list():
            hasher = self._keyed.copy()
            hasher.update(identifier)
            digests.append(hasher.digest())
        return np.frombuffer(b"".join(digests), "<i8")
