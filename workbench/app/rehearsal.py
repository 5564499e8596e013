"""A visit of our own to the home page, before anybody comes: the first one takes a second longer than any other.

It goes the way of all visits, over Streamlit's connection, so that whatever takes time the first time is behind us:
imports, the build, its queries, Streamlit's own elements.
"""

import time
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 60


def rehearse(address: str) -> None:
    """Ask the server at `host:port`, as soon as it listens, for its home page, and wait for the end of it.

    A server that takes us for nobody, as one with a login does, lets us go at the door; one that is stopped meanwhile
    hangs up; and a page that takes too long is left to its first visitor.
    """
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(ConnectionRefusedError):  # not yet
            with suppress(InvalidHandshake, ConnectionClosed, TimeoutError), _connection(address) as connection:
                _see(connection)
            return
        time.sleep(0.02)


def _connection(address: str) -> ClientConnection:
    url = f"ws://{address}/_stcore/stream"
    spoken = [Subprotocol("streamlit")]
    return connect(url, subprotocols=spoken, max_size=None, open_timeout=PATIENCE_S, proxy=None)


def _see(connection: ClientConnection) -> None:
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    connection.send(asked.SerializeToString())
    while ForwardMsg.FromString(connection.recv(PATIENCE_S)).WhichOneof("type") != "script_finished":
        pass
