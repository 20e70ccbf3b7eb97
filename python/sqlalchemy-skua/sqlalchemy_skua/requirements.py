"""What SQLAlchemy's suite may ask of Skua. Each requirement that is closed says why."""

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

_open = exclusions.open
_closed = exclusions.closed


class Requirements(SuiteRequirements):
    # Iceberg has no such thing.
    autoincrement_insert = property(lambda self: _closed())  # keys that are counted up
    autoincrement_without_sequence = property(lambda self: _closed())
    identity_columns = property(lambda self: _closed())
    computed_columns = property(lambda self: _closed())
    sequences = property(lambda self: _closed())
    foreign_keys = property(lambda self: _closed())
    foreign_key_ddl = property(lambda self: _open())  # they are left out of what is sent
    foreign_key_constraint_reflection = property(lambda self: _closed())
    self_referential_foreign_keys = property(lambda self: _closed())
    on_update_cascade = property(lambda self: _closed())
    unique_constraint_reflection = property(lambda self: _closed())
    unique_index_reflect_as_unique_constraints = property(lambda self: _closed())
    unique_constraints_reflect_as_index = property(lambda self: _closed())
    check_constraint_reflection = property(lambda self: _closed())
    index_reflection = property(lambda self: _closed())
    index_ddl_if_exists = property(lambda self: _closed())
    reflect_indexes_with_expressions = property(lambda self: _closed())
    named_constraints = property(lambda self: _closed())
    primary_key_constraint_reflection = property(lambda self: _open())
    duplicate_key_raises_integrity_error = property(lambda self: _closed())  # a key is declared, and kept by writers
    enforced_primary_key = property(lambda self: _closed())
    array_type = property(lambda self: _closed())  # of SQLAlchemy's own ARRAY; lists are tested in tests/
    json_type = property(lambda self: _closed())  # a VARIANT has no JSON path operators of SQLAlchemy
    unbounded_varchar = property(lambda self: _open())
    enforces_varchar_length = property(lambda self: _closed())  # strings have no length
    time_implicit_bound = property(lambda self: _open())
    datetime_interval = property(lambda self: _closed())
    datetime_implicit_bound = property(lambda self: _open())
    datetime_timezone = property(lambda self: _open())
    time_timezone = property(lambda self: _closed())  # times have no zone
    datetime_historic = property(lambda self: _open())
    date_historic = property(lambda self: _open())
    time_microseconds = property(lambda self: _open())
    datetime_microseconds = property(lambda self: _open())
    timestamp_microseconds = property(lambda self: _open())
    timestamp_microseconds_implicit_bound = property(lambda self: _open())
    uuid_data_type = property(lambda self: _open())
    binary_literals = property(lambda self: _closed())
    precision_numerics_enotation_large = property(lambda self: _closed())  # decimals have 38 digits
    precision_numerics_many_significant_digits = property(lambda self: _closed())
    precision_numerics_enotation_small = property(lambda self: _open())
    precision_numerics_retains_significant_digits = property(lambda self: _open())
    infinity_floats = property(lambda self: _open())
    temporary_tables = property(lambda self: _closed())  # they belong to the session, not to the catalog
    temp_table_reflection = property(lambda self: _closed())
    temporary_views = property(lambda self: _closed())
    temp_table_names = property(lambda self: _closed())

    # What Skua has.
    schemas = property(lambda self: _closed())  # the suite wants a schema test_schema; tests/ has its own tests of schemas
    views = property(lambda self: _open())
    view_reflection = property(lambda self: _open())
    view_column_reflection = property(lambda self: _open())
    comment_reflection = property(lambda self: _open())
    comment_reflection_full_unicode = property(lambda self: _open())
    constraint_comment_reflection = property(lambda self: _closed())
    schema_reflection = property(lambda self: _open())
    schema_create_delete = property(lambda self: _open())
    ctes = property(lambda self: _open())
    ctes_with_update_delete = property(lambda self: _closed())
    ctes_on_dml = property(lambda self: _closed())
    ctes_with_values = property(lambda self: _open())
    delete_from = property(lambda self: _open())
    update_from = property(lambda self: _open())
    delete_returning = property(lambda self: _open())
    update_returning = property(lambda self: _open())
    insert_returning = property(lambda self: _open())
    insert_executemany_returning = property(lambda self: _closed())
    insert_from_select = property(lambda self: _open())
    empty_inserts = property(lambda self: _closed())
    empty_inserts_executemany = property(lambda self: _closed())
    returning = property(lambda self: _open())
    window_functions = property(lambda self: _open())
    intersect = property(lambda self: _open())
    except_ = property(lambda self: _open())
    order_by_label_with_expression = property(lambda self: _open())
    order_by_col_from_union = property(lambda self: _open())
    parens_in_union_contained_select_w_limit_offset = property(lambda self: _open())
    parens_in_union_contained_select_wo_limit_offset = property(lambda self: _open())
    bound_limit_offset = property(lambda self: _open())
    sql_expression_limit_offset = property(lambda self: _closed())
    tuple_in = property(lambda self: _open())
    tuple_in_w_empty = property(lambda self: _closed())
    regexp_match = property(lambda self: _open())
    regexp_replace = property(lambda self: _open())
    supports_is_distinct_from = property(lambda self: _open())
    supports_distinct_on = property(lambda self: _closed())
    offset = property(lambda self: _open())
    nullsordering = property(lambda self: _open())
    isolation_level = property(lambda self: _open())
    autocommit = property(lambda self: _open())
    savepoints = property(lambda self: _closed())
    two_phase_transactions = property(lambda self: _closed())
    sane_rowcount_w_returning = property(lambda self: _closed())
    sane_multi_rowcount = property(lambda self: _closed())
    server_side_cursors = property(lambda self: _closed())
    standalone_null_binds_whereclause = property(lambda self: _open())
    unicode_ddl = property(lambda self: _open())
    unicode_data = property(lambda self: _open())
    bitwise_shift = property(lambda self: _open())
    supports_bitwise_and = property(lambda self: _open())
    supports_bitwise_or = property(lambda self: _open())
    supports_bitwise_xor = property(lambda self: _open())
    supports_bitwise_not = property(lambda self: _open())
    supports_bitwise_shift = property(lambda self: _open())

    def get_isolation_levels(self, config):
        return {"default": "REPEATABLE READ", "supported": ["REPEATABLE READ", "AUTOCOMMIT"]}
