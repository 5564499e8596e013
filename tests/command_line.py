"""The command line without a process of its own: the same entry point, output and exit code, and no start-up.

A process takes longer to import the workbench than most commands take. That one begins, says nothing but what it
should and ends with its exit code is held by `test_cli`, whose `workbench` starts a process for each command.
"""

import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from workbench.cli import main


def workbench(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end, in an environment that has nothing of the workbench but what is given."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
            patch.delenv(name)
        for name, value in ({"WORKBENCH_HOME": str(home)} | env).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["workbench", *arguments])
        patch.setattr(logging.root.manager, "disable", logging.root.manager.disable)  # a command may silence it
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return subprocess.CompletedProcess(arguments, ended.value.code, out.getvalue(), err.getvalue())
