"""One notebook with the panels of several, so that a browser loads JupyterLab once for all of them."""

from pathlib import Path

import nbformat

# of each notebook, words of the cells that a panel needs
_CELLS = {
    "11-build-test-check": ("lesson = start(", 'alt="The grader starts your app', "live_checklist("),
    "01-keys": ("key_entry()",),
    "04-pictures-and-sound": ("playground()",),
    "06-when-it-fails": ("rate_limits()", "cost_calculator()"),
    "10-your-first-endpoint": ("def send(", 'predict("10.path"', "first_line = ", 'explain("10.path"'),
}
NAME = "panels"
LAST_WORDS = "Every panel is shown."


def write_panels(notebooks: Path) -> None:
    """Write it beside the notebooks, from their cells as they are; each of the words is in exactly one cell."""
    cells = []
    for name, words in _CELLS.items():
        read = nbformat.read(notebooks / f"{name}.ipynb", 4)
        for word in words:
            [cell] = [cell for cell in read.cells if word in cell.source]
            cells.append(nbformat.from_dict({**cell, "id": f"panel-{len(cells)}"}))
    cells.append(nbformat.v4.new_code_cell(f'print("{LAST_WORDS}")'))
    made = nbformat.v4.new_notebook(cells=cells, metadata=read.metadata)
    nbformat.write(made, notebooks / f"{NAME}.ipynb")
