import java.util.Map;
import java.util.logging.LogManager;

/**
 * Skua through the Arrow Flight SQL JDBC driver. {@code run.sh} compiles and runs it:
 * {@code run.sh seed|full} with SKUA_ADDRESS, SKUA_TOKEN and, for the refusals, SKUA_TEST_READER_TOKEN and SKUA_TEST_EXPIRED_TOKEN.
 */
public final class JdbcClient {
  public static void main(String[] arguments) {
    // The driver logs every refusal that is checked here.
    LogManager.getLogManager().reset();
    Map<String, String> environment = System.getenv();
    String token = environment.get("SKUA_TOKEN");
    if (arguments.length < 1 || token == null) {
      System.err.println("usage: SKUA_ADDRESS=host:port SKUA_TOKEN=... run.sh seed|full");
      System.exit(2);
    }
    Server server = new Server(environment.getOrDefault("SKUA_ADDRESS", "127.0.0.1:50051"), token,
        environment.get("SKUA_TEST_READER_TOKEN"), environment.get("SKUA_TEST_EXPIRED_TOKEN"));
    Checks checks = new Checks();
    checks.group("seed scenario", () -> Seed.run(checks, server));
    if (arguments[0].equals("full")) {
      checks.group("metadata", () -> Metadata.run(checks, server));
      checks.group("session", () -> Statements.session(checks, server));
      checks.group("prepared types", () -> Statements.preparedTypes(checks, server));
      checks.group("parameters", () -> Parameters.run(checks, server));
      checks.group("prepared again", () -> Statements.preparedAgain(checks, server));
      checks.group("update counts", () -> Statements.updateCounts(checks, server));
      checks.group("cancel", () -> Statements.cancel(checks, server));
      checks.group("large result", () -> Statements.largeResult(checks, server));
      checks.group("tokens", () -> Statements.tokens(checks, server));
      checks.group("errors", () -> Statements.errors(checks, server));
    }
    System.exit(checks.finish());
  }
}
