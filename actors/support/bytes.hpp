#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// Appends values to bytes: numbers as varints (7 bits a byte, the low ones first), texts behind
/// their length.
class byte_writer {
public:
  void number(std::uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      out_.push_back(static_cast<char>(x | 0x80));
    out_.push_back(static_cast<char>(x));
  }
  void text(std::string_view x) {
    number(x.size());
    out_ += x;
  }
  template <std::size_t N>
  void bytes(const std::array<std::uint8_t, N>& x) {
    out_.append(reinterpret_cast<const char*>(x.data()), N);
  }
  /// What was written.
  [[nodiscard]] std::string take() {
    return std::move(out_);
  }

private:
  std::string out_;
};

/// Reads what a byte_writer wrote. Behind the end, or in a text longer than what is left, it fails
/// for good, and every value is zero or empty.
class byte_reader {
public:
  explicit byte_reader(std::string_view from) : left_(from) {}

  std::uint64_t number() {
    std::uint64_t x = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      auto b = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      x |= std::uint64_t{b & 0x7fU} << shift;
      if (b < 0x80)
        return x;
    }
    return fail(), 0;
  }
  std::string_view text() {
    return chunk(number());
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> bytes() {
    std::array<std::uint8_t, N> x{};
    chunk(N).copy(reinterpret_cast<char*>(x.data()), N);
    return x;
  }
  [[nodiscard]] bool failed() const noexcept {
    return failed_;
  }
  /// What was not read yet.
  [[nodiscard]] std::string_view rest() const noexcept {
    return left_;
  }
  [[nodiscard]] bool at_end() const noexcept {
    return left_.empty();
  }

private:
  std::string_view chunk(std::uint64_t size) {
    if (size > left_.size())
      return fail(), std::string_view{};
    auto x = left_.substr(0, size);
    left_.remove_prefix(size);
    return x;
  }
  void fail() noexcept {
    failed_ = true;
    left_ = {};
  }

  std::string_view left_;
  bool failed_ = false;
};

} // namespace carillon
