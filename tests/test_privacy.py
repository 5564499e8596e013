"""Pseudonyms: the same person is the same number, whenever and in whatever company; without the key, nothing."""

from hashlib import blake2b

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.privacy import Pseudonyms

KEY = bytes(range(32))
identifiers = st.lists(st.text(min_size=1, max_size=20), max_size=30)


def expected(domain: str, identifier: str, key: bytes = KEY) -> int:
    """The definition: keyed BLAKE2b, eight bytes, the domain as its personalisation."""
    digest = blake2b(identifier.encode(), key=key, digest_size=8, person=domain.encode()).digest()
    return int.from_bytes(digest, "little", signed=True)


@settings(max_examples=50)
@given(st.lists(identifiers, max_size=5))
def test_an_identifier_has_one_key_from_call_to_call(calls: list[list[str]]) -> None:
    """What was met before, in other company or another order, keeps its key, and has it unremembered too."""
    ids = Pseudonyms(KEY)
    for call in calls:
        assert ids.keys("user", call, returning=False).tolist() == [expected("user", i) for i in call]
        assert ids.keys("user", call).tolist() == [expected("user", identifier) for identifier in call]
        assert ids.keys("user", pa.array(call[::-1], pa.string())).tolist() == [expected("user", i) for i in call[::-1]]


def test_a_domain_and_a_key_change_every_number() -> None:
    """A key of one table says nothing about a row of another, and another HOME's says nothing at all."""
    ids = ["u0000001", "élève", "x" * 500]
    found = [Pseudonyms(KEY).keys(domain, ids) for domain in ("user", "class", "post", "subscription")]
    found.append(Pseudonyms(KEY[::-1]).keys("user", ids))
    assert len(np.unique(np.concatenate(found))) == 15
