"""SQLAlchemy's own dialect compliance suite."""

from sqlalchemy.testing.suite import *  # noqa: F403
