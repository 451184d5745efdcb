"""How values become JSON in the database: accents stay letters, which is shorter and can be searched."""

import json


def to_json(value: object) -> str:
    """Raises TypeError for what JSON cannot hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
