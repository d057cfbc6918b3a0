"""Holds a bill of materials against CycloneDX's own schema; says what is wrong with it, and ends with 1."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as file:
    wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(file.read())
sys.exit(str(wrong) if wrong else 0)
