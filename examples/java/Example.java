import java.math.BigDecimal;
import java.sql.DriverManager;
import java.util.Properties;

public class Example {
  private static final String TABLE = "quickstart.demo.example_java";

  public static void main(String[] arguments) throws Exception {
    var address = System.getenv().getOrDefault("SKUA_ADDRESS", "127.0.0.1:50051");
    var properties = new Properties();
    properties.put("useEncryption", "false");
    properties.put("token", System.getenv("SKUA_TOKEN"));
    try (var connection = DriverManager.getConnection("jdbc:arrow-flight-sql://" + address, properties);
        var statement = connection.createStatement()) {
      statement.executeUpdate("CREATE OR REPLACE TABLE " + TABLE + " (kind VARCHAR, amount DECIMAL(10, 2))");
      try (var insert = connection.prepareStatement("INSERT INTO " + TABLE + " VALUES (?, ?)")) {
        add(insert, "click", "2.50");
        add(insert, "view", "1.50");
        add(insert, "click", "1.25");
        // All rows in one commit.
        insert.executeBatch();
      }
      var sql = "SELECT kind, sum(amount) AS total FROM " + TABLE + " GROUP BY kind ORDER BY kind";
      try (var rows = statement.executeQuery(sql)) {
        while (rows.next()) System.out.println(rows.getString("kind") + " " + rows.getBigDecimal("total"));
      }
    }
  }

  private static void add(java.sql.PreparedStatement insert, String kind, String amount) throws Exception {
    insert.setString(1, kind);
    insert.setBigDecimal(2, new BigDecimal(amount));
    insert.addBatch();
  }
}
