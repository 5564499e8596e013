"""Typeform: its API, the comparison of a form with the ledger, and the bodies it sends."""

from workbench.surveys.typeform.client import Client, Patience
from workbench.surveys.typeform.hook import process, receive
from workbench.surveys.typeform.sync import Synced, forms_to_sync, sync

__all__ = [
    "Client",
    "Patience",
    "Synced",
    "forms_to_sync",
    "process",
    "receive",
    "sync",
]
