"""What a page says after it was left goes no further.

A popover tells the server that it closed, and a press on the navigation closes it: on a busy machine that comes after
the request for the new page. Streamlit (1.67) then runs the part of the new page that has the popover's place, as one
of the old page; the browser takes it for another change of page, throws away what it shows, finds no place for the
part, and is blank until the page is loaded anew.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState


class Left:
    """Middleware: of a page that is not the one asked for last, no part is run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but the requests of a browser for a part of the page that it has left."""
        await self._app(scope, _of_this_page(receive) if scope["type"] == "websocket" else receive, send)


def _of_this_page(receive: Receive) -> Receive:
    page = ""

    async def received() -> Message:
        nonlocal page
        while asked := _rerun(message := await receive()):
            if not asked.fragment_id:
                page = asked.page_script_hash
                break
            if page in ("", asked.page_script_hash):
                break
        return message

    return received


def _rerun(message: Message) -> ClientState | None:
    """The run that a message asks for, if it asks for one."""
    said = BackMsg.FromString(message.get("bytes") or b"")
    return said.rerun_script if said.WhichOneof("type") == "rerun_script" else None
