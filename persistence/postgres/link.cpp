#include "persistence/postgres/link.hpp"

#include <libpq-fe.h>

#include <cerrno>
#include <charconv>

#include <poll.h>

namespace carillon::persistence {

namespace {

using clock_type = std::chrono::steady_clock;

// libpq's first line says what happened, the others guess why.
std::string one_line(const char* text) {
  std::string_view line{text != nullptr ? text : ""};
  return std::string{line.substr(0, line.find('\n'))};
}

std::string state_of(const pg_result* raw) {
  const char* state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
  return state != nullptr ? state : "";
}

bool is_ready(int descriptor, bool to_write, std::chrono::milliseconds timeout) {
  pollfd item{descriptor, static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
  int ready = ::poll(&item, 1, static_cast<int>(timeout.count()));
  return ready > 0 || (ready < 0 && errno == EINTR);
}

} // namespace

sql_failure::sql_failure(const std::string& text, std::string code, bool connection_lost)
    : std::runtime_error(text), state(std::move(code)), lost(connection_lost) {}

// -- results -----------------------------------------------------------------

void sql_result::clear(pg_result* raw) {
  PQclear(raw);
}

int sql_result::rows() const {
  return PQntuples(raw_.get());
}

bool sql_result::is_null(int row, int column) const {
  return PQgetisnull(raw_.get(), row, column) == 1;
}

std::string_view sql_result::at(int row, int column) const {
  return {PQgetvalue(raw_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(raw_.get(), row, column))};
}

long long sql_result::number(int row, int column) const {
  auto text = at(row, column);
  long long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool sql_result::wants_copy() const {
  return PQresultStatus(raw_.get()) == PGRES_COPY_IN;
}

// -- opening -----------------------------------------------------------------

link::link(link_options options) : options_(std::move(options)) {}

link::~link() {
  close();
}

void link::close() {
  if (copied_ != nullptr)
    PQfreemem(copied_);
  copied_ = nullptr;
  PQfinish(connection_);
  connection_ = nullptr;
}

void link::open() {
  close();
  // The URL comes first and may say otherwise; keepalives find a host that went away.
  const char* names[] = {"dbname",           "application_name",    "connect_timeout",
                         "keepalives_idle",  "keepalives_interval", "keepalives_count",
                         "tcp_user_timeout", "client_encoding",     nullptr};
  const char* values[]
      = {options_.url.c_str(), options_.name.c_str(), "5", "5", "2", "3", "10000", "UTF8", nullptr};
  connection_ = PQconnectdbParams(names, values, 1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    auto text = one_line(PQerrorMessage(connection_));
    close();
    throw sql_failure(text, "08001", true);
  }
  PQsetnonblocking(connection_, 1);
  PQsetErrorVerbosity(connection_, PQERRORS_TERSE); // details quote values, which logs must not
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  if (!options_.settings.empty())
    run(options_.settings);
}

int link::server_process() const {
  return PQbackendPID(connection_);
}

// -- failing -----------------------------------------------------------------

void link::fail_lost() {
  auto text = one_line(PQerrorMessage(connection_));
  close();
  throw sql_failure(text.empty() ? "no answer from the database" : text, "08006", true);
}

void link::fail(const pg_result* raw) {
  auto text = one_line(PQresultErrorMessage(raw));
  auto state = state_of(raw);
  // Class 57P and friends end the session: the socket may still look well.
  if (PQstatus(connection_) != CONNECTION_OK || state.empty()) {
    close();
    throw sql_failure(text, state.empty() ? "08006" : state, true);
  }
  throw sql_failure(text, state, false);
}

void link::wait(bool to_write) {
  auto began = clock_type::now();
  auto slow_at = began + options_.slow_after;
  auto give_up_at = began + options_.answer_timeout;
  bool told = !options_.on_slow;
  while (!is_ready(PQsocket(connection_), to_write, std::chrono::milliseconds{100})) {
    auto now = clock_type::now();
    if (!told && now >= slow_at) {
      told = true;
      options_.on_slow();
    }
    if (now >= give_up_at || (options_.cancelled && options_.cancelled()))
      fail_lost();
  }
}

// -- statements --------------------------------------------------------------

void link::flush() {
  for (;;) {
    int left = PQflush(connection_);
    if (left == 0)
      return;
    if (left < 0)
      fail_lost();
    wait(true);
    if (PQconsumeInput(connection_) == 0)
      fail_lost();
  }
}

void link::send(const std::string& sql) {
  if (connection_ == nullptr)
    throw sql_failure("not connected", "08003", true);
  if (PQsendQuery(connection_, sql.c_str()) == 0)
    fail_lost();
  flush();
}

pg_result* link::take() {
  while (PQisBusy(connection_) == 1) {
    wait(false);
    if (PQconsumeInput(connection_) == 0)
      fail_lost();
  }
  return PQgetResult(connection_);
}

sql_result link::next() {
  PGresult* raw = take();
  sql_result result{raw};
  auto status = PQresultStatus(raw);
  if (raw != nullptr && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE))
    fail(raw);
  return result;
}

sql_result link::last_of_all() {
  sql_result last{nullptr};
  try {
    while (auto result = next())
      last = std::move(result);
  } catch (const sql_failure& failed) {
    if (!failed.lost)
      settle();
    throw;
  }
  return last;
}

sql_result link::run(const std::string& sql) {
  send(sql);
  return last_of_all();
}

sql_result link::run(const std::string& sql, const std::vector<const char*>& parameters) {
  if (connection_ == nullptr)
    throw sql_failure("not connected", "08003", true);
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(parameters.size()), nullptr,
                        parameters.data(), nullptr, nullptr, 0)
      == 0)
    fail_lost();
  flush();
  return last_of_all();
}

void link::prepare(const char* name, std::string_view sql) {
  if (PQsendPrepare(connection_, name, std::string{sql}.c_str(), 0, nullptr) == 0)
    fail_lost();
  flush();
  last_of_all();
}

sql_result link::run_prepared(const char* name, const std::vector<binary_parameter>& parameters,
                              bool binary) {
  if (connection_ == nullptr)
    throw sql_failure("not connected", "08003", true);
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats(parameters.size(), 1);
  for (const auto& parameter : parameters) {
    values.push_back(parameter.bytes.data());
    lengths.push_back(static_cast<int>(parameter.bytes.size()));
  }
  if (PQsendQueryPrepared(connection_, name, static_cast<int>(parameters.size()), values.data(),
                          lengths.data(), formats.data(), binary ? 1 : 0)
      == 0)
    fail_lost();
  flush();
  return last_of_all();
}

// -- copy --------------------------------------------------------------------

void link::put_copy(std::string_view bytes) {
  // In pieces, so that a refusal of the server is seen before megabytes are sent for nothing.
  constexpr std::size_t piece = 256 << 10;
  while (!bytes.empty()) {
    auto part = bytes.substr(0, piece);
    int sent = PQputCopyData(connection_, part.data(), static_cast<int>(part.size()));
    if (sent < 0)
      fail_lost();
    if (sent == 1)
      bytes.remove_prefix(part.size());
    flush();
  }
}

void link::end_copy(const char* refuse) {
  int sent = 0;
  while ((sent = PQputCopyEnd(connection_, refuse)) == 0)
    flush();
  if (sent < 0)
    fail_lost();
  flush();
}

bool link::get_copy(std::string_view& piece) {
  if (copied_ != nullptr)
    PQfreemem(copied_);
  copied_ = nullptr;
  char* row = nullptr;
  int length = 0;
  while ((length = PQgetCopyData(connection_, &row, 1)) == 0) {
    wait(false);
    if (PQconsumeInput(connection_) == 0)
      fail_lost();
  }
  if (length == -2)
    fail_lost();
  copied_ = row;
  piece = {row, length > 0 ? static_cast<std::size_t>(length) : 0};
  return length > 0;
}

void link::settle() {
  if (connection_ == nullptr)
    return;
  while (PGresult* rest = take()) {
    auto status = PQresultStatus(rest);
    PQclear(rest);
    if (status == PGRES_COPY_IN)
      end_copy("given up");
  }
  if (PQstatus(connection_) != CONNECTION_OK)
    fail_lost();
  if (PQtransactionStatus(connection_) != PQTRANS_IDLE)
    run("rollback");
}

failure_class classify(const sql_failure& failure) {
  if (failure.lost)
    return failure_class::lost;
  auto starts = [&failure](const char* prefix) { return failure.state.rfind(prefix, 0) == 0; };
  if (failure.state == "23505")
    return failure_class::repeated;
  if (failure.state == "42P01")
    return failure_class::segment;
  // 22 data exception, 23 constraint, 54 limit exceeded (a key too long for an index): no try will
  // ever pass. Everything else is about the server or its set-up, which somebody can mend.
  if (starts("22") || starts("23") || starts("54"))
    return failure_class::data;
  return failure_class::later;
}

} // namespace carillon::persistence
