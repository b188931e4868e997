#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

/// What starts, drives and watches the programs, for the whole-daemon tests and the benchmarks.
/// Every wait is bounded; what does not happen in time is a `failure` that says what was waited
/// for.
namespace carillon::harness {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

/// Something outside the test did not do what it should.
class failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A moment by which something must have happened.
class deadline {
public:
  explicit deadline(milliseconds from_now) : at_(steady::now() + from_now) {}

  bool passed() const {
    return steady::now() >= at_;
  }
  /// Milliseconds left, rounded up, for poll(2); 0 when passed.
  int left() const;

private:
  steady::time_point at_;
};

/// Waits until one of the descriptors' events happens. False when the deadline passed first.
bool await_readable(int descriptor, const deadline& by);
bool await_writable(int descriptor, const deadline& by);

/// Waits for a moment, on a timer descriptor: between two looks at something that cannot wake us.
void pause(std::chrono::microseconds how_long);

/// Asks `holds` again and again until it is true. False when it is not within `bound`.
bool eventually(milliseconds bound, const std::function<bool()>& holds);

/// Asks `look` again and again until it gives a value. Throws `failure` naming `what` after
/// `bound`.
template <class Look>
auto await(milliseconds bound, const std::string& what, Look look) {
  decltype(look()) found;
  if (!eventually(bound, [&] { return (found = look()).has_value(); }))
    throw failure("not within " + std::to_string(bound.count()) + " ms: " + what);
  return *std::move(found);
}

} // namespace carillon::harness
