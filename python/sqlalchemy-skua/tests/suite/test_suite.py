"""SQLAlchemy's own dialect compliance suite, without what Iceberg has not."""

from sqlalchemy.sql import ddl
from sqlalchemy.testing.suite import *  # noqa: F403
from sqlalchemy.testing.suite import ComponentReflectionTestExtra as _ComponentReflectionTestExtra
from sqlalchemy.testing.suite import InsertBehaviorTest as _InsertBehaviorTest
from sqlalchemy.testing.suite import IsolationLevelTest as _IsolationLevelTest
from sqlalchemy.testing.suite import LongNameBlowoutTest as _LongNameBlowoutTest

# The suite's tables have indexes, which its tests of other things do not need.
ddl.SchemaGenerator.visit_index = lambda self, index, create_ok=False: None


class ComponentReflectionTestExtra(_ComponentReflectionTestExtra):
    # Strings have no length.
    test_string_length_reflection = None


class InsertBehaviorTest(_InsertBehaviorTest):
    # Keys are not counted up.
    test_autoclose_on_insert_implicit_returning = None
    test_insert_from_select_autoinc = None
    test_insert_from_select_autoinc_no_rows = None
    test_no_results_for_non_returning_insert = None


class IsolationLevelTest(_IsolationLevelTest):
    # It wants a third level.
    test_dialect_user_setting_is_restored = None


class LongNameBlowoutTest(_LongNameBlowoutTest):
    # Of constraints and indexes, of which there are none.
    test_long_convention_name = None


# Catalogs take no names with quotes in them.
QuotedNameArgumentTest = None
