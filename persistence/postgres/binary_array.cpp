#include "persistence/postgres/binary_array.hpp"

namespace carillon::persistence {

namespace {

// dimensions, has nulls, type, length, lower bound: 32 bits each
constexpr std::size_t header_size = 20;

void write_int32(std::string& buffer, std::size_t at, std::int32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    buffer[at + i] = static_cast<char>(static_cast<std::uint32_t>(value) >> (8 * (3 - i)));
}

} // namespace

void binary_array::clear() {
  count_ = 0;
  buffer_.assign(header_size, '\0');
}

void binary_array::add_id(const notification_id& value) {
  put_id(buffer_, value);
  ++count_;
}

void binary_array::add_bool(bool value) {
  put_bytes(buffer_, value ? std::string_view{"\1", 1} : std::string_view{"\0", 1});
  ++count_;
}

void binary_array::add_int16(int value) {
  put_int16(buffer_, static_cast<std::int16_t>(value));
  ++count_;
}

void binary_array::add_int64(std::int64_t value) {
  put_int64(buffer_, value);
  ++count_;
}

void binary_array::add_time(timestamp value) {
  put_time(buffer_, value);
  ++count_;
}

void binary_array::add_time_or_null(timestamp value) {
  put_time_or_null(buffer_, value);
  ++count_;
}

void binary_array::add_text(std::string_view value) {
  put_bytes(buffer_, value);
  ++count_;
}

void binary_array::add_null() {
  put_null(buffer_);
  ++count_;
}

std::string_view binary_array::bytes() {
  write_int32(buffer_, 0, 1);
  write_int32(buffer_, 4, 1);
  write_int32(buffer_, 8, static_cast<std::int32_t>(type_));
  write_int32(buffer_, 12, count_);
  write_int32(buffer_, 16, 1);
  return buffer_;
}

} // namespace carillon::persistence
