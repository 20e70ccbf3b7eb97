import java.util.Objects;

/** A list of checks that ends in an exit code. */
final class Checks {
  interface Action {
    Object run() throws Exception;
  }

  interface Part {
    void run() throws Exception;
  }

  private int passed;
  private int failed;

  void equal(String name, Object got, Object expected) {
    report(Objects.equals(got, expected), name, "got " + got + ", expected " + expected);
  }

  void holds(String name, boolean condition, Object detail) {
    report(condition, name, String.valueOf(detail));
  }

  /** The action must fail, and the sentence must be somewhere in the chain of causes. */
  void refused(String name, Action action, String sentence) {
    try {
      report(false, name, "was not refused, it gave " + action.run());
    } catch (Exception error) {
      StringBuilder said = new StringBuilder();
      for (Throwable cause = error; cause != null; cause = cause.getCause()) said.append(cause).append('\n');
      report(said.toString().toLowerCase().contains(sentence.toLowerCase()), name, said.toString());
    }
  }

  /** Runs a part with several checks; a part that raises is a failed check, and the others still run. */
  void group(String name, Part part) {
    System.out.println("-- " + name);
    try {
      part.run();
    } catch (Exception error) {
      report(false, name, error.toString());
      error.printStackTrace(System.out);
    }
  }

  int finish() {
    System.out.println(passed + " checks passed, " + failed + " failed");
    return failed == 0 ? 0 : 1;
  }

  private void report(boolean ok, String name, String detail) {
    if (ok) passed++;
    else failed++;
    System.out.println(ok ? "ok      " + name : "FAILED  " + name + ": " + detail);
  }
}
