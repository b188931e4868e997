#pragma once

#include "persistence/postgres/copy_format.hpp"

#include <string>

namespace carillon::persistence {

/// Type numbers of PostgreSQL (src/include/catalog/pg_type.dat); they never change.
enum class type_number : std::int32_t {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int2 = 21,
  text = 25,
  timestamptz = 1184,
  uuid = 2950
};

/// A one-dimensional array in binary form, for `unnest`. Its buffer is reused after `clear`.
class binary_array {
public:
  explicit binary_array(type_number type) : type_(type) {
    clear();
  }

  void clear();
  void add_id(const notification_id& value);
  void add_bool(bool value);
  void add_int16(int value);
  void add_int64(std::int64_t value);
  void add_time(timestamp value);
  void add_time_or_null(timestamp value);
  void add_text(std::string_view value); ///< also a bytea
  void add_null();

  std::int32_t size() const {
    return count_;
  }

  /// The finished bytes; valid until the next change.
  std::string_view bytes();

private:
  type_number type_;
  std::string buffer_;
  std::int32_t count_ = 0;
};

} // namespace carillon::persistence
