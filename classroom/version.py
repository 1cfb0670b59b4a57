"""The option `--version` of the project's commands."""

from importlib.metadata import version

import typer
from typer.models import OptionInfo


def version_option(program: str) -> OptionInfo:
    """An option that prints a program's version and ends it."""

    def show(wanted: bool) -> None:
        if wanted:
            typer.echo(f"{program} {version('openai-files-lab')}")
            raise typer.Exit

    option: OptionInfo = typer.Option("--version", callback=show, is_eager=True, help="Print the version.")
    return option
