# /// script
# requires-python = ">=3.11"
# dependencies = ["openai>=1,<2"]
# ///
import openai_features  # noqa: F401 - its functions are tried
from features import main

main()
