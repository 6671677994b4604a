"""JSON in one line, of UTF-8, as short as it gets."""

import json

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
