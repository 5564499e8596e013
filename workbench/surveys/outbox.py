"""The outbox: each message as a file, as it would arrive. Nothing leaves the machine."""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path

from workbench.errors import DiskFull
from workbench.surveys.mail import filled
from workbench.surveys.parcels import Answer, Message, Outcome, Parcel

_CID = re.compile(r"cid:([\w-]+)")


class Outbox:
    """Writes `<courrier>/<message>.eml` and `.html` under a folder; the same message again is the same files."""

    name = "outbox"
    is_repeatable = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def refuse(self, addresses: Sequence[str]) -> None:
        """Every address will do: nothing is sent there."""

    def carry(self, parcel: Parcel) -> Answer:
        """Write the messages of a parcel. Raises DiskFull."""
        folder = self._folder / parcel.courrier
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for message in parcel.messages:
                self._write(folder, parcel, message)
        except OSError as error:
            said = f"the outbox cannot be written ({error.strerror})"
            raise DiskFull(said, "free some space, then resume") from error
        return Answer(Outcome.ACCEPTED, f"written to {folder.name}")

    def _write(self, folder: Path, parcel: Parcel, message: Message) -> None:
        mail = eml(parcel, message)
        (folder / f"{message.opaque}.html").write_text(filled(parcel.content, message.values).html, encoding="utf-8")
        (folder / f"{message.opaque}.eml").write_bytes(mail.as_bytes(policy=SMTP))


def eml(parcel: Parcel, message: Message) -> EmailMessage:
    """A message as it would arrive: text, HTML, the images in it, and the headers of its own."""
    seen = filled(parcel.content, message.values)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = parcel.sender, message.address, seen.subject
    mail["Message-ID"] = f"<{message.opaque}@{parseaddr(parcel.sender)[1].partition('@')[2] or 'localhost'}>"
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(seen.text)
    mail.add_alternative(seen.html, subtype="html")
    *_, html = mail.iter_parts()
    for cid in dict.fromkeys(_CID.findall(seen.html)):
        html.add_related(parcel.images[cid], "image", "png", cid=f"<{cid}>")
    return mail
