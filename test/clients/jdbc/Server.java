import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Connections to one address. */
record Server(String address, String token, String readerToken, String expiredToken) {
  static final String EVENTS = "quickstart.demo.events";

  Connection connect(String bearer) throws SQLException {
    String encoded = URLEncoder.encode(bearer, StandardCharsets.UTF_8);
    return DriverManager.getConnection(url() + "&token=" + encoded);
  }

  Connection connect() throws SQLException {
    return connect(token);
  }

  Connection connectWithPassword(String user, String password) throws SQLException {
    Properties properties = new Properties();
    properties.put("user", user);
    properties.put("password", password);
    return DriverManager.getConnection(url(), properties);
  }

  private String url() {
    return "jdbc:arrow-flight-sql://" + address + "/?useEncryption=false";
  }

  /** Every row of a query as a list of its values. */
  static List<List<Object>> rows(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return rows(statement.executeQuery(sql));
    }
  }

  /** Every row of a result, which is closed. */
  static List<List<Object>> rows(ResultSet given) throws SQLException {
    try (ResultSet result = given) {
      List<List<Object>> rows = new ArrayList<>();
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<Object> row = new ArrayList<>();
        for (int column = 1; column <= columns; column++) row.add(result.getObject(column));
        rows.add(row);
      }
      return rows;
    }
  }

  static long update(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeLargeUpdate(sql);
    }
  }
}
