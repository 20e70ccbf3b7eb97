"""Apache Superset's engine specification."""

from superset.constants import TimeGrain
from superset.db_engine_specs.base import BaseEngineSpec


class SkuaEngineSpec(BaseEngineSpec):
    engine = "skua"
    engine_name = "Skua"
    drivers = {"adbc": "ADBC Flight SQL"}
    default_driver = "adbc"
    sqlalchemy_uri_placeholder = "skua://host:50051/catalog?schema=name&token=…"
    allows_joins = True
    allows_subqueries = True
    allows_alias_in_orderby = True
    supports_catalog = False
    time_groupby_inline = False

    _time_grain_expressions = {
        None: "{col}",
        **{
            grain: f"DATE_TRUNC('{unit}', {{col}})"
            for grain, unit in (
                (TimeGrain.SECOND, "second"),
                (TimeGrain.MINUTE, "minute"),
                (TimeGrain.HOUR, "hour"),
                (TimeGrain.DAY, "day"),
                (TimeGrain.WEEK, "week"),
                (TimeGrain.MONTH, "month"),
                (TimeGrain.QUARTER, "quarter"),
                (TimeGrain.YEAR, "year"),
            )
        },
    }

    @classmethod
    def epoch_to_dttm(cls) -> str:
        return "to_timestamp({col})"

    @classmethod
    def convert_dttm(cls, target_type, dttm, db_extra=None):
        name = target_type.upper()
        if name == "DATE":
            return f"DATE '{dttm.date().isoformat()}'"
        if name.startswith("TIMESTAMPTZ"):
            return f"TIMESTAMPTZ '{dttm.isoformat(sep=' ', timespec='microseconds')}+00'"
        if name.startswith(("TIMESTAMP", "DATETIME")):
            return f"TIMESTAMP '{dttm.isoformat(sep=' ', timespec='microseconds')}'"
        return None
