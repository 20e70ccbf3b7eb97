{% macro skua__create_csv_table(model, agate_table) -%}
  {%- set column_override = model['config'].get('column_types', {}) -%}
  {%- set quote_seed_column = model['config'].get('quote_columns', None) -%}
  {%- set sql -%}
    create or replace table {{ this.render() }} (
      {%- for name in agate_table.column_names -%}
        {{ adapter.quote_seed_column(name, quote_seed_column) }} {{ skua__seed_type(agate_table, name, column_override, loop.index0) }}
        {%- if not loop.last %}, {% endif -%}
      {%- endfor -%}
    ){{ skua__table_options() }}
  {%- endset -%}
  {% call statement('_') -%}
    {{ sql }}
  {%- endcall %}
  {{ return(sql) }}
{%- endmacro %}

{% macro skua__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
  {%- if old_relation.is_view or full_refresh -%}
    {%- if old_relation.is_view -%}
      {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {{ return(create_csv_table(model, agate_table)) }}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {{ return('truncate table ' ~ old_relation.render()) }}
{%- endmacro %}

{% macro skua__load_csv_rows(model, agate_table) -%}
  {%- set column_override = model['config'].get('column_types', {}) -%}
  {%- set names = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
  {%- set values = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- do values.append('cast(cast(? as varchar) as ' ~ skua__seed_type(agate_table, name, column_override, loop.index0) ~ ')') -%}
  {%- endfor -%}
  {%- set sql = 'insert into ' ~ this.render() ~ ' (' ~ names ~ ') values (' ~ values | join(', ') ~ ')' -%}
  {%- if agate_table.rows | length > 0 -%}
    {%- do adapter.insert_seed(sql, agate_table) -%}
  {%- endif -%}
  {{ return(sql) }}
{%- endmacro %}

{% macro skua__seed_type(agate_table, name, column_override, index) -%}
  {{ return(column_override.get(name) or adapter.convert_type(agate_table, index)) }}
{%- endmacro %}
