"""Settings for the tests of cards."""

from hypothesis import settings

# No deadline: a busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
