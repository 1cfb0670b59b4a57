"""Where reports go: the terminal, standard output, and files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from grader.commands.options import COMPLETE, GRADER_FAILED, INCOMPLETE
from grader.escaping import for_terminal
from grader.files import write

if TYPE_CHECKING:
    from grader.judge import Report
    from grader.worker import Graded


class Outputs:
    """Where the report goes. At most one of them may be standard output; then nothing else goes there."""

    def __init__(self, **files: Path | None) -> None:
        self.files = files
        dashes = [name for name, file in self.files.items() if file == Path("-")]
        if len(dashes) > 1:
            raise typer.BadParameter(f"--{dashes[0]} and --{dashes[1]} can't both be standard output.")
        if "notebook" in dashes:
            raise typer.BadParameter(
                "--notebook keeps what an instructor wrote into the file: give it one, not -."
            )
        self.to_stdout = bool(dashes)

    def write(self, name: str, text: str) -> None:
        """To the file that was asked for, whole or not at all."""
        file = self.files[name]
        if file is None:
            return
        if file == Path("-"):
            sys.stdout.write(text)
            return
        write(file, text.encode())


def finish(graded: "Graded", outputs: Outputs) -> None:
    """Show, write, and exit with the contract's code."""
    from grader.report import terminal

    if not outputs.to_stdout:
        terminal.show(graded.report, Console(highlight=False))
    write_reports(graded, outputs)
    raise typer.Exit(exit_code(graded.report))


def write_reports(graded: "Graded", outputs: Outputs) -> None:
    """The files that were asked for."""
    from grader.report import document, gradescope, junit, sheet

    report = graded.report
    outputs.write("json", document.render(report))
    outputs.write("html", graded.files.get("page.html", b"").decode("utf-8", "replace"))
    outputs.write("junit", junit.render(report))
    outputs.write("gradescope", gradescope.render(report))
    if outputs.files["notebook"]:
        sheet.write(report, outputs.files["notebook"])
    for name, file in outputs.files.items():
        if file and not outputs.to_stdout:
            typer.echo(for_terminal(f"{name}: {file}"))


def keep_evidence(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the evidence into a folder; the JSON last, so that its presence means that all is there."""
    for name in sorted(files):
        if name.startswith("blobs/"):
            write(folder / name, files[name])
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    write(folder / "evidence.json", files["evidence.json"])


def exit_code(report: "Report") -> int:
    """As in the contract, section 1."""
    return GRADER_FAILED if report.has_error else COMPLETE if report.complete else INCOMPLETE


def complain(sentence: str) -> None:
    """One message on standard error. It may quote a submission: further lines are indented, so that none looks like ours."""
    shown = for_terminal(sentence, lines=True).replace("\n", "\n    ")
    Console(stderr=True, highlight=False).print(Text(shown), soft_wrap=True)
