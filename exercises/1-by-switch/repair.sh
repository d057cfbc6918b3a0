# Your repair: the commands that repair the running shop, one a line, as you would type them beside `glyphfall up`.
