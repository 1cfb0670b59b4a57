# /// script
# requires-python = ">=3.11"
# dependencies = ["openai>=3,<4"]
# ///
import openai_features  # noqa: F401 - its functions are tried
from features import main

main()
