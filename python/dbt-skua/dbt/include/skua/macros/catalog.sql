{# For dbt docs: tables and their columns. #}

{% macro skua__get_catalog(information_schema, schemas) -%}
  {%- set conditions = [] -%}
  {%- for schema in schemas -%}
    {%- do conditions.append("t.table_schema = '" ~ schema ~ "'") -%}
  {%- endfor -%}
  {{ return(skua__catalog_rows(information_schema, conditions)) }}
{%- endmacro %}

{% macro skua__get_catalog_relations(information_schema, relations) -%}
  {%- set conditions = [] -%}
  {%- for relation in relations -%}
    {%- if relation.identifier -%}
      {%- do conditions.append("(t.table_schema = '" ~ relation.schema ~ "' and t.table_name = '" ~ relation.identifier ~ "')") -%}
    {%- else -%}
      {%- do conditions.append("t.table_schema = '" ~ relation.schema ~ "'") -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(skua__catalog_rows(information_schema, conditions)) }}
{%- endmacro %}

{% macro skua__catalog_rows(information_schema, conditions) -%}
  {%- set database = information_schema.database -%}
  {#- Each part names what it is asked for: joined first, it would be that of all tables. -#}
  {%- set wanted = conditions | join(' or ') -%}
  {% call statement('catalog', fetch_result=True) %}
    select
      t.table_catalog as table_database,
      t.table_schema as table_schema,
      t.table_name as table_name,
      t.table_type as table_type,
      m.comment as table_comment,
      c.column_name as column_name,
      c.ordinal_position as column_index,
      c.data_type as column_type,
      c.column_comment as column_comment,
      cast(null as varchar) as table_owner
    from {{ skua__information_schema(database, 'tables') }} t
    join (select * from {{ skua__information_schema(database, 'columns') }} t where {{ wanted }}) c
      on c.table_schema = t.table_schema and c.table_name = t.table_name
    left join (select * from {{ skua__information_schema(database, 'table_comments') }} t where {{ wanted }}) m
      on m.table_schema = t.table_schema and m.table_name = t.table_name
    where {{ wanted }}
    order by t.table_schema, t.table_name, c.ordinal_position
  {% endcall %}
  {{ return(load_result('catalog').table) }}
{%- endmacro %}
