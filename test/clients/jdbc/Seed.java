import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;

/** The quickstart's scenario. */
final class Seed {
  static void run(Checks checks, Server server) throws Exception {
    try (Connection admin = server.connect()) {
      checks.equal("SHOW SCHEMAS gives demo", Server.rows(admin, "SHOW SCHEMAS").stream().map(row -> row.get(0)).toList(),
          List.of("demo"));
      Server.update(admin, "DROP TABLE IF EXISTS " + Server.EVENTS);
      Server.update(admin, "CREATE TABLE " + Server.EVENTS + " (id BIGINT, kind VARCHAR, amount DOUBLE)");
      long count = Server.update(admin, "INSERT INTO " + Server.EVENTS
          + " VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25)");
      checks.equal("the INSERT reports 4 rows", count, 4L);
      String grouped = "SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM " + Server.EVENTS
          + " GROUP BY kind ORDER BY total DESC";
      checks.equal("result rows", Server.rows(admin, grouped),
          List.of(List.of("purchase", 2L, 55.25), List.of("click", 2L, 2.25)));
      try (Statement statement = admin.createStatement(); ResultSet result = statement.executeQuery(grouped)) {
        ResultSetMetaData metadata = result.getMetaData();
        checks.equal("result types",
            List.of(metadata.getColumnType(1), metadata.getColumnType(2), metadata.getColumnType(3)),
            List.of(Types.VARCHAR, Types.BIGINT, Types.DOUBLE));
        checks.equal("result labels",
            List.of(metadata.getColumnLabel(1), metadata.getColumnLabel(2), metadata.getColumnLabel(3)),
            List.of("kind", "n", "total"));
      }
    }

    if (server.readerToken() != null) {
      String count = "SELECT COUNT(*) FROM " + Server.EVENTS;
      try (Connection reader = server.connect(server.readerToken())) {
        checks.equal("a reader counts 4", Server.rows(reader, count), List.of(List.of(4L)));
        checks.refused("a reader's INSERT is refused in the catalog's words",
            () -> Server.update(reader, "INSERT INTO " + Server.EVENTS + " VALUES (5,'click',1.0)"),
            "is not authorized for op");
        checks.equal("and nothing was added", Server.rows(reader, count), List.of(List.of(4L)));
      }
    }
    checks.refused("a forged token is refused", () -> {
      try (Connection forged = server.connect("not.a.real.jwt")) {
        return Server.rows(forged, "SELECT 1");
      }
    }, "UNAUTHENTICATED");
  }
}
