#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace carillon::http {

/// Bytes received and not yet dealt with, in one piece. Grows by doubling, gives memory back when
/// asked. Offsets from the front stay valid when it grows; pointers do not.
class read_buffer {
public:
  std::string_view view() const {
    return {data_.get() + begin_, end_ - begin_};
  }

  std::size_t size() const {
    return end_ - begin_;
  }

  /// @returns room for at least `bytes`, to be filled and then told to `commit`.
  char* prepare(std::size_t bytes) {
    if (capacity_ - end_ < bytes) {
      const auto held = size();
      if (capacity_ >= held + bytes && begin_ > 0) {
        std::memmove(data_.get(), data_.get() + begin_, held);
      } else {
        auto larger = capacity_ == 0 ? bytes : capacity_;
        while (larger < held + bytes)
          larger *= 2;
        auto moved = std::make_unique_for_overwrite<char[]>(larger);
        if (held > 0)
          std::memcpy(moved.get(), data_.get() + begin_, held);
        data_ = std::move(moved);
        capacity_ = larger;
      }
      begin_ = 0;
      end_ = held;
    }
    return data_.get() + end_;
  }

  /// @returns how much `prepare` can give without growing.
  std::size_t room() const {
    return capacity_ - end_;
  }

  void commit(std::size_t bytes) {
    end_ += bytes;
  }

  /// Drops bytes from the front.
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ >= end_)
      begin_ = end_ = 0;
  }

  /// Cuts `bytes` out at `offset` from the front.
  void erase(std::size_t offset, std::size_t bytes) {
    const auto front = data_.get() + begin_ + offset;
    std::memmove(front, front + bytes, size() - offset - bytes);
    end_ -= bytes;
  }

  /// Gives the memory back if nothing is held and more than `keep` bytes are allocated.
  void shrink(std::size_t keep) {
    if (size() == 0 && capacity_ > keep) {
      data_.reset();
      begin_ = end_ = capacity_ = 0;
    }
  }

private:
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace carillon::http
