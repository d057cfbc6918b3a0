"""Holds documents against a JSON Schema, {"schema": ..., "documents": [...]} in a file, and prints a list of errors for each."""

import json
import sys

from jsonschema.validators import validator_for

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
validator = validator_for(given["schema"])(given["schema"])
json.dump([[error.message for error in validator.iter_errors(one)] for one in given["documents"]], sys.stdout)
