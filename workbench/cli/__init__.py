"""The command line: verbs, exit codes, and one line for every failure a person can act on.

Exit codes of `etl run`: 0 published or nothing new; 3 the same, but a file of the source is refused; 4 nothing
published because a check failed; 2 wrong usage; 1 any other failure.
"""

import logging
import secrets
import sys

import click

from workbench.cli.exports import etl_group, sample
from workbench.cli.figures import alerts, dictionary, report, serve
from workbench.cli.mail import courrier_group, digest_group
from workbench.cli.programme import ambassadors_group, charter_group, followups_group, survey_group
from workbench.cli.shown import ERR
from workbench.errors import ChecksFailed, ModelInvalid, WorkbenchError


@click.group()
@click.version_option(package_name="klassroom-workbench")
def cli() -> None:
    """The Klassroom workbench."""


for command in (
    sample,
    etl_group,
    ambassadors_group,
    survey_group,
    charter_group,
    followups_group,
    courrier_group,
    digest_group,
    dictionary,
    alerts,
    report,
    serve,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line: the one boundary at which a failure becomes one line and an exit code."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted — nothing was published; run it again", 1)
    except (ChecksFailed, ModelInvalid) as error:
        _fail(str(error), 4)
    except WorkbenchError as error:
        _fail(str(error), 1)
    except Exception:
        run_id = secrets.token_hex(4)
        logging.getLogger("workbench").exception("run %s failed", run_id)
        _fail(f"unexpected failure, run {run_id} — send the lines above to whoever runs the workbench", 1)


def _fail(line: str, code: int) -> None:
    ERR.print(line, style="bold red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)
