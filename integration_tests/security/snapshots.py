"""Messages as people read them, one per name, in `messages.txt`; `SNAPSHOTS=update` writes them anew."""

import os
import pathlib
import re

FILE = pathlib.Path(__file__).with_name("messages.txt")


def known() -> dict[str, str]:
    blocks = re.findall(r"^# (.+)\n(.+)$", FILE.read_text() if FILE.exists() else "", re.MULTILINE)
    return dict(blocks)


def redacted(message: str) -> str:
    """Without what differs from run to run."""
    message = re.sub(r"(localhost|127\.0\.0\.1):(?!1\b)\d+", r"\1:PORT", message)
    message = re.sub(r"\b\d+ s (ago|from now)", r"N s \1", message)
    # OpenSSL puts the place in its source and the version's own word for an alert into its texts.
    return re.sub(r"\S*/ssl/\S+:\d+:", "SOURCE:", message)


def check(name: str, message: str) -> None:
    message, messages = redacted(message), known()
    if os.environ.get("SNAPSHOTS") == "update":
        messages[name] = message
        FILE.write_text("".join(f"# {name}\n{text}\n\n" for name, text in sorted(messages.items())))
    assert message == messages.get(name), f"{name}: {message}"
