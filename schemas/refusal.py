"""What a validator raises: why a value is refused, and what to write instead."""


class Refusal(ValueError):  # noqa: N818 - no failure of ours: pydantic makes a validation error of it
    """One value that does not fit.

    Args:
        message: what is wrong, naming the rule and never the value.
        hint: what to write instead.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
