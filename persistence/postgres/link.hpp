#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace carillon::persistence {

/// A statement failed (`state` is its SQLSTATE), or the connection is gone (`lost`; then it is not
/// known what became of a commit under way).
class sql_failure : public std::runtime_error {
public:
  sql_failure(const std::string& text, std::string code, bool connection_lost);

  std::string state;
  bool lost;
};

/// The answer to one statement. Values stay valid as long as it lives.
class sql_result {
public:
  explicit sql_result(pg_result* raw) : raw_(raw, &clear) {}

  int rows() const;
  bool is_null(int row, int column) const;
  std::string_view at(int row, int column) const;
  long long number(int row, int column) const;
  bool wants_copy() const;
  explicit operator bool() const {
    return raw_ != nullptr;
  }

private:
  static void clear(pg_result* raw);
  std::unique_ptr<pg_result, void (*)(pg_result*)> raw_;
};

/// How a link behaves.
struct link_options {
  std::string url;      ///< libpq URL or keywords
  std::string name;     ///< application_name
  std::string settings; ///< statements run at each opening, e.g. `set lock_timeout = '2s'`
  std::chrono::milliseconds answer_timeout{10'000}; ///< then the connection is given up
  std::chrono::milliseconds slow_after{500};        ///< a wait this long is told to `on_slow`, once
  std::function<void()> on_slow;
  std::function<bool()> cancelled; ///< asked while waiting; true gives the connection up
};

/// A parameter of a statement in PostgreSQL's binary format.
struct binary_parameter {
  std::string_view bytes;
  unsigned type = 0; ///< OID
};

/// One libpq connection that never waits for ever. Used by one thread. Throws `sql_failure`.
class link {
public:
  explicit link(link_options options);
  ~link();
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  void open();
  void close();
  bool is_open() const {
    return connection_ != nullptr;
  }
  int server_process() const;

  /// Runs one statement, or several without parameters; gives the last answer.
  sql_result run(const std::string& sql);
  sql_result run(const std::string& sql, const std::vector<const char*>& parameters);
  /// Runs a prepared statement. Values come as text, or all of them in PostgreSQL's binary form.
  sql_result run_prepared(const char* name, const std::vector<binary_parameter>& parameters,
                          bool binary = false);
  void prepare(const char* name, std::string_view sql);

  /// For statements with several answers: sends, then each `next` gives one; empty at the end.
  void send(const std::string& sql);
  sql_result next();
  void put_copy(std::string_view bytes);
  void end_copy(const char* refuse = nullptr);
  /// The next piece of a running `copy .. to stdout`; false at its end.
  bool get_copy(std::string_view& piece);
  /// Takes all answers that are still to come, and ends a transaction that is left open.
  void settle();

private:
  [[noreturn]] void fail_lost();
  [[noreturn]] void fail(const pg_result* raw);
  void wait(bool to_write);
  void flush();
  pg_result* take();
  sql_result last_of_all();

  link_options options_;
  pg_conn* connection_ = nullptr;
  void* copied_ = nullptr;
};

/// Why a failure happened, as far as it decides what to do next.
enum class failure_class {
  lost,     ///< connection gone: outcome of a commit unknown
  later,    ///< the server cannot now: disk full, shutting down, too many connections, time-outs
  repeated, ///< unique violation: the rows are there already, or are being committed
  segment,  ///< the segment is gone
  data      ///< these rows will never be taken
};
failure_class classify(const sql_failure& failure);

} // namespace carillon::persistence
