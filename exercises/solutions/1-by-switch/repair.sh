glyphfall repair invalid-rendering
glyphfall repair poor-error-handling
glyphfall repair missing-health-check
glyphfall level changes
