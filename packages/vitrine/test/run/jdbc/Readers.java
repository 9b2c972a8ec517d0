// Readers as Metabase has them: a c3p0 pool over pgjdbc, statements that the server prepares and keeps, and listings through
// DatabaseMetaData. Reads until its standard input ends, then prints what it saw. Arguments: URL, user, password.
import com.mchange.v2.c3p0.ComboPooledDataSource;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Readers {
  static final AtomicBoolean reading = new AtomicBoolean(true);
  static final AtomicInteger looks = new AtomicInteger(), listings = new AtomicInteger(), empty = new AtomicInteger(), mixed = new AtomicInteger();
  static final Set<Integer> customers = new ConcurrentSkipListSet<>();
  static final Map<String, Integer> errors = new ConcurrentHashMap<>();

  interface Work { void on(Connection connection) throws SQLException; }

  public static void main(String[] arguments) throws Exception {
    java.util.logging.LogManager.getLogManager().reset();
    ComboPooledDataSource pool = new ComboPooledDataSource();
    pool.setDriverClass("org.postgresql.Driver");
    pool.setJdbcUrl(arguments[0] + "?prepareThreshold=1");
    pool.setUser(arguments[1]);
    pool.setPassword(arguments[2]);
    pool.setMaxPoolSize(6);
    pool.setMaxStatementsPerConnection(20);
    List<Thread> threads = new ArrayList<>();
    for (Work work : List.<Work>of(Readers::look, Readers::look, Readers::lookInTransaction, Readers::star, Readers::list)) {
      Thread thread = new Thread(() -> {
        while (reading.get()) {
          try (Connection connection = pool.getConnection()) {
            for (int round = 0; round < 20 && reading.get(); round++) {
              work.on(connection);
              Thread.sleep(5);
            }
          } catch (Exception error) {
            errors.merge(String.valueOf(error.getMessage()).replace('"', ' ').replace('\n', ' '), 1, Integer::sum);
          }
        }
      });
      thread.start();
      threads.add(thread);
    }
    System.out.println("reading");
    while (System.in.read() >= 0) { }
    reading.set(false);
    for (Thread thread : threads) thread.join();
    StringBuilder texts = new StringBuilder();
    errors.forEach((text, times) -> texts.append(texts.length() == 0 ? "" : ",").append("\"" + times + " x " + text + "\""));
    System.out.println("{\"looks\":" + looks + ",\"listings\":" + listings + ",\"empty\":" + empty + ",\"mixed\":" + mixed
        + ",\"customers\":" + customers + ",\"errors\":[" + texts + "]}");
    System.exit(0);
  }

  static void look(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(
        "select (select count(*) from shop.shop_customer where id > ?) as customers, (select count(*) from shop.shop_purchase) as purchases,"
        + " (select count(*) from shop.shop_customer c where c.purchases <> (select count(*) from shop.shop_purchase p where p.customer_id = c.id)) as mixed")) {
      statement.setLong(1, 0);
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        looks.incrementAndGet();
        customers.add(rows.getInt(1));
        if (rows.getInt(1) == 0 || rows.getInt(2) == 0) empty.incrementAndGet();
        if (rows.getInt(3) != 0) mixed.incrementAndGet();
      }
    }
  }

  /** With a cursor, as Metabase reads large answers. */
  static void lookInTransaction(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement statement = connection.prepareStatement(
        "select c.id, c.name, p.amount from shop.shop_customer c join shop.shop_purchase p on p.customer_id = c.id order by 1")) {
      statement.setFetchSize(50);
      int count = 0;
      try (ResultSet rows = statement.executeQuery()) { while (rows.next()) count++; }
      looks.incrementAndGet();
      if (count == 0) empty.incrementAndGet();
      connection.commit();
    } catch (SQLException error) {
      connection.rollback();
      throw error;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  /** Its columns change with the structure: outside a transaction, the driver prepares it anew. */
  static void star(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("select * from shop.shop_purchase where id = ?")) {
      statement.setLong(1, 1);
      try (ResultSet rows = statement.executeQuery()) {
        looks.incrementAndGet();
        if (!rows.next()) empty.incrementAndGet();
      }
    }
  }

  static void list(Connection connection) throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    int found = 0;
    for (ResultSet rows : new ResultSet[] {
        data.getSchemas(), data.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW"}), data.getTables(null, "%", "%", null),
        data.getColumns(null, "shop", "%", "%"), data.getPrimaryKeys(null, "shop", "shop_customer"),
        data.getImportedKeys(null, "shop", "shop_purchase"), data.getIndexInfo(null, "shop", "shop_customer", false, true),
        data.getTablePrivileges(null, "%", "%"), data.getColumnPrivileges(null, "shop", "shop_purchase", "%")}) {
      int count = 0;
      while (rows.next()) count++;
      if (count > 0) found++;
      rows.close();
    }
    listings.incrementAndGet();
    if (found < 8) empty.incrementAndGet();
  }
}
