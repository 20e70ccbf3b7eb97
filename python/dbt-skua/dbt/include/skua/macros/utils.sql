{# The functions of dbt's cross-database macros that have other names here. #}

{% macro skua__any_value(expression) -%}
  any_value({{ expression }})
{%- endmacro %}

{% macro skua__dateadd(datepart, interval, from_date_or_timestamp) -%}
  ({{ from_date_or_timestamp }} + ({{ interval }}) * interval 1 {{ datepart }})
{%- endmacro %}

{% macro skua__datediff(first_date, second_date, datepart) -%}
  date_diff('{{ datepart }}', cast({{ first_date }} as timestamp), cast({{ second_date }} as timestamp))
{%- endmacro %}

{% macro skua__last_day(date, datepart) -%}
  {%- if datepart == 'month' -%}
    last_day({{ date }})
  {%- else -%}
    cast(date_trunc('{{ datepart }}', {{ date }}) + interval 1 {{ datepart }} - interval 1 day as date)
  {%- endif -%}
{%- endmacro %}

{% macro skua__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- if limit_num -%}
    list_aggregate((array_agg({{ measure }} {{ order_by_clause or '' }}))[1:{{ limit_num }}], 'string_agg', {{ delimiter_text }})
  {%- else -%}
    string_agg({{ measure }}, {{ delimiter_text }} {{ order_by_clause or '' }})
  {%- endif -%}
{%- endmacro %}

{% macro skua__split_part(string_text, delimiter_text, part_number) -%}
  string_split({{ string_text }}, {{ delimiter_text }})[{{ part_number }}]
{%- endmacro %}

{% macro skua__array_construct(inputs, data_type) -%}
  {%- if inputs -%}[{{ inputs | join(', ') }}]{%- else -%}cast([] as {{ data_type }}[]){%- endif -%}
{%- endmacro %}

{% macro skua__array_append(array, new_element) -%}
  list_append({{ array }}, {{ new_element }})
{%- endmacro %}

{% macro skua__array_concat(array_1, array_2) -%}
  list_concat({{ array_1 }}, {{ array_2 }})
{%- endmacro %}

{% macro skua__bool_or(expression) -%}
  bool_or({{ expression }})
{%- endmacro %}

{% macro skua__cast_bool_to_text(field) -%}
  cast({{ field }} as varchar)
{%- endmacro %}

{% macro skua__type_string() -%}
  varchar
{%- endmacro %}

{% macro skua__type_timestamp() -%}
  timestamp
{%- endmacro %}

{% macro skua__type_float() -%}
  double
{%- endmacro %}

{% macro skua__type_numeric() -%}
  decimal(28, 6)
{%- endmacro %}

{% macro skua__get_intervals_between(start_date, end_date, datepart) -%}
  {{ return(default__get_intervals_between(start_date, end_date, datepart)) }}
{%- endmacro %}
