{% macro skua__build_snapshot_table(strategy, sql) -%}
  {{ return(default__build_snapshot_table(strategy, sql)) }}
{%- endmacro %}

{% macro skua__snapshot_hash_arguments(args) -%}
  md5({%- for arg in args -%}
    coalesce(cast({{ arg }} as varchar), ''){% if not loop.last %} || '|' || {% endif %}
  {%- endfor -%})
{%- endmacro %}

{% macro skua__post_snapshot(staging_relation) -%}
  {%- do run_query('drop table if exists ' ~ staging_relation) -%}
{%- endmacro %}

{# Where rows are dated by days, the moment at which a row went is a day too. #}
{% macro skua__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set types = {} -%}
  {%- for column in adapter.get_columns_in_relation(target) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
  {%- endfor -%}
  {%- set values = [] -%}
  {%- for column in insert_cols -%}
    {%- do values.append('cast(DBT_INTERNAL_SOURCE.' ~ column ~ ' as ' ~ types[column.strip('"') | lower] ~ ')') -%}
  {%- endfor -%}
  merge into {{ target.render() }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
  when matched
    {%- if config.get('dbt_valid_to_current') %}
    and (DBT_INTERNAL_DEST.{{ columns.dbt_valid_to }} = {{ config.get('dbt_valid_to_current') }} or DBT_INTERNAL_DEST.{{ columns.dbt_valid_to }} is null)
    {%- else %}
    and DBT_INTERNAL_DEST.{{ columns.dbt_valid_to }} is null
    {%- endif %}
    and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
    then update set {{ columns.dbt_valid_to }} = cast(DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }} as {{ types[columns.dbt_valid_to | lower] }})
  when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
    then insert ({{ insert_cols | join(', ') }}) values ({{ values | join(', ') }})
{%- endmacro %}
