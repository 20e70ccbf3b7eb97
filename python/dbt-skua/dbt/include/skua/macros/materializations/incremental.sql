{# The rows to add are a query in the statement that adds them: nothing is kept in between, and each strategy is one commit. #}
{% materialization incremental, adapter='skua', supported_languages=['sql'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set predicates = config.get('predicates', none) or config.get('incremental_predicates', none) -%}
  {%- set build = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- if existing is none or should_full_refresh() or not existing.is_table -%}
    {%- do skua__replace_table(target, existing, sql) -%}
  {%- else -%}
    {%- set source = api.Relation.create(identifier=this.identifier ~ '__dbt_tmp', type='view') -%}
    {%- do run_query('create or replace temporary view ' ~ source ~ ' as ' ~ sql) -%}
    {%- set columns = process_schema_changes(on_schema_change, source, existing) or adapter.get_columns_in_relation(existing) -%}
    {%- set arguments = {
      'target_relation': target, 'temp_relation': source, 'unique_key': unique_key,
      'dest_columns': columns, 'incremental_predicates': predicates
    } -%}
    {%- for step in skua__steps(build(arguments)) -%}
      {% call statement('main' if loop.last else 'step') -%}
        {{ step }}
      {%- endcall %}
    {%- endfor -%}
    {%- do run_query('drop view if exists ' ~ source) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do apply_grants(target, config.get('grants')) %}
  {% do persist_docs(target, model) %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# A call takes one statement; between them stands this mark. #}
{% macro skua__next_step() -%}
/* next statement */
{%- endmacro %}

{% macro skua__steps(sql) -%}
  {{ return(sql.split('/* next statement */')) }}
{%- endmacro %}

{% macro skua__get_incremental_default_sql(arguments) -%}
  {{ return(get_incremental_merge_sql(arguments) if arguments['unique_key'] else get_incremental_append_sql(arguments)) }}
{%- endmacro %}

{% macro skua__get_incremental_append_sql(arguments) -%}
  {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
  insert into {{ arguments['target_relation'] }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}

{% macro skua__get_incremental_insert_overwrite_sql(arguments) -%}
  {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
  insert overwrite {{ arguments['target_relation'] }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}

{% macro skua__get_incremental_merge_sql(arguments) -%}
  {%- if not arguments['unique_key'] -%}
    {{ return(get_incremental_append_sql(arguments)) }}
  {%- endif -%}
  {{ return(default__get_incremental_merge_sql(arguments)) }}
{%- endmacro %}

{% macro skua__get_incremental_delete_insert_sql(arguments) -%}
  {%- set target = arguments['target_relation'] -%}
  {%- set source = arguments['temp_relation'] -%}
  {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
  {%- set unique_key = arguments['unique_key'] -%}
  {%- set keys = [unique_key] if unique_key is string else unique_key -%}
  {%- set insert -%}
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ source }}
  {%- endset -%}
  {%- if not keys -%}
    {{ return(insert) }}
  {%- endif -%}
  {%- set delete -%}
    delete from {{ target }} as dbt_target where exists (
      select 1 from {{ source }} as dbt_source where {% for key in keys -%}
        dbt_source.{{ key }} = dbt_target.{{ key }}{% if not loop.last %} and {% endif %}
      {%- endfor %}
    )
    {%- for predicate in arguments['incremental_predicates'] or [] %} and {{ predicate }}{% endfor %}
  {%- endset -%}
  {#- The source may read the target, so its rows are taken before any of them goes. -#}
  {%- set rows = api.Relation.create(identifier=source.identifier ~ '_rows', type='table') -%}
  {%- set parts = [
    'create or replace temporary table ' ~ rows ~ ' as select * from ' ~ source,
    'begin',
    delete | replace(source | string, rows | string),
    insert | replace(source | string, rows | string),
    'commit',
    'drop table if exists ' ~ rows
  ] -%}
  {{ return(parts | join(skua__next_step())) }}
{%- endmacro %}

{% macro skua__get_incremental_microbatch_sql(arguments) -%}
  {%- set target = arguments['target_relation'] -%}
  {%- set source = arguments['temp_relation'] -%}
  {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
  {%- set event_time = model.config.event_time -%}
  {%- set conditions = (arguments['incremental_predicates'] or []) | list -%}
  {%- if model.batch and model.batch.event_time_start -%}
    {%- do conditions.append(event_time ~ " >= cast('" ~ model.batch.event_time_start ~ "' as timestamptz)") -%}
  {%- endif -%}
  {%- if model.batch and model.batch.event_time_end -%}
    {%- do conditions.append(event_time ~ " < cast('" ~ model.batch.event_time_end ~ "' as timestamptz)") -%}
  {%- endif -%}
  {%- set parts = [
    'begin',
    'delete from ' ~ target ~ ' where ' ~ (conditions | join(' and ') or 'true'),
    'insert into ' ~ target ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ source,
    'commit'
  ] -%}
  {{ return(parts | join(skua__next_step())) }}
{%- endmacro %}
