"""The one error a person sees when the set-up cannot go on."""


class SetUpError(Exception):
    """One clear sentence: what is missing or failed, and what to do."""
