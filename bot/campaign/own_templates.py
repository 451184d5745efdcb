"""The step templates that a campaign brings along, beside its `campaign.toml`: `templates/steps/<name>.html.j2`.

`<name>.<language>.html.j2` is for one language; a name that begins with `_` is a part that others include.
docs/campaign-file.md tells what they may use.
"""

import re
from pathlib import Path

from bot.campaign.toml import text_of
from bot.errors import CampaignError
from bot.frozen import Frozen

FOLDER = Path("templates", "steps")
_FILE = re.compile(r"(?P<name>_?[a-z][a-z0-9_]{0,30})(?:\.(?P<language>[a-z]{2,3}(?:-[A-Z]{2})?))?\.html\.j2")


class OwnTemplate(Frozen):
    """A template of the campaign; `language` None: of those that have none of their own. `file`: where it was read."""

    name: str
    language: str | None
    file: str
    source: str

    @property
    def is_part(self) -> bool:
        """Whether it only stands in others."""
        return self.name.startswith("_")


def read_own_templates(campaign: Path) -> tuple[OwnTemplate, ...]:
    """The templates beside a campaign file, none where there is no such folder. Raises CampaignError."""
    folder = campaign.parent / FOLDER
    if not folder.is_dir():
        return ()
    return tuple(_read(file) for file in sorted(folder.iterdir()) if not file.name.startswith("."))


def _read(file: Path) -> OwnTemplate:
    found = _FILE.fullmatch(file.name)
    if found is None:
        raise CampaignError(
            f"{file} is not named as a step’s template: call it NAME.html.j2, or NAME.fr.html.j2 for one language."
        )
    try:
        source = text_of(file.read_bytes())
    except OSError as fault:
        raise CampaignError(f"The template {file} cannot be read ({fault.strerror}).") from None
    except CampaignError as fault:
        raise CampaignError(f"The template {file} cannot be read, {fault.sentence}") from None
    return OwnTemplate(name=found["name"], language=found["language"], file=str(file), source=source)
