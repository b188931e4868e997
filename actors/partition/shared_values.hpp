#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <vector>

namespace carillon {

/// Values that many things share, each kept once, as long as anyone holds its number.
template <class T>
class shared_values {
public:
  /// The value's number; to be given back once.
  std::uint32_t take(const T& value) {
    auto [i, fresh] = numbers_.try_emplace(value, next());
    if (fresh)
      put(value, i->second);
    ++holders_[i->second];
    return i->second;
  }

  [[nodiscard]] const T& at(std::uint32_t number) const {
    return values_[number];
  }

  void give_back(std::uint32_t number) {
    if (--holders_[number] != 0)
      return;
    numbers_.erase(values_[number]);
    values_[number] = {};
    free_.push_back(number);
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return numbers_.size();
  }

private:
  [[nodiscard]] std::uint32_t next() const {
    return free_.empty() ? static_cast<std::uint32_t>(values_.size()) : free_.back();
  }
  void put(const T& value, std::uint32_t number) {
    if (free_.empty()) {
      values_.emplace_back();
      holders_.push_back(0);
    } else {
      free_.pop_back();
    }
    values_[number] = value;
  }

  absl::flat_hash_map<T, std::uint32_t> numbers_;
  std::vector<T> values_;
  std::vector<std::uint32_t> holders_;
  std::vector<std::uint32_t> free_;
};

} // namespace carillon
