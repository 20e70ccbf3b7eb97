import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Prepared statements, update counts, cancelling, large results, tokens. */
final class Statements {
  private interface Binding {
    void bind(PreparedStatement statement) throws SQLException;
  }

  /** What tools ask of a connection, and the escapes that they write. */
  static void session(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect()) {
      connection.setCatalog("quickstart");
      Server.update(connection, "USE quickstart.demo");
      checks.equal("catalog, schema and user by SQL",
          Server.rows(connection, "SELECT current_catalog(), current_schema(), current_user, version() LIKE 'Skua %'"),
          List.of(List.of("quickstart", "demo", "adminuser", true)));
      checks.equal("the time zone", Server.rows(connection, "SHOW TIME ZONE"), List.of(List.of("UTC")));
      checks.equal("escapes of JDBC",
          Server.rows(connection, "SELECT {fn UCASE('a')}, {d '2026-01-31'}, 'a%' LIKE 'a!%' {escape '!'}"),
          List.of(List.of("A", Date.valueOf("2026-01-31"), true)));
    }
  }

  static void preparedTypes(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect()) {
      comesBack(checks, connection, "BOOLEAN", s -> s.setBoolean(1, true), true);
      comesBack(checks, connection, "TINYINT", s -> s.setByte(1, (byte) -128), (byte) -128);
      comesBack(checks, connection, "SMALLINT", s -> s.setShort(1, (short) -32768), (short) -32768);
      comesBack(checks, connection, "INTEGER", s -> s.setInt(1, Integer.MIN_VALUE), Integer.MIN_VALUE);
      comesBack(checks, connection, "BIGINT", s -> s.setLong(1, Long.MIN_VALUE), Long.MIN_VALUE);
      comesBack(checks, connection, "FLOAT", s -> s.setFloat(1, 1.5f), 1.5);
      comesBack(checks, connection, "DOUBLE", s -> s.setDouble(1, -0.1), -0.1);
      comesBack(checks, connection, "DECIMAL(38,3)",
          s -> s.setBigDecimal(1, new BigDecimal("12345678901234567890123456789012345.678")),
          new BigDecimal("12345678901234567890123456789012345.678"));
      comesBack(checks, connection, "VARCHAR", s -> s.setString(1, "it's \uD834\uDD1E; --"), "it's \uD834\uDD1E; --");
      comesBack(checks, connection, "DATE", s -> s.setDate(1, Date.valueOf("2026-02-28")), Date.valueOf("2026-02-28"));
      comesBack(checks, connection, "TIME", s -> s.setTime(1, Time.valueOf("12:34:56")), Time.valueOf("12:34:56"));
      comesBack(checks, connection, "TIMESTAMP", s -> s.setTimestamp(1, Timestamp.valueOf("2026-01-02 03:04:05.678")),
          Timestamp.valueOf("2026-01-02 03:04:05.678"));
      comesBack(checks, connection, "BIGINT", s -> s.setNull(1, Types.BIGINT), null);
      try (PreparedStatement statement = connection.prepareStatement("SELECT CAST(? AS BLOB)")) {
        statement.setBytes(1, new byte[] {0, -1});
        try (ResultSet result = statement.executeQuery()) {
          result.next();
          checks.equal("a parameter as BLOB", Arrays.toString(result.getBytes(1)), "[0, -1]");
        }
      }
    }
  }

  private static void comesBack(Checks checks, Connection connection, String type, Binding binding, Object expected)
      throws SQLException {
    String sql = "SELECT CAST(? AS " + type + ") AS value";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      binding.bind(statement);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        checks.equal("a parameter as " + type + (expected == null ? ", null" : ""), result.getObject(1), expected);
      }
    } catch (Exception error) {
      checks.equal("a parameter as " + type, error.toString(), expected);
    }
  }

  static void preparedAgain(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect(); PreparedStatement statement = connection
        .prepareStatement("SELECT kind FROM " + Server.EVENTS + " WHERE id = ?")) {
      checks.equal("one parameter", statement.getParameterMetaData().getParameterCount(), 1);
      for (String[] pair : new String[][] {{"1", "click"}, {"2", "purchase"}, {"1", "click"}}) {
        statement.setLong(1, Long.parseLong(pair[0]));
        try (ResultSet result = statement.executeQuery()) {
          result.next();
          checks.equal("run again with " + pair[0], result.getString(1), pair[1]);
        }
      }
    }
  }

  static void updateCounts(Checks checks, Server server) throws Exception {
    String table = "quickstart.demo.jdbc_counts";
    try (Connection connection = server.connect()) {
      Server.update(connection, "DROP TABLE IF EXISTS " + table);
      Server.update(connection, "CREATE TABLE " + table + " (id BIGINT, name VARCHAR)");
      checks.equal("an INSERT of three", Server.update(connection,
          "INSERT INTO " + table + " VALUES (1,'a'),(2,'b'),(3,'c')"), 3L);
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + table + " VALUES (?, ?)")) {
        insert.setLong(1, 4);
        insert.setString(2, "d");
        checks.equal("a prepared INSERT", insert.executeUpdate(), 1);
        for (int n = 5; n < 8; n++) {
          insert.setLong(1, n);
          insert.setString(2, "n" + n);
          insert.addBatch();
        }
        checks.equal("a batch of three", Arrays.stream(insert.executeBatch()).sum(), 3);
      }
      checks.equal("an INSERT from a query",
          Server.update(connection, "INSERT INTO " + table + " SELECT id + 10, name FROM " + table), 7L);
      checks.equal("rows that are there", Server.rows(connection, "SELECT COUNT(*), COUNT(DISTINCT id) FROM " + table),
          List.of(List.of(14L, 14L)));
      checks.equal("an UPDATE", Server.update(connection, "UPDATE " + table + " SET name = 'new' WHERE id > 10"), 7L);
      try (PreparedStatement update = connection.prepareStatement("UPDATE " + table + " SET name = ? WHERE id = ?")) {
        for (int n = 1; n < 4; n++) {
          update.setString(1, "changed " + n);
          update.setLong(2, n);
          update.addBatch();
        }
        checks.equal("a batch of three prepared UPDATEs", Arrays.stream(update.executeBatch()).sum(), 3);
      }
      try (PreparedStatement delete = connection.prepareStatement("DELETE FROM " + table + " WHERE name = ?")) {
        delete.setString(1, "new");
        checks.equal("a prepared DELETE", delete.executeUpdate(), 7);
      }
      checks.equal("what the changes left", Server.rows(connection, "SELECT COUNT(*), MIN(name) FROM " + table),
          List.of(List.of(7L, "changed 1")));
      try (Statement statement = connection.createStatement()) {
        checks.equal("execute() of a query gives a result", statement.execute("SELECT 1"), true);
        checks.equal("execute() of a change gives none", statement.execute("DROP TABLE " + table), false);
      }
    }
  }

  static void cancel(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect(); Statement statement = connection.createStatement()) {
      CompletableFuture<Void> other;
      try (ResultSet result = statement
          .executeQuery("SELECT a.range AS a, b.range AS b FROM range(1000000000) a, range(1000000000) b")) {
        result.next();
        other = CompletableFuture.runAsync(() -> {
          try {
            statement.cancel();
          } catch (SQLException error) {
            throw new IllegalStateException(error);
          }
        }, CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS));
        checks.refused("cancel from a second thread ends the result", () -> {
          while (result.next()) { }
          return "the end of the result, as if it were whole";
        }, "cancel");
        other.get(30, TimeUnit.SECONDS);
      }
      checks.equal("the connection goes on", Server.rows(connection, "SELECT 1"), List.of(List.of(1)));
    }
  }

  static void largeResult(Checks checks, Server server) throws Exception {
    long rows = 5_000_000;
    try (Connection connection = server.connect(); Statement statement = connection.createStatement()) {
      statement.setFetchSize(100);
      long start = System.nanoTime();
      long seen = 0;
      long sum = 0;
      try (ResultSet result = statement.executeQuery("SELECT range AS n FROM range(" + rows + ")")) {
        while (result.next()) {
          seen++;
          sum += result.getLong(1);
        }
      }
      checks.equal("5 million rows with a fetch size of 100", seen + " " + sum, rows + " " + rows * (rows - 1) / 2);
      System.out.printf("        %.2f s%n", (System.nanoTime() - start) / 1e9);
    }
  }

  static void tokens(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connectWithPassword("token", server.token())) {
      checks.equal("the token as a password", Server.rows(connection, "SELECT 1"), List.of(List.of(1)));
    }
    checks.refused("any other password is refused", () -> {
      try (Connection connection = server.connectWithPassword("adminuser", "adminuser123")) {
        return Server.rows(connection, "SELECT 1");
      }
    }, "UNAUTHENTICATED");
    if (server.expiredToken() != null) {
      checks.refused("an expired token says so", () -> {
        try (Connection connection = server.connect(server.expiredToken())) {
          return Server.rows(connection, "SELECT 1");
        }
      }, "expired");
      try (Connection connection = server.connect()) {
        checks.equal("and a fresh one connects again", Server.rows(connection, "SELECT 1"), List.of(List.of(1)));
      }
    }
  }

  static void errors(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect()) {
      checks.refused("a syntax error", () -> Server.rows(connection, "SELEC 1"), "line 1");
      checks.refused("an unknown table", () -> Server.rows(connection, "SELECT * FROM quickstart.demo.no_such"),
          "no_such");
      checks.refused("an unknown column", () -> Server.rows(connection, "SELECT no_such FROM " + Server.EVENTS),
          "no_such");
      checks.equal("the connection goes on", Server.rows(connection, "SELECT 1"), List.of(List.of(1)));
    }
  }
}
