"""What goes wrong, as an exit code and a sentence that says what to do."""

import click


class Failure(click.ClickException):
    """It was not done."""

    exit_code = 1


class NotSignedIn(Failure):
    """There is no token, or it is dead."""

    exit_code = 3


class NotAllowed(Failure):
    """The token is good, but not for this."""

    exit_code = 4
