{# One commit: the same Iceberg table with its history, replaced. #}
{% materialization table, adapter='skua', supported_languages=['sql'] %}
  {%- set target = this.incorporate(type='table') -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {%- do skua__replace_table(target, load_cached_relation(this), sql) -%}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do apply_grants(target, config.get('grants')) %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# Makes the table of a model anew, and takes a view of that name away before. #}
{% macro skua__replace_table(target, existing, sql) -%}
  {%- if existing is not none and not existing.is_table -%}
    {%- do adapter.drop_relation(existing) -%}
  {%- endif -%}
  {%- set contract = config.get('contract') -%}
  {%- if contract and contract.enforced -%}
    {#- Names, types and constraints come from the contract, then the rows, in one transaction. -#}
    {%- do run_query('begin') -%}
    {% call statement('create') -%}
      {{ get_create_table_as_sql(False, target, sql) }}
    {%- endcall %}
    {% call statement('main') -%}
      insert into {{ target }} {{ get_select_subquery(sql) }}
    {%- endcall %}
    {%- do run_query('commit') -%}
  {%- else -%}
    {% call statement('main') -%}
      {{ get_create_table_as_sql(False, target, sql) }}
    {%- endcall %}
  {%- endif -%}
{%- endmacro %}
