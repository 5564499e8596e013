"""The shape of the project: who may import whom, how big things get, what is documented, what never gets in."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import click

from workbench.cli import cli
from workbench.settings import Settings

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "workbench"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Top down: a module imports from its own row or the rows below it.
LAYERS = (
    {"pages", "app", "cli"},
    {"surveys", "etl", "sample"},
    {
        "__init__",
        "warehouse",
        "ledger",
        "metrics",
        "charts",
        "text",
        "calendar",
        "privacy",
        "access",
        "export",
        "notebook",
    },
    {"settings"},
    {"errors"},
)
LAYER = {name: height for height, layer in enumerate(reversed(LAYERS)) for name in layer}

TOP_LEVEL = {
    "workbench", "notebooks", "data", "tests", "pyproject.toml", "Makefile",
    "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "docs", ".ci", ".gitignore",
}  # fmt: skip
VAGUE = {"utils", "util", "helpers", "helper", "common", "services", "core", "misc"}
MAX_LINES = 400
MAX_MEDIAN_LINES = 10

# What has Polars call a Python function.
CALLS_PYTHON = {"map_elements", "map_batches", "map_groups", "map_rows", "rolling_map"}

# Written so that the patterns do not find themselves.
UNWANTED = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.org|deb\.debian\.org|index[-]url|/simpl[e]/"
    r"|(?<![\w.])/(?:work|root|opt)/|(?<![\w.])/(?:tmp)/[a-z]"
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def part(path: Path) -> str:
    """The module or folder of the package that a file belongs to: `etl` for workbench/etl/land.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """The module that a `from … import` names, with the dots of a relative one spelt out."""
    if not node.level:
        return node.module or ""
    package = path.relative_to(CHECKOUT).parent.parts
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every imported name in full, wherever in the file: `workbench.errors.WorkbenchError`, `duckdb`."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            found += (f"{absolute(node, path)}.{name.name}" for name in node.names)
    return tuple(found)


def parts_imported(path: Path) -> set[str]:
    """The other parts of the package that a file imports; a name of the package itself counts as `__init__`."""
    inner = (name.split(".")[1:2] for name in imports(path) if name.split(".")[0] == "workbench")
    return {found[0] if found and found[0] in LAYER else "__init__" for found in inner} - {part(path)}


def users_of(library: str) -> set[str]:
    """The parts of the package that import a library."""
    return {part(path) for path in MODULES if any(name.split(".")[0] == library for name in imports(path))}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function's body without its docstring, comments and blank lines."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    inside = lines[body[0].lineno - 1 : body[-1].end_lineno] if body else []
    return sum(1 for line in inside if line.strip() and not line.strip().startswith("#"))


def public(node: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, Definition]]:
    """What a module defines for others, with methods of its classes, each under its dotted name."""
    for child in node.body:
        if isinstance(child, Definition) and not child.name.startswith("_"):
            yield f"{name}.{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{name}.{child.name}")


def undocumented(path: Path) -> list[str]:
    """Public names of a file that have no docstring, the file itself included."""
    name = str(path.relative_to(CHECKOUT))
    named: list[tuple[str, ast.Module | Definition]] = [(name, tree(path)), *public(tree(path), name)]
    return [name for name, node in named if not ast.get_docstring(node)]


def project_files() -> list[str]:
    """Paths that are in git or would be at the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (CHECKOUT / name).is_file()]


def commands(group: click.Command, name: str) -> Iterator[str]:
    """Every command under a group as one types it: `workbench etl run`."""
    if isinstance(group, click.Group):
        for word, command in group.commands.items():
            yield from commands(command, f"{name} {word}")
    else:
        yield name


def documentation() -> str:
    """The README and every page of docs/."""
    pages = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_every_part_of_the_package_has_a_place_in_the_layers() -> None:
    """A new module is given its row on purpose: one outside the layers would escape the direction of imports."""
    assert {part(path) for path in MODULES} - set(LAYER) == set()


def test_imports_point_downwards_only() -> None:
    """Screens know the data; the data never knows the screens."""
    upward = [
        f"{path.relative_to(CHECKOUT)} imports {other}"
        for path in MODULES
        for other in parts_imported(path)
        if LAYER[other] > LAYER.get(part(path), 0)
    ]
    assert upward == []


def test_no_two_parts_of_the_package_need_each_other() -> None:
    """A circle of imports is one module that does not say so. Raises graphlib.CycleError with the circle."""
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(part(path), set()).update(parts_imported(path))
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


def test_etl_and_surveys_never_import_each_other() -> None:
    """Facts and people meet only in a build, as pseudonyms."""
    crossing = {"etl": "surveys", "surveys": "etl"}
    guilty = [str(path) for path in MODULES if crossing.get(part(path)) in parts_imported(path)]
    assert guilty == []


def test_nothing_imports_the_pages_the_app_or_the_command_line() -> None:
    """The entry points are the top; only the command line reaches the app, to serve it, and the app its pages."""
    entries, reached = {"pages", "app", "cli"}, {"cli": {"app"}, "app": {"pages"}}
    guilty = [
        f"{path.relative_to(CHECKOUT)} imports {', '.join(found)}"
        for path in MODULES
        if (found := sorted((parts_imported(path) & entries) - reached.get(part(path), set())))
    ]
    assert guilty == []


def test_only_the_screens_import_streamlit() -> None:
    """Charts, words and figures serve notebooks and mails as well, where no Streamlit runs."""
    assert users_of("streamlit") <= {"app", "pages"}


def test_only_warehouse_and_etl_import_duckdb() -> None:
    """One place opens builds for readers, one writes them; the read-only rules cannot be walked around."""
    assert users_of("duckdb") <= {"warehouse", "etl"}


def test_polars_never_calls_python_on_its_own_threads() -> None:
    """A function is mapped over a column (`frame["x"]`), never in an expression: that can stop a whole server."""
    mapped = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        if node.attr in CALLS_PYTHON and not (node.attr == "map_elements" and isinstance(node.value, ast.Subscript))
    ]
    assert mapped == []


def test_no_module_has_a_name_that_hides_nothing() -> None:
    """A module is named after what it knows."""
    names = {word.removesuffix(".py") for path in MODULES for word in path.relative_to(PACKAGE).parts}
    assert names & VAGUE == set()


def test_no_module_is_longer_than_400_lines() -> None:
    """One that outgrows them becomes a folder."""
    sizes = {str(path.relative_to(CHECKOUT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > MAX_LINES} == {}


def test_half_of_the_functions_have_fewer_than_ten_lines() -> None:
    """Small functions are read; long ones are believed."""
    sizes = [
        code_lines(function, path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
        for function in functions(path)
    ]
    assert statistics.median(sizes) < MAX_MEDIAN_LINES


def test_everything_public_says_what_it_gives() -> None:
    """A name without a docstring is not finished."""
    assert [name for path in MODULES for name in undocumented(path)] == []


def test_the_top_level_of_the_checkout_is_fixed() -> None:
    """A newcomer finds the same few names every time."""
    assert {name.split("/")[0] for name in project_files()} - TOP_LEVEL == set()


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """What works here works in any checkout, behind any mirror."""
    found = [
        f"{name}:{number}: {match.group()}"
        for name in project_files()
        if not name.endswith(".svg")
        for number, line in enumerate((CHECKOUT / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := UNWANTED.search(line))
    ]
    assert found == []


def test_the_documentation_knows_exactly_the_settings_there_are() -> None:
    """A setting nobody can find is not there; one that is gone must not be promised."""
    named = set(re.findall(r"WORKBENCH_[A-Z_]*[A-Z]", documentation()))
    assert named == {f"WORKBENCH_{name.upper()}" for name in Settings.model_fields}


def test_the_documentation_lists_exactly_the_commands_there_are() -> None:
    """A command that nobody can look up is not there; one that is gone must not be promised."""
    listed = re.findall(r"^\| `(workbench [a-z ]+)` \|", documentation(), re.MULTILINE)
    assert sorted(listed) == sorted(commands(cli, "workbench"))
