import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.List;

/** Parameters in arithmetic, functions and conditions, where the driver binds what it is told that the server takes. */
final class Parameters {
  interface Binding {
    void bind(PreparedStatement statement) throws SQLException;
  }

  private static final String TABLE = "quickstart.demo.jdbc_parameters";

  static void run(Checks checks, Server server) throws Exception {
    try (Connection connection = server.connect()) {
      Server.update(connection, "DROP TABLE IF EXISTS " + TABLE);
      Server.update(connection, "CREATE TABLE " + TABLE + " (id INTEGER, i INTEGER, x DOUBLE, name VARCHAR, day DATE)");
      Server.update(connection, "INSERT INTO " + TABLE + " VALUES (1, 10, 1.5, 'a', '2026-01-31'), (2, 20, 2.5, 'b', '2026-02-28')");
      queries(checks, connection);
      changes(checks, connection);
      Server.update(connection, "DROP TABLE " + TABLE);
    }
  }

  private static void queries(Checks checks, Connection connection) {
    gives(checks, connection, "SELECT ? + 1", s -> s.setInt(1, 41), 42L);
    gives(checks, connection, "SELECT ? + 1", s -> s.setLong(1, 1L << 40), (1L << 40) + 1);
    gives(checks, connection, "SELECT i + ? FROM " + TABLE + " WHERE id = 1", s -> s.setInt(1, 5), 15L);
    gives(checks, connection, "SELECT x * ? FROM " + TABLE + " WHERE id = 1", s -> s.setDouble(1, 1.5), 2.25);
    gives(checks, connection, "SELECT x * ? FROM " + TABLE + " WHERE id = 1", s -> s.setInt(1, 2), 3.0);
    gives(checks, connection, "SELECT abs(?)", s -> s.setInt(1, -5), 5L);
    gives(checks, connection, "SELECT round(?, 1)", s -> s.setDouble(1, 2.25), 2.3);
    gives(checks, connection, "SELECT sqrt(?)", s -> s.setInt(1, 9), 3.0);
    gives(checks, connection, "SELECT year(?)", s -> s.setDate(1, Date.valueOf("2026-03-01")), 2026L);
    gives(checks, connection, "SELECT date_trunc('month', ?)",
        s -> s.setTimestamp(1, Timestamp.valueOf("2026-03-09 10:00:00")), Timestamp.valueOf("2026-03-01 00:00:00"));
    gives(checks, connection, "SELECT day + ? FROM " + TABLE + " WHERE id = 1", s -> s.setInt(1, 1), Date.valueOf("2026-02-01"));
    gives(checks, connection, "SELECT name || ? FROM " + TABLE + " WHERE id = 1", s -> s.setString(1, "!"), "a!");
    gives(checks, connection, "SELECT ?", s -> s.setString(1, "text"), "text");
    gives(checks, connection, "SELECT coalesce(NULL::INTEGER, ?)", s -> s.setInt(1, 7), 7);
    gives(checks, connection, "SELECT coalesce(?, 'd')", s -> s.setNull(1, Types.VARCHAR), "d");
    gives(checks, connection, "SELECT ? = UUID '11111111-2222-3333-4444-555555555555'",
        s -> s.setString(1, "11111111-2222-3333-4444-555555555555"), true);
    String either = "SELECT count(*) FROM " + TABLE + " WHERE ? IS NULL OR id = ?";
    gives(checks, connection, either, s -> {
      s.setInt(1, 2);
      s.setInt(2, 2);
    }, 1L);
    gives(checks, connection, either, s -> {
      s.setNull(1, Types.INTEGER);
      s.setNull(2, Types.INTEGER);
    }, 2L);
    String named = "SELECT count(*) FROM " + TABLE + " WHERE ? IS NULL OR name = ?";
    gives(checks, connection, named, s -> {
      s.setString(1, "a");
      s.setString(2, "a");
    }, 1L);
    String having = "SELECT count(*) FROM (SELECT name FROM " + TABLE + " GROUP BY name HAVING sum(i) > ?)";
    gives(checks, connection, having, s -> s.setInt(1, 15), 1L);
    gives(checks, connection, "SELECT count(*) FROM " + TABLE + " WHERE i BETWEEN ? AND ? + 5", s -> {
      s.setInt(1, 5);
      s.setInt(2, 10);
    }, 1L);
  }

  private static void changes(Checks checks, Connection connection) throws SQLException {
    changes(checks, connection, "UPDATE " + TABLE + " SET i = i + ? WHERE id = ?", s -> {
      s.setInt(1, 100);
      s.setInt(2, 1);
    });
    changes(checks, connection, "INSERT INTO " + TABLE + " (id, i, name) SELECT ?, ?, ?", s -> {
      s.setInt(1, 3);
      s.setInt(2, 30);
      s.setString(3, "c");
    });
    changes(checks, connection, "INSERT INTO " + TABLE + " (id, x) VALUES (?, ? * 2)", s -> {
      s.setInt(1, 4);
      s.setInt(2, 2);
    });
    checks.equal("what the changes with parameters left",
        Server.rows(connection, "SELECT id, i, x, name FROM " + TABLE + " WHERE id <> 2 ORDER BY id"),
        java.util.Arrays.asList(List.of(1, 110, 1.5, "a"), java.util.Arrays.asList(3, 30, null, "c"),
            java.util.Arrays.asList(4, null, 4.0, null)));
  }

  private static void gives(Checks checks, Connection connection, String sql, Binding binding, Object expected) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      binding.bind(statement);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        checks.equal(sql, result.getObject(1), expected);
      }
    } catch (Exception error) {
      checks.equal(sql, error.toString(), expected);
    }
  }

  private static void changes(Checks checks, Connection connection, String sql, Binding binding) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      binding.bind(statement);
      checks.equal(sql, statement.executeUpdate(), 1);
    } catch (Exception error) {
      checks.equal(sql, error.toString(), 1);
    }
  }
}
