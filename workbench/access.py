"""Who is asking, and what they may see.

Pure: the facts of a request go in, a role comes out. Whatever is not certain makes a nobody. Every place that fetches
data asks here first, and the role is part of every cached query's key. Rules: design.md, "Who may see what".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Literal

from workbench.errors import Exposed, WorkbenchError
from workbench.settings import Settings

_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_RELAYED = re.compile(r"(forwarded|x-forwarded-.*|via)", re.IGNORECASE)


class Role(StrEnum):
    """What somebody is to the workbench, from nothing to everything."""

    NOBODY = "nobody"
    VIEWER = "viewer"
    ANALYST = "analyst"
    COMMUNITY = "community"
    ADMIN = "admin"


Right = Literal["figures", "small cells", "rows", "people", "send", "administer"]
"""figures: aggregates; small cells: groups under SMALL_CELL; rows: pseudonymous rows and `sql()`; people: names and
addresses; send: letters and messages; administer: the rest."""

_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.NOBODY: frozenset(),
    Role.VIEWER: frozenset({"figures"}),
    Role.ANALYST: frozenset({"figures", "small cells", "rows"}),
    Role.COMMUNITY: frozenset({"figures", "small cells", "rows", "people", "send"}),
    Role.ADMIN: frozenset({"figures", "small cells", "rows", "people", "send", "administer"}),
}


class NotAllowed(WorkbenchError):
    """The role does not include what was asked for."""


@dataclass(frozen=True)
class Request:
    """The facts of one connection: the peer's address, the Host it named, the names of all its headers."""

    peer: str | None
    host: str | None
    headers: tuple[str, ...] = ()

    @classmethod
    def of(cls, peer: str | None, headers: Iterable[tuple[str, str]]) -> "Request":
        """From a peer and raw headers; a Host that is missing or sent twice is no Host."""
        pairs = list(headers)
        hosts = [value for name, value in pairs if name.lower() == "host"]
        return cls(peer, hosts[0] if len(hosts) == 1 else None, tuple(name for name, _ in pairs))


def is_local(peer: str | None, host: str | None, headers: Iterable[str]) -> bool:
    """Whether a request was made on this machine, for this machine, and relayed by nobody.

    The Host keeps out pages of other sites that had their name point here; a relay's headers keep out whoever comes
    through a proxy on this machine, whose own address is loopback.
    """
    named_local = host is not None and _LOCAL_HOST.fullmatch(host) is not None
    return _is_loopback(peer) and named_local and not any(_RELAYED.fullmatch(name) for name in headers)


def role_of(request: Request, *, login_configured: bool = False) -> Role:
    """The role of a request that brings no login: the administrator if local and no login is configured."""
    local = is_local(request.peer, request.host, request.headers)
    return Role.ADMIN if local and not login_configured else Role.NOBODY


def may(role: Role, right: Right) -> bool:
    """Whether a role includes a right."""
    return right in _RIGHTS[role]


def require(role: Role, right: Right) -> None:
    """Does nothing if the role includes the right. Raises NotAllowed otherwise."""
    if not may(role, right):
        raise NotAllowed(f"the role {role} does not include: {right}", "ask an administrator of the workbench for it")


def smallest_cell(role: Role, small_cell: int) -> int:
    """Users a country or role must have had to be shown apart: `small_cell`, or 0 for who may see small cells."""
    return 0 if may(role, "small cells") else small_cell


def refuse_if_exposed(settings: Settings, *, login_configured: bool = False) -> None:
    """Does nothing if the pages may start. Raises Exposed when others can reach them and no login is configured."""
    if settings.public_url and not login_configured:
        raise Exposed(
            f"WORKBENCH_PUBLIC_URL is {settings.public_url}, and no login is configured: the pages would be open",
            "unset WORKBENCH_PUBLIC_URL and reach the pages on this machine, or configure a login first",
        )


def _is_loopback(peer: str | None) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
