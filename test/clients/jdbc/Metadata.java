import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** All of DatabaseMetaData that the driver supports. */
final class Metadata {
  static void run(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect()) {
      DatabaseMetaData metadata = connection.getMetaData();
      everyQuestionHasAnAnswer(checks, metadata);
      answers(checks, metadata);
      tree(checks, metadata);
      columns(checks, metadata);
      keys(checks, metadata);
    }
  }

  /** Calls every method that takes no argument, as tools do when they connect. */
  private static void everyQuestionHasAnAnswer(Checks checks, DatabaseMetaData metadata) throws Exception {
    List<String> failures = new ArrayList<>();
    int asked = 0;
    Method[] methods = DatabaseMetaData.class.getMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    for (Method method : methods) {
      if (method.getParameterCount() != 0) continue;
      try {
        Object answer = method.invoke(metadata);
        if (answer instanceof ResultSet result) Server.rows(result);
        asked++;
      } catch (InvocationTargetException error) {
        Throwable cause = error.getCause();
        boolean driverLacksIt = cause instanceof SQLFeatureNotSupportedException
            || cause instanceof UnsupportedOperationException;
        if (!driverLacksIt) failures.add(method.getName() + ": " + cause);
      }
    }
    checks.equal("every question of DatabaseMetaData has an answer", failures, List.of());
    checks.holds("and there were many", asked > 130, asked);
  }

  private static void answers(Checks checks, DatabaseMetaData metadata) throws Exception {
    checks.equal("product name", metadata.getDatabaseProductName(), "Skua");
    checks.holds("product version", metadata.getDatabaseProductVersion().matches("\\d+\\.\\d+\\.\\d+.*"),
        metadata.getDatabaseProductVersion());
    checks.equal("quote", metadata.getIdentifierQuoteString(), "\"");
    checks.equal("catalog term", metadata.getCatalogTerm(), "catalog");
    checks.equal("schema term", metadata.getSchemaTerm(), "schema");
    checks.equal("read only", metadata.isReadOnly(), false);
    checks.equal("transactions", metadata.supportsTransactions(), true);
    checks.equal("savepoints", metadata.supportsSavepoints(), false);
    checks.equal("SQL-92 entry level", metadata.supportsANSI92EntryLevelSQL(), true);
    checks.equal("unions", metadata.supportsUnion() && metadata.supportsUnionAll(), true);
    checks.equal("outer joins", metadata.supportsOuterJoins() && metadata.supportsFullOuterJoins(), true);
    checks.equal("GROUP BY", metadata.supportsGroupBy(), true);
    checks.equal("subqueries", metadata.supportsSubqueriesInIns() && metadata.supportsCorrelatedSubqueries(), true);
    checks.equal("schemas in statements",
        metadata.supportsSchemasInDataManipulation() && metadata.supportsSchemasInTableDefinitions(), true);
    checks.equal("catalogs in statements",
        metadata.supportsCatalogsInDataManipulation() && metadata.supportsCatalogsInTableDefinitions(), true);
    checks.equal("catalog first", metadata.isCatalogAtStart(), true);
    checks.equal("stored procedures", metadata.supportsStoredProcedures(), false);
    checks.equal("positioned updates", metadata.supportsPositionedUpdate() || metadata.supportsPositionedDelete(), false);
    checks.equal("SELECT FOR UPDATE", metadata.supportsSelectForUpdate(), false);
    checks.holds("functions", metadata.getStringFunctions().toLowerCase().contains("lower")
        && metadata.getNumericFunctions().toLowerCase().contains("abs"), metadata.getStringFunctions());
  }

  private static void tree(Checks checks, DatabaseMetaData metadata) throws Exception {
    checks.holds("catalogs", strings(metadata.getCatalogs(), "TABLE_CAT").contains("quickstart"), "no quickstart");
    checks.holds("schemas", strings(metadata.getSchemas(), "TABLE_SCHEM").contains("demo"), "no demo");
    checks.equal("schemas by pattern", strings(metadata.getSchemas("quickstart", "de_o"), "TABLE_SCHEM"),
        List.of("demo"));
    checks.equal("table types", new TreeSet<>(strings(metadata.getTableTypes(), "TABLE_TYPE")),
        new TreeSet<>(List.of("TABLE", "VIEW")));
    checks.equal("tables by pattern",
        strings(metadata.getTables("quickstart", "demo", "event%", new String[] {"TABLE"}), "TABLE_NAME"),
        List.of("events"));
    checks.equal("no such views",
        strings(metadata.getTables("quickstart", "demo", "event%", new String[] {"VIEW"}), "TABLE_NAME"), List.of());
    checks.holds("tables without filters",
        strings(metadata.getTables(null, null, "%", null), "TABLE_NAME").contains("events"), "no events");
  }

  private static void columns(Checks checks, DatabaseMetaData metadata) throws Exception {
    try (ResultSet result = metadata.getColumns("quickstart", "demo", "events", "%")) {
      List<String> names = new ArrayList<>();
      List<Integer> types = new ArrayList<>();
      List<Integer> positions = new ArrayList<>();
      while (result.next()) {
        names.add(result.getString("COLUMN_NAME"));
        types.add(result.getInt("DATA_TYPE"));
        positions.add(result.getInt("ORDINAL_POSITION"));
        checks.holds("type name of " + names.get(names.size() - 1), result.getString("TYPE_NAME") != null, "null");
      }
      checks.equal("column names", names, List.of("id", "kind", "amount"));
      checks.equal("column types", types, List.of(Types.BIGINT, Types.VARCHAR, Types.DOUBLE));
      checks.equal("column positions", positions, List.of(1, 2, 3));
    }
    checks.equal("columns by pattern", strings(metadata.getColumns("quickstart", "demo", "events", "k%"), "COLUMN_NAME"),
        List.of("kind"));
  }

  private static void keys(Checks checks, DatabaseMetaData metadata) throws Exception {
    checks.equal("primary keys", Server.rows(metadata.getPrimaryKeys("quickstart", "demo", "events")), List.of());
    checks.equal("of no table", Server.rows(metadata.getPrimaryKeys("quickstart", "demo", "nothing")), List.of());
    checks.equal("of no schema", Server.rows(metadata.getPrimaryKeys("quickstart", "nowhere", "events")), List.of());
    checks.equal("imported keys", Server.rows(metadata.getImportedKeys("quickstart", "demo", "events")), List.of());
    checks.equal("exported keys", Server.rows(metadata.getExportedKeys("quickstart", "demo", "events")), List.of());
    checks.equal("cross reference",
        Server.rows(metadata.getCrossReference("quickstart", "demo", "events", "quickstart", "demo", "events")),
        List.of());
  }

  private static List<String> strings(ResultSet result, String column) throws Exception {
    List<String> values = new ArrayList<>();
    try (result) {
      while (result.next()) values.add(result.getString(column));
    }
    return values;
  }
}
