"""The one exception a user is meant to read."""


class UserError(Exception):
    """Something the user gave cannot be used; the text says what to do.

    `main` prints the text as one line and exits with `exit_code`, without a
    stack trace.
    """

    exit_code = 1


class UsageError(UserError):
    """A wrong flag, mode, recipe name or recipe key."""

    exit_code = 2
