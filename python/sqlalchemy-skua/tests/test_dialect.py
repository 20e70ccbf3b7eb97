"""What users of the dialect may rely on. ``SKUA_SQLALCHEMY_URL`` names a server; the tests work in a schema of their own."""

import datetime
import os
import uuid
from decimal import Decimal

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    create_engine,
    exc,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.dialects import registry
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateSchema, DropSchema

from sqlalchemy_skua.types import MAP, STRUCT, parse_type

# As the entry point of the installed package does.
registry.register("skua", "sqlalchemy_skua.dialect", "SkuaDialect")

URL = os.environ.get("SKUA_SQLALCHEMY_URL")
SCHEMA = "sqlalchemy_tests"
pytestmark = pytest.mark.skipif(URL is None, reason="SKUA_SQLALCHEMY_URL is not set")


@pytest.fixture(scope="module")
def engine():
    plain = create_engine(URL)
    with plain.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        connection.execute(CreateSchema(SCHEMA))
    engine = create_engine(make_url(URL).update_query_dict({"schema": SCHEMA}))
    yield engine
    engine.dispose()
    with plain.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))
    plain.dispose()


@pytest.fixture
def metadata(engine):
    metadata = MetaData()
    yield metadata
    metadata.drop_all(engine)


def test_values_of_every_type_come_back(engine, metadata):
    table = Table(
        "every",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("flag", Boolean),
        Column("small", Integer),
        Column("ratio", Double),
        Column("price", Numeric(10, 2)),
        Column("name", String(20)),
        Column("data", LargeBinary),
        Column("day", Date),
        Column("hour", Time),
        Column("at", DateTime),
        Column("instant", DateTime(timezone=True)),
        Column("key", Uuid),
        Column("tags", ARRAY(String)),
        Column("document", JSON),
    )
    metadata.create_all(engine)
    row = {
        "id": 2**40,
        "flag": True,
        "small": -7,
        "ratio": 0.1,
        "price": Decimal("12.50"),
        "name": "it's ü",
        "data": b"\x00\xff",
        "day": datetime.date(1500, 2, 28),
        "hour": datetime.time(1, 2, 3, 4),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
        "instant": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "key": uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"),
        "tags": ["a", None],
        "document": {"a": [1, None]},
    }
    nulls = {**dict.fromkeys(row), "id": 1, "document": None}
    with engine.begin() as connection:
        connection.execute(insert(table), row)
        connection.execute(insert(table), nulls)
    with engine.connect() as connection:
        found = connection.execute(select(table).order_by(table.c.id.desc())).mappings().all()
        assert dict(found[0]) == row
        assert all(value is None for key, value in found[1].items() if key != "id")
        matches = select(table.c.id).where(table.c.key == row["key"], table.c.at == row["at"], table.c.price > 12)
        assert connection.scalar(matches) == 2**40


def test_reflects_columns_keys_and_comments(engine, metadata):
    Table(
        "shown",
        metadata,
        Column("id", Integer, primary_key=True, comment="the key"),
        Column("part", String, primary_key=True),
        Column("amount", Numeric(8, 3), server_default=text("1.5")),
        Column("place", STRUCT([("x", Double()), ("names", ARRAY(String))])),
        Column("counts", MAP(String(), Integer())),
        comment="what is shown",
        skua_partitioned_by=["bucket(4, id)"],
        skua_properties={"write.parquet.compression-codec": "zstd"},
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW seen AS SELECT id FROM shown"))
    inspector = inspect(engine)
    assert inspector.get_table_names() == ["shown"]
    assert inspector.get_view_names() == ["seen"]
    assert "SELECT id" in inspector.get_view_definition("seen")
    assert inspector.has_table("shown") and inspector.has_table("seen") and not inspector.has_table("missing")
    assert SCHEMA in inspector.get_schema_names()
    columns = {column["name"]: column for column in inspector.get_columns("shown")}
    assert [str(column["type"]) for column in columns.values()][:3] == ["INTEGER", "VARCHAR", "DECIMAL(8, 3)"]
    assert [column["nullable"] for column in columns.values()] == [False, False, True, True, True]
    assert columns["id"]["comment"] == "the key"
    assert isinstance(columns["place"]["type"], STRUCT) and isinstance(columns["counts"]["type"], MAP)
    assert inspector.get_pk_constraint("shown")["constrained_columns"] == ["id", "part"]
    assert inspector.get_table_comment("shown") == {"text": "what is shown"}
    assert inspector.get_indexes("shown") == [] and inspector.get_foreign_keys("shown") == []
    with pytest.raises(exc.NoSuchTableError):
        inspector.get_columns("missing")
    again = Table("shown", MetaData(), autoload_with=engine)
    assert [column.name for column in again.primary_key] == ["id", "part"]
    with engine.begin() as connection:
        assert "BUCKET(4" in connection.scalar(text("SHOW CREATE TABLE shown")).upper()
        connection.execute(text("DROP VIEW seen"))


def test_schemas_other_than_the_default(engine):
    other = f"{SCHEMA}_2"
    table = Table("t", MetaData(schema=other), Column("id", Integer, primary_key=True))
    with engine.begin() as connection:
        connection.execute(CreateSchema(other, if_not_exists=True))
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(table), [{"id": 1}, {"id": 2}])
        assert connection.scalar(select(func.count()).select_from(table)) == 2
    assert inspect(engine).get_table_names(schema=other) == ["t"]
    table.metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.execute(DropSchema(other))


def test_transactions_take_effect_together_or_not_at_all(engine, metadata):
    table = Table("accounts", metadata, Column("id", Integer, primary_key=True), Column("sum", Integer))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(table), [{"id": 1, "sum": 10}, {"id": 2, "sum": 0}])
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(update(table).where(table.c.id == 1).values(sum=0))
        assert connection.scalar(select(func.sum(table.c.sum))) == 0
        raise ZeroDivisionError
    with engine.connect() as connection:
        assert connection.scalar(select(func.sum(table.c.sum))) == 10
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.execute(update(table).values(sum=1)).rowcount == 2
    with engine.connect() as connection:
        assert connection.scalar(select(func.sum(table.c.sum))) == 2


def test_the_orm_adds_changes_and_removes(engine):
    class Base(DeclarativeBase):
        pass

    class Person(Base):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        name: Mapped[str]

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Person(id=1, name="Ada"), Person(id=2, name="Grace")])
        session.commit()
        session.get(Person, 1).name = "Ada L."
        session.delete(session.get(Person, 2))
        session.commit()
        assert session.scalars(select(Person.name)).all() == ["Ada L."]
    Base.metadata.drop_all(engine)


def test_statements_of_more_than_one_form(engine, metadata):
    table = Table("forms", metadata, Column("id", Integer, primary_key=True), Column("name", String))
    Table("child", metadata, Column("id", Integer, ForeignKey("forms.id"), primary_key=True))
    metadata.create_all(engine)
    with engine.begin() as connection:
        made = connection.execute(insert(table).returning(table.c.id), {"id": 1, "name": "a%b"})
        assert made.all() == [(1,)]
        connection.execute(insert(table).values([{"id": 2, "name": "B"}, {"id": 3, "name": None}]))
        one = table.c.id
        assert connection.scalars(select(one).where(table.c.name.ilike("A\\%b", escape="\\"))).all() == [1]
        assert connection.scalars(select(one).order_by(one).limit(1).offset(1)).all() == [2]
        assert connection.scalars(select(one).where(one.in_([1, 3])).order_by(one.desc())).all() == [3, 1]
        assert connection.scalars(select(one).where(one.in_([]))).all() == []
        assert connection.scalars(select(one).where(table.c.name.regexp_match("^a"))).all() == [1]
        assert connection.scalars(select(one).where(table.c.name.is_distinct_from("B")).order_by(one)).all() == [1, 3]


def test_what_iceberg_lacks_is_said(engine, metadata):
    table = Table("lacks", metadata, Column("id", Integer, primary_key=True), Index("by_id", "id"))
    with pytest.raises(exc.CompileError, match="no indexes"):
        table.create(engine)
    with pytest.raises(exc.ArgumentError, match="Unknown in the URL: tokn"):
        create_engine("skua://localhost/c?tokn=x").connect()
    with engine.connect() as connection, pytest.raises(exc.ProgrammingError, match="missing_table"):
        connection.execute(text("SELECT * FROM missing_table"))


def test_values_of_other_python_types_are_taken(engine, metadata):
    table = Table(
        "others",
        metadata,
        Column("id", Integer),
        Column("day", Date),
        Column("amount", Numeric(10, 4)),
        Column("digits", Uuid(native_uuid=False)),
    )
    metadata.create_all(engine)
    given = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")
    moment = datetime.datetime(2024, 2, 29, 12, 57, 18)
    rows = [
        {"id": 1, "day": moment, "amount": 15.7563, "digits": given},
        {"id": 2, "day": moment.date(), "amount": Decimal("15.7563"), "digits": given},
    ]
    with engine.begin() as connection:
        assert not connection.execute(insert(table), rows).returns_rows
        found = connection.execute(select(table.c.day, table.c.amount, table.c.digits).order_by(table.c.id)).all()
        assert found == [(moment.date(), Decimal("15.7563"), given)] * 2
        assert connection.scalar(select(table.c.amount / 2).where(table.c.id == 1)) == Decimal("7.8781500000")


def test_types_are_read_as_the_server_writes_them():
    kind = parse_type('STRUCT("a, b" INTEGER NOT NULL, c STRUCT(d DECIMAL(10, 2)[]))')
    assert [name for name, _ in kind.fields] == ["a, b", "c"]
    assert str(kind.fields[1][1].fields[0][1].item_type) == "DECIMAL(10, 2)"
    assert str(parse_type("MAP(VARCHAR, TIMESTAMPTZ)").value) == "TIMESTAMP"
