"""The one error that the person at the keyboard is meant to read."""


class StartError(Exception):
    """Something the reader can put right; the text is one clear sentence, shown without a traceback."""
