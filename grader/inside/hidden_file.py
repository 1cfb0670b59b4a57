"""The module of a file `app.py` beside a package `app`, which hides it from imports: `python app.py` runs it all the same."""

import importlib.util
import os
import sys
from typing import Any


def file_beside(package: Any) -> Any:
    """That module; None if there is no such file."""
    file = f"{os.path.dirname(os.path.abspath(package.__file__ or ''))}.py"
    spec = importlib.util.spec_from_file_location(f"{package.__name__}_file", file)
    if not os.path.isfile(file) or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
