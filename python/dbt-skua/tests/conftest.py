"""``SKUA_DBT_ADDRESS`` is the ``host:port`` of a server with the catalog ``quickstart``, ``SKUA_DBT_TOKEN`` a token that may write there."""

import os

import pytest

pytest_plugins = ["dbt.tests.fixtures.project"]


@pytest.fixture(scope="class")
def dbt_profile_target():
    host, _, port = os.environ["SKUA_DBT_ADDRESS"].rpartition(":")
    return {
        "type": "skua",
        "threads": 4,
        "host": host,
        "port": int(port),
        "token": os.environ["SKUA_DBT_TOKEN"],
        "catalog": os.environ.get("SKUA_DBT_CATALOG", "quickstart"),
    }
