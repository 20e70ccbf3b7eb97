import pytest
from sqlalchemy.dialects import registry

registry.register("skua", "sqlalchemy_skua.dialect", "SkuaDialect")
registry.register("skua.adbc", "sqlalchemy_skua.dialect", "SkuaDialect")
pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402, F403
