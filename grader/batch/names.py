"""How a person's name may be written."""

import re
import unicodedata


def keys_of(value: str) -> list[str]:
    """How a name may be written: as it is, without what is no letter or digit, and with its parts the other way round."""
    value = unicodedata.normalize("NFKC", value)  # macOS takes letters and their marks apart
    plain = re.sub(r"[\W_]+", "", value.casefold())
    parts = re.split(r"[,\s]+", value.casefold().strip())
    turned = re.sub(r"[\W_]+", "", "".join([*parts[1:], parts[0]])) if len(parts) > 1 else ""
    return [key for key in dict.fromkeys((plain, turned)) if len(key) > 1 or key.isdigit()]
