"""What a validator raises: why a value is refused, and what to write instead."""


class Refusal(ValueError):  # noqa: N818 - no failure of ours: pydantic makes a validation error of it
    """One value that does not fit.

    Args:
        message: what is wrong, naming the rule and never the value.
        hint: what to write instead.
        beside: the key in the same mapping whose value it does not go with.
    """

    def __init__(self, message: str, hint: str = "", beside: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.beside = beside
