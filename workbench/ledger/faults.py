"""What can go wrong with the ledger that a person can act on."""

from workbench.errors import WorkbenchError


class LedgerUnreachable(WorkbenchError):
    """The ledger's file cannot be opened, or its server does not answer."""


class LedgerTooNew(WorkbenchError):
    """The ledger was written by a later version of the workbench."""


class ChangedMeanwhile(WorkbenchError):
    """Somebody else changed what one was about to change."""
