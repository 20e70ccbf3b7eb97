"""SQL as Skua takes it."""

from sqlalchemy import exc, types
from sqlalchemy.schema import PrimaryKeyConstraint
from sqlalchemy.sql import compiler


class SkuaCompiler(compiler.SQLCompiler):
    def limit_clause(self, select, **kw):
        text = ""
        if select._limit_clause is not None:
            text += "\n LIMIT " + self.process(select._limit_clause, **kw)
        if select._offset_clause is not None:
            text += "\n OFFSET " + self.process(select._offset_clause, **kw)
        return text

    def update_from_clause(self, update_stmt, from_table, extra_froms, from_hints, **kw):
        kw["asfrom"] = True
        return "FROM " + ", ".join(t._compiler_dispatch(self, fromhints=from_hints, **kw) for t in extra_froms)

    def delete_extra_from_clause(self, delete_stmt, from_table, extra_froms, from_hints, **kw):
        kw["asfrom"] = True
        return "USING " + ", ".join(t._compiler_dispatch(self, fromhints=from_hints, **kw) for t in extra_froms)

    def for_update_clause(self, select, **kw):
        return ""

    def visit_empty_set_expr(self, element_types, **kw):
        columns = ", ".join(
            f"CAST(NULL AS {self.dialect.type_compiler_instance.process(kind)})"
            for kind in element_types or [types.INTEGER()]
        )
        return f"SELECT {columns} WHERE 1 = 0"

    def visit_regexp_match_op_binary(self, binary, operator, **kw):
        return self._regexp("regexp_matches({}, {}{})", binary, kw)

    def visit_not_regexp_match_op_binary(self, binary, operator, **kw):
        return self._regexp("NOT regexp_matches({}, {}{})", binary, kw)

    def visit_regexp_replace_op_binary(self, binary, operator, **kw):
        flags = binary.modifiers["flags"]
        given = "'g'" if flags is None else self.render_literal_value(f"g{flags}", types.STRINGTYPE)
        text = self.process(binary.left, **kw)
        return f"regexp_replace({text}, {self.process(binary.right, **kw)}, {given})"

    def _regexp(self, form, binary, kw):
        flags = binary.modifiers["flags"]
        given = "" if flags is None else ", " + self.render_literal_value(flags, types.STRINGTYPE)
        return form.format(self.process(binary.left, **kw), self.process(binary.right, **kw), given)

    def visit_bitwise_xor_op_binary(self, binary, operator, **kw):
        return f"xor({self.process(binary.left, **kw)}, {self.process(binary.right, **kw)})"

    def visit_now_func(self, function, **kw):
        return "CURRENT_TIMESTAMP"

    def visit_char_length_func(self, function, **kw):
        return f"length{self.function_argspec(function, **kw)}"


class SkuaDDLCompiler(compiler.DDLCompiler):
    def create_table_constraints(self, table, _include_foreign_key_constraints=None, **kw):
        """Iceberg keeps a primary key, as identifier fields, and no other constraint."""
        key = table.primary_key
        if not isinstance(key, PrimaryKeyConstraint) or not key.columns:
            return ""
        return f"PRIMARY KEY ({', '.join(self.preparer.quote(column.name) for column in key)})"

    def get_column_specification(self, column, **kw):
        parts = [self.preparer.format_column(column), self.dialect.type_compiler_instance.process(column.type)]
        if column.computed is not None or column.identity is not None:
            raise exc.CompileError("Iceberg has no computed columns and no identity columns")
        if not column.nullable:
            parts.append("NOT NULL")
        default = self.get_column_default_string(column)
        if default is not None:
            parts.append(f"DEFAULT {default}")
        return " ".join(parts)

    def post_create_table(self, table):
        options = table.dialect_options["skua"]
        text = ""
        if options["partitioned_by"]:
            text += f" PARTITIONED BY ({_listed(options['partitioned_by'])})"
        properties = dict(options["properties"] or {})
        if any(column.server_default is not None for column in table.columns):
            # Columns have defaults from this format version on.
            properties.setdefault("format-version", "3")
        if properties:
            given = ", ".join(f"{_quoted(key)} = {_quoted(value)}" for key, value in properties.items())
            text += f" TBLPROPERTIES ({given})"
        return text

    def visit_create_index(self, create, **kw):
        raise exc.CompileError("Iceberg tables have no indexes")

    def visit_add_constraint(self, create, **kw):
        raise exc.CompileError("Iceberg tables take no constraints but a primary key when they are made")

    def visit_create_sequence(self, create, **kw):
        raise exc.CompileError("Iceberg catalogs have no sequences")

    def visit_set_table_comment(self, create, **kw):
        comment = self.sql_compiler.render_literal_value(create.element.comment, types.String())
        return f"COMMENT ON TABLE {self.preparer.format_table(create.element)} IS {comment}"

    def visit_drop_table_comment(self, drop, **kw):
        return f"COMMENT ON TABLE {self.preparer.format_table(drop.element)} IS NULL"


def _listed(fields):
    return fields if isinstance(fields, str) else ", ".join(fields)


def _quoted(value):
    return "'" + str(value).replace("'", "''") + "'"


class SkuaTypeCompiler(compiler.GenericTypeCompiler):
    def visit_VARCHAR(self, type_, **kw):
        return "VARCHAR"

    visit_CHAR = visit_NVARCHAR = visit_NCHAR = visit_TEXT = visit_CLOB = visit_VARCHAR
    visit_text = visit_unicode = visit_unicode_text = visit_string = visit_JSON = visit_enum = visit_VARCHAR

    def visit_BINARY(self, type_, **kw):
        return f"FIXED({type_.length})" if type_.length else "BLOB"

    def visit_BLOB(self, type_, **kw):
        return "BLOB"

    visit_VARBINARY = visit_large_binary = visit_BLOB

    def visit_SMALLINT(self, type_, **kw):
        return "INTEGER"

    def visit_FLOAT(self, type_, **kw):
        return "DOUBLE"

    def visit_REAL(self, type_, **kw):
        return "FLOAT"

    def visit_DOUBLE(self, type_, **kw):
        return "DOUBLE"

    visit_DOUBLE_PRECISION = visit_DOUBLE

    def visit_NUMERIC(self, type_, **kw):
        precision = 38 if type_.precision is None else type_.precision
        scale = (10 if type_.precision is None else 0) if type_.scale is None else type_.scale
        return f"DECIMAL({precision}, {scale})"

    visit_DECIMAL = visit_NUMERIC

    def visit_TIMESTAMP(self, type_, **kw):
        return "TIMESTAMPTZ" if type_.timezone else "TIMESTAMP"

    visit_DATETIME = visit_datetime = visit_TIMESTAMP

    def visit_TIME(self, type_, **kw):
        return "TIME"

    def visit_uuid(self, type_, **kw):
        return "UUID" if type_.native_uuid else "VARCHAR"

    def visit_UUID(self, type_, **kw):
        return "UUID"

    def visit_ARRAY(self, type_, **kw):
        return self.process(type_.item_type, **kw) + "[]" * (type_.dimensions or 1)

    def visit_STRUCT(self, type_, **kw):
        quote = self.dialect.identifier_preparer.quote
        return f"STRUCT({', '.join(f'{quote(name)} {self.process(kind)}' for name, kind in type_.fields)})"

    def visit_MAP(self, type_, **kw):
        return f"MAP({self.process(type_.key)}, {self.process(type_.value)})"


class SkuaIdentifierPreparer(compiler.IdentifierPreparer):
    reserved_words = compiler.RESERVED_WORDS | frozenset(
        "anti asof at by columns create delete describe distinct double drop exists false group having in insert"
        " interval into lambda lateral limit natural not null offset order partition pivot positional qualify"
        " returning row rows sample select semi set show struct summarize table tablesample then time timestamp to"
        " true union unpivot update user using values when where window with".split()
    )
