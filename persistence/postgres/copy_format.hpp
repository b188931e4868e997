#pragma once

#include "messages/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// PostgreSQL's binary COPY format (documentation of COPY, "Binary Format"): rows of
/// length-prefixed values in network byte order.
namespace carillon::persistence {

/// Columns of journal and ledger in the order in which they are copied.
inline constexpr std::string_view journal_columns
    = "sequence, position, recorded_at, notification_id, partition, lane, type, schema, tenant, "
      "body, sealed, trace";

/// The same of `j`, a journal table, with the content that is kept beside a row in `b`, blobs.
inline constexpr std::string_view journal_columns_with_content
    = "j.sequence, j.position, j.recorded_at, j.notification_id, j.partition, j.lane, j.type, "
      "j.schema, j.tenant, j.body, coalesce(b.sealed, j.sealed), j.trace";

void begin_copy(std::string& out);
void end_copy(std::string& out);

void put_int16(std::string& out, std::int16_t value);
void put_int64(std::string& out, std::int64_t value);
void put_bytes(std::string& out, std::string_view value);
void put_null(std::string& out);
void put_fields(std::string& out, std::int16_t count);
void put_time(std::string& out, timestamp value);
/// `no_time` becomes null.
void put_time_or_null(std::string& out, timestamp value);
void put_id(std::string& out, const notification_id& value);

/// Appends one row of journal or ledger.
void copy_row(std::string& out, const journal_row& row, std::uint16_t lane);

/// Microseconds since 2000-01-01, which is PostgreSQL's epoch.
std::int64_t to_postgres(timestamp value);
timestamp from_postgres(std::int64_t value);

/// Reads values of binary rows one after another. Reading past the end gives zeroes.
class copy_reader {
public:
  explicit copy_reader(std::string_view bytes) : rest_(bytes) {}

  /// Skips the header of the whole copy, if this piece begins with it.
  void skip_header();
  /// Number of values in the next row; -1 at the end.
  std::int16_t fields();
  bool next_is_null() const;
  std::string_view bytes();
  std::int16_t int16();
  std::int64_t int64();
  timestamp time();
  /// An array of texts; a null gives none.
  std::vector<std::string> texts();
  bool empty() const {
    return rest_.empty();
  }

private:
  std::string_view rest_;
};

/// Reads one row as `copy_row` wrote it (less `lane`).
void read_row(copy_reader& in, journal_row& row);

} // namespace carillon::persistence
