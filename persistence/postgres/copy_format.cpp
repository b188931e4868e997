#include "persistence/postgres/copy_format.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace carillon::persistence {

namespace {

constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t header_size = 19;
constexpr std::int64_t epoch_shift = 946'684'800'000'000; // 2000-01-01 in microseconds since 1970

template <class T>
T big_endian(T value) {
  if constexpr (std::endian::native == std::endian::big)
    return value;
  auto bytes = std::bit_cast<std::array<unsigned char, sizeof(T)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

template <class T>
void put(std::string& out, T value) {
  auto swapped = big_endian(value);
  out.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

template <class T>
T take(std::string_view& rest) {
  T value{};
  if (rest.size() < sizeof value) {
    rest = {};
    return value;
  }
  std::memcpy(&value, rest.data(), sizeof value);
  rest.remove_prefix(sizeof value);
  return big_endian(value);
}

} // namespace

void begin_copy(std::string& out) {
  out.append(signature);
  out.append(header_size - signature.size(), '\0');
}

void end_copy(std::string& out) {
  put<std::int16_t>(out, -1);
}

void put_int16(std::string& out, std::int16_t value) {
  put<std::int32_t>(out, 2);
  put(out, value);
}

void put_int64(std::string& out, std::int64_t value) {
  put<std::int32_t>(out, 8);
  put(out, value);
}

void put_bytes(std::string& out, std::string_view value) {
  put(out, static_cast<std::int32_t>(value.size()));
  out.append(value);
}

void put_null(std::string& out) {
  put<std::int32_t>(out, -1);
}

void put_fields(std::string& out, std::int16_t count) {
  put(out, count);
}

std::int64_t to_postgres(timestamp value) {
  return value.time_since_epoch().count() - epoch_shift;
}

timestamp from_postgres(std::int64_t value) {
  return timestamp{std::chrono::microseconds{value + epoch_shift}};
}

void put_time(std::string& out, timestamp value) {
  put_int64(out, to_postgres(value));
}

void put_time_or_null(std::string& out, timestamp value) {
  if (value == no_time)
    put_null(out);
  else
    put_time(out, value);
}

void put_id(std::string& out, const notification_id& value) {
  put_bytes(out, {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

void copy_row(std::string& out, const journal_row& row, std::uint16_t lane) {
  put_fields(out, 12);
  put_int64(out, static_cast<std::int64_t>(row.sequence));
  put_int64(out, static_cast<std::int64_t>(row.position));
  put_time(out, row.recorded_at);
  if (row.notification.is_nil())
    put_null(out);
  else
    put_id(out, row.notification);
  put_int16(out, row.partition.value);
  put_int16(out, static_cast<std::int16_t>(lane));
  put_int16(out, static_cast<std::int16_t>(row.type));
  put_int16(out, static_cast<std::int16_t>(row.schema));
  put_bytes(out, row.tenant.str());
  put_bytes(out, row.body);
  row.sealed.empty() ? put_null(out) : put_bytes(out, row.sealed);
  row.trace.empty() ? put_null(out) : put_bytes(out, row.trace);
}

// -- reading -----------------------------------------------------------------

void copy_reader::skip_header() {
  if (rest_.substr(0, signature.size()) == signature)
    rest_.remove_prefix(std::min(rest_.size(), header_size));
}

std::int16_t copy_reader::fields() {
  return rest_.empty() ? std::int16_t{-1} : take<std::int16_t>(rest_);
}

bool copy_reader::next_is_null() const {
  auto copy = rest_;
  return take<std::int32_t>(copy) < 0;
}

std::string_view copy_reader::bytes() {
  auto length = take<std::int32_t>(rest_);
  auto size = std::min(rest_.size(), static_cast<std::size_t>(std::max(length, 0)));
  auto value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::int16_t copy_reader::int16() {
  auto value = bytes();
  return take<std::int16_t>(value);
}

std::int64_t copy_reader::int64() {
  auto value = bytes();
  return take<std::int64_t>(value);
}

timestamp copy_reader::time() {
  return from_postgres(int64());
}

std::vector<std::string> copy_reader::texts() {
  auto array = bytes();
  std::vector<std::string> result;
  constexpr std::size_t header = 20; // dimensions, has nulls, type, length, lower bound
  if (array.size() < header)
    return result;
  for (copy_reader items{array.substr(header)}; !items.empty();)
    result.emplace_back(items.bytes());
  return result;
}

void read_row(copy_reader& in, journal_row& row) {
  row.sequence = static_cast<std::uint64_t>(in.int64());
  row.position = static_cast<std::uint64_t>(in.int64());
  row.recorded_at = in.time();
  auto id = in.bytes();
  if (id.size() == row.notification.bytes.size())
    std::memcpy(row.notification.bytes.data(), id.data(), id.size());
  row.partition.value = static_cast<std::uint8_t>(in.int16());
  in.int16(); // the lane, which the reader knows
  row.type = static_cast<fact_type>(in.int16());
  row.schema = static_cast<std::uint16_t>(in.int16());
  row.tenant = tenant_id{std::string{in.bytes()}};
  row.body = in.bytes();
  row.sealed = in.bytes();
  row.trace = in.bytes();
}

} // namespace carillon::persistence
