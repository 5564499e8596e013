"""`workbench report notebook 02`: a notebook of the checkout, run on the published build and written as one HTML file.

The notebook runs in a kernel of its own, in the folder of the command, and its file stays as it is. The HTML needs
nothing from elsewhere. Jupyter's libraries take a second to import and may be missing: only this command asks for them.
"""

import os
import re
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.export import write_whole
from workbench.settings import Settings, checkout_data
from workbench.text import Words
from workbench.warehouse import Build, open_warehouse

SECONDS_A_CELL = 600
_NOTHING_FROM_ELSEWHERE = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:\">"
)


class JupyterMissing(WorkbenchError):
    """The libraries that run notebooks are not installed."""


class UnknownNotebook(WorkbenchError):
    """The checkout has no such notebook, or this is no checkout."""


class NotebookFailed(WorkbenchError):
    """A cell of a notebook did not run to its end."""


def write_notebook(settings: Settings, name: str, out: Path, language: str | None = None) -> None:
    """Run a notebook, named by its number or its file's name, and write it as HTML: whole, or not at all.

    Raises UnknownNotebook, JupyterMissing, NotebookFailed, NothingPublished, and NotReadable where `out` cannot be
    written.
    """
    path = notebook_path(checkout_data().parent / "notebooks", name)
    words = Words(language or settings.language)
    with_build = open_warehouse(settings.home)
    build = with_build.build
    with_build.close()
    write_whole(out, _html(_run(path, settings.home.resolve(), _banner(build, words)), words))


def notebook_path(folder: Path, name: str) -> Path:
    """The file of a notebook. Raises UnknownNotebook."""
    known = sorted(folder.glob("*.ipynb"))
    for path in known:
        if name in (path.stem, path.stem.split("-")[0]):
            return path
    remedy = (
        f"take one of {', '.join(path.stem for path in known)}" if known else "run it in a checkout of the workbench"
    )
    raise UnknownNotebook(f"there is no notebook {name}", remedy)


def _banner(build: Build, words: Words) -> str:
    """Of which data it is: invented or not, until when, of which build."""
    until = words.day(build.data_until) if build.data_until else "–"
    told = words("app.footer", until=until, build=build.id, built_at=build.built_at, version=build.code_version)
    return "\n\n".join([words("app.sample"), told] if build.sample else [told])


def _run(path: Path, home: Path, banner: str) -> Any:
    """The notebook as it is after a run from a clean kernel, with the banner on top."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise _missing(error) from error
    notebook: Any = nbformat.read(path, as_version=4)
    on_top = nbformat.v4.new_markdown_cell(banner, id="banner")
    notebook.cells.insert(0, on_top)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS_A_CELL,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(Path.cwd())}},
    )
    try:
        return client.execute(env={**os.environ, "WORKBENCH_HOME": str(home)})
    except CellExecutionError as error:
        what = f"{error.ename}: {error.evalue}".split("\n")[0]
        raise NotebookFailed(f"{path.name}: {what}", "open it with `make notebooks` and run it cell by cell") from error
    except (CellTimeoutError, DeadKernelError) as error:
        remedy = "it may need more memory; open it with `make notebooks`"
        raise NotebookFailed(f"{path.name}: its kernel did not answer", remedy) from error


def _html(notebook: Any, words: Words) -> str:
    """The notebook as one HTML file that fetches nothing."""
    try:
        from nbconvert import HTMLExporter
    except ImportError as error:
        raise _missing(error) from error
    exporter: Any = HTMLExporter(language_code=words.language)
    html: str = exporter.from_notebook_node(notebook)[0]
    without_scripts = re.sub(r"<script\b.*?</script>", "", html, flags=re.DOTALL)
    return without_scripts.replace("<head>", f"<head>{_NOTHING_FROM_ELSEWHERE}", 1)


def _missing(error: ImportError) -> JupyterMissing:
    return JupyterMissing(f"{error.name} is not installed", "pip install -e '.[notebooks]', or `make notebooks`")
