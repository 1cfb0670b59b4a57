"""An app that counts tokens with tiktoken has a table, though nothing can be downloaded."""

import subprocess
import sys

# the shape of tiktoken: a module that loads what another one, which imports it, names
LOADS = """
def load_tiktoken_bpe(tiktoken_bpe_file, expected_hash=None):
    if tiktoken_bpe_file.startswith("https://"):
        raise OSError("there is no network")
    return {b"own": 0}
"""
NAMES = """
from tiktoken.load import load_tiktoken_bpe

def table(name):
    return load_tiktoken_bpe(f"https://tables.example.com/encodings/{name}.tiktoken", expected_hash="0")
"""
ASKS = """
from grader.inside.token_tables import install
install()
from tiktoken import load, named
for name in ("o200k_base", "cl100k_base", "p50k_base"):
    ranks = named.table(name)
    print(len(ranks), all(bytes([one]) in ranks for one in range(256)), max(ranks.values()))
print(load.load_tiktoken_bpe("words.tiktoken"))
try:
    named.table("of_nobody")
except OSError as error:
    print(error)
"""


def test_tables_that_can_t_be_downloaded_are_there_and_others_stay_as_they_are(tmp_path):
    package = tmp_path / "tiktoken"
    package.mkdir()
    for name, text in {"__init__.py": "", "load.py": LOADS, "named.py": NAMES}.items():
        (package / name).write_text(text)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ASKS}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines() == [
        "199998 True 199997",
        "100256 True 100255",
        "50280 True 50280",
        "{b'own': 0}",
        "there is no network",
    ], ran.stderr
