{# What dbt asks for by name, in Skua's SQL. #}

{# dbt hands some of the names out quoted already. #}
{% macro skua__information_schema(database, name) -%}
  {{ adapter.quote((database | string).strip('"')) }}.information_schema.{{ name }}
{%- endmacro %}

{% macro skua__list_schemas(database) -%}
  {% call statement('list_schemas', fetch_result=True, auto_begin=False) %}
    select schema_name from {{ skua__information_schema(database, 'schemata') }} where schema_name <> 'information_schema'
  {% endcall %}
  {{ return(load_result('list_schemas').table) }}
{%- endmacro %}

{% macro skua__check_schema_exists(information_schema, schema) -%}
  {% call statement('check_schema_exists', fetch_result=True, auto_begin=False) %}
    select count(*) from {{ skua__information_schema(information_schema.database, 'schemata') }} where schema_name = '{{ schema }}'
  {% endcall %}
  {{ return(load_result('check_schema_exists').table) }}
{%- endmacro %}

{% macro skua__create_schema(relation) -%}
  {%- call statement('create_schema') -%}
    create schema if not exists {{ relation.without_identifier() }}
  {%- endcall -%}
{% endmacro %}

{% macro skua__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
  {%- endcall -%}
{% endmacro %}

{% macro skua__list_relations_without_caching(schema_relation) -%}
  {% call statement('list_relations', fetch_result=True, auto_begin=False) %}
    select
      table_catalog as database,
      table_name as name,
      table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from {{ skua__information_schema(schema_relation.database, 'tables') }}
    where table_schema = '{{ schema_relation.schema }}'
  {% endcall %}
  {{ return(load_result('list_relations').table) }}
{%- endmacro %}

{% macro skua__get_columns_in_relation(relation) -%}
  {% if relation.in_session %}
    {# Temporary tables are in no catalog. #}
    {{ return(adapter.get_column_schema_from_query('select * from ' ~ relation ~ ' where false')) }}
  {% endif %}
  {% call statement('get_columns', fetch_result=True, auto_begin=False) %}
    select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
    from {{ skua__information_schema(relation.database, 'columns') }}
    where table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
    order by ordinal_position
  {% endcall %}
  {{ return(sql_convert_columns_in_relation(load_result('get_columns').table)) }}
{%- endmacro %}

{% macro skua__drop_relation(relation) -%}
  {% call statement('drop_relation', auto_begin=False) -%}
    drop {{ relation.type }} if exists {{ relation.render() }}
  {%- endcall %}
{% endmacro %}

{% macro skua__get_drop_sql(relation) -%}
  drop {{ relation.type }} if exists {{ relation.render() }}
{%- endmacro %}

{% macro skua__rename_relation(from_relation, to_relation) -%}
  {% call statement('rename_relation') -%}
    alter {{ from_relation.type or 'table' }} {{ from_relation.render() }} rename to {{ to_relation.render() }}
  {%- endcall %}
{% endmacro %}

{% macro skua__truncate_relation(relation) -%}
  {% call statement('truncate_relation') -%}
    truncate table {{ relation.render() }}
  {%- endcall %}
{% endmacro %}

{% macro skua__make_temp_relation(base_relation, suffix) -%}
  {{ return(api.Relation.create(identifier=base_relation.identifier ~ suffix, type='table')) }}
{%- endmacro %}

{% macro skua__current_timestamp() -%}
  cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro skua__snapshot_string_as_time(timestamp) -%}
  {{ return("cast('" ~ timestamp ~ "' as timestamp)") }}
{%- endmacro %}

{% macro skua__snapshot_get_time() -%}
  {{ skua__current_timestamp() }}
{%- endmacro %}

{# partitioned_by and sorted_by are terms of Iceberg, such as day(at) or bucket(16, id). #}
{% macro skua__table_options() -%}
  {%- set partitions = config.get('partitioned_by', []) -%}
  {%- set order = config.get('sorted_by', []) -%}
  {%- set properties = config.get('properties', {}) -%}
  {%- if partitions %} partitioned by ({{ ([partitions] if partitions is string else partitions) | join(', ') }}){% endif -%}
  {%- if order %} sorted by ({{ ([order] if order is string else order) | join(', ') }}){% endif -%}
  {%- if properties %} tblproperties (
    {%- for key, value in properties.items() %}'{{ key }}' = '{{ value }}'{% if not loop.last %}, {% endif %}{% endfor -%}
  ){% endif -%}
{%- endmacro %}

{% macro skua__create_table_as(temporary, relation, compiled_code, language='sql') -%}
  {%- if language != 'sql' -%}
    {% do exceptions.raise_compiler_error('Skua runs models in SQL; ' ~ relation ~ ' is in ' ~ language) %}
  {%- endif -%}
  {%- if temporary -%}
    create or replace temporary table {{ relation }} as {{ compiled_code }}
  {%- else -%}
    {%- set contract = config.get('contract') -%}
    {%- if contract and contract.enforced -%}
      {{ get_assert_columns_equivalent(compiled_code) }}
      create or replace table {{ relation }} {{ get_table_columns_and_constraints() }}{{ skua__table_options() }}
      {#- The rows follow in a statement of their own: a list of types and a query don't go together. -#}
    {%- else -%}
      create or replace table {{ relation }}{{ skua__table_options() }} as {{ compiled_code }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{% macro skua__create_view_as(relation, sql) -%}
  {%- set contract = config.get('contract') -%}
  {%- if contract and contract.enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif -%}
  create or replace view {{ relation }}{{ skua__commented_columns(sql) }} as {{ sql }}
{%- endmacro %}

{# The comments of a view's columns are part of its definition. #}
{% macro skua__commented_columns(sql) -%}
  {%- if config.persist_column_docs() and model.columns -%}
    {%- set described = {} -%}
    {%- for name, column in model.columns.items() if column.description -%}
      {%- do described.update({name | lower: column.description}) -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for name in get_columns_in_query(sql) -%}
      {%- set comment = described.get(name | lower) -%}
      {%- do parts.append(adapter.quote(name) ~ (" comment '" ~ comment | replace("'", "''") ~ "'" if comment else '')) -%}
    {%- endfor -%}
    {{ ' (' ~ parts | join(', ') ~ ')' }}
  {%- endif -%}
{%- endmacro %}

{% macro skua__get_create_view_as_sql(relation, sql) -%}
  {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro skua__get_replace_sql(existing_relation, target_relation, sql) -%}
  {{ return(default__get_replace_sql(existing_relation, target_relation, sql)) }}
{%- endmacro %}

{% macro skua__alter_column_type(relation, column_name, new_column_type) -%}
  {% call statement('alter_column_type') -%}
    alter table {{ relation.render() }} alter column {{ adapter.quote(column_name) }} type {{ new_column_type }}
  {%- endcall %}
{% endmacro %}

{% macro skua__alter_relation_add_remove_columns(relation, add_columns, remove_columns) -%}
  {%- set changes = [] -%}
  {%- for column in add_columns or [] -%}
    {%- do changes.append('add column ' ~ adapter.quote(column.name) ~ ' ' ~ column.data_type) -%}
  {%- endfor -%}
  {%- for column in remove_columns or [] -%}
    {%- do changes.append('drop column ' ~ adapter.quote(column.name)) -%}
  {%- endfor -%}
  {%- if changes -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ changes | join(', ')) -%}
  {%- endif -%}
{% endmacro %}

{% macro skua__alter_relation_comment(relation, comment) -%}
  comment on {{ relation.type }} {{ relation.render() }} is '{{ comment | replace("'", "''") }}'
{%- endmacro %}

{# All of them in one commit. #}
{% macro skua__persist_docs(relation, model, for_relation, for_columns) -%}
  {%- if for_relation and config.persist_relation_docs() and model.description -%}
    {%- do run_query(alter_relation_comment(relation, model.description)) -%}
  {%- endif -%}
  {%- if for_columns and config.persist_column_docs() and model.columns and relation.type != 'view' -%}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set changes = [] -%}
    {%- for name, column in model.columns.items() if column.description -%}
      {%- set found = there | select('equalto', name) | first or (there | select('equalto', name | lower) | first) -%}
      {%- if found -%}
        {%- do changes.append('alter column ' ~ adapter.quote(found) ~ " comment '" ~ column.description | replace("'", "''") ~ "'") -%}
      {%- endif -%}
    {%- endfor -%}
    {%- if changes -%}
      {%- do run_query('alter table ' ~ relation.render() ~ ' ' ~ changes | join(', ')) -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}

{# Rights are the catalog's; nothing is granted in SQL. #}
{% macro skua__apply_grants(relation, grant_config, should_revoke=True) -%}
  {%- if grant_config -%}
    {% do exceptions.warn('Skua leaves rights to the catalog: the grants of ' ~ relation ~ ' were not applied') %}
  {%- endif -%}
{% endmacro %}

{% macro skua__get_show_grant_sql(relation) -%}
  select '' as grantee, '' as privilege_type where false
{%- endmacro %}
