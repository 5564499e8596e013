"""Every failure a person can act on: what happened, and what to do about it.

WorkbenchError
├── SettingsInvalid        a WORKBENCH_… value cannot be used
├── SourceMissing          the export folder is not there, or is no folder
├── NotReadable            no right to read or write a path
├── DiskFull               no space left where the workbench writes
├── HomeMismatch           this HOME belongs to another source, time zone or key
├── EtlBusy                another `etl run` holds this HOME
├── ModelInvalid           a model's header and its columns disagree
├── ChecksFailed           a check did not hold: nothing was published
├── NothingPublished       there is no build to open
├── UnknownPath            `etl forget` of a path that never landed
├── SampleExists           `workbench sample` would write over another folder
├── QueryRefused           `sql()` takes exactly one SELECT
├── QueryInvalid           DuckDB does not understand the query
└── Exposed                the pages would be open to anybody
"""


class WorkbenchError(Exception):
    """A failure with a remedy. `str()` gives both in one line."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} — {remedy}")
        self.message = message
        self.remedy = remedy


class SettingsInvalid(WorkbenchError):
    """A WORKBENCH_… value cannot be used."""


class SourceMissing(WorkbenchError):
    """The export folder is not there, or is no folder."""


class NotReadable(WorkbenchError):
    """No right to read or write a path."""


class DiskFull(WorkbenchError):
    """No space left where the workbench writes."""


class HomeMismatch(WorkbenchError):
    """This HOME belongs to another source, time zone or pseudonym key."""


class EtlBusy(WorkbenchError):
    """Another `etl run` holds this HOME."""


class ModelInvalid(WorkbenchError):
    """A model's header and its columns disagree."""


class ChecksFailed(WorkbenchError):
    """A check did not hold: nothing was published, the last build stays."""


class NothingPublished(WorkbenchError):
    """There is no build to open."""


class UnknownPath(WorkbenchError):
    """A path that never landed cannot be forgotten."""


class SampleExists(WorkbenchError):
    """The sample would be written over a folder that holds something else."""


class QueryRefused(WorkbenchError):
    """`sql()` takes exactly one SELECT."""


class QueryInvalid(WorkbenchError):
    """DuckDB does not understand the query."""


class Exposed(WorkbenchError):
    """The pages would be open to anybody."""
