"""What each notebook would cost at OpenAI, once from top to bottom: `python -m tests.notebook_costs` writes it down.

Measured by what the stand-in was asked and how long its answers were: right in size, not to the cent.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "answer-key" / "notebooks"
FILE = ROOT / "classroom" / "notebook_costs.toml"


def dollars(path: Path) -> float:
    """Run a solved notebook and ask the stand-in what that would have cost."""
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell("print(lesson.openai.calls.cost)"))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}}).execute()
    return float(notebook.cells[-1].outputs[-1].text)


def main() -> int:
    """Write the file again."""
    lines = [
        "# What a notebook costs at OpenAI, once from top to bottom, in US dollars.",
        "# Written by `python -m tests.notebook_costs`.",
        "",
        "[dollars]",
    ]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        lines.append(f'"{path.name[:2]}" = {dollars(path):.3f}')
        print(lines[-1], flush=True)
    FILE.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
