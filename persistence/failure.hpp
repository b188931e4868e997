#pragma once

#include <string>
#include <utility>
#include <variant>

namespace carillon::persistence {

/// Why something of persistence could not be done; `exit codes` of the daemon are chosen from it.
enum class failure_kind {
  locked,         ///< another daemon works in the data directory
  no_program,     ///< a program of PostgreSQL is not on this machine
  no_account,     ///< started as root, and there is no user to run the server as
  file,           ///< a file or directory cannot be made, read or written
  initialise,     ///< initdb failed
  start,          ///< the server ended at start, or was not ready in time
  unreachable,    ///< no connection to the database
  migration,      ///< a migration failed
  database_newer, ///< the database was migrated by a newer binary
  key,            ///< a key file is missing, unreadable, of a wrong size, or does not fit
  query,          ///< a statement failed
};

/// A failure and one line of text for the operator.
struct failure {
  failure_kind kind;
  std::string text;
};

/// A value, or why there is none. Never empty.
template <class T>
class [[nodiscard]] fallible {
public:
  fallible(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  fallible(failure why) : content_(std::in_place_index<1>, std::move(why)) {}

  explicit operator bool() const noexcept {
    return content_.index() == 0;
  }
  T& operator*() {
    return std::get<0>(content_);
  }
  const T& operator*() const {
    return std::get<0>(content_);
  }
  T* operator->() {
    return &std::get<0>(content_);
  }
  const T* operator->() const {
    return &std::get<0>(content_);
  }
  const failure& error() const {
    return std::get<1>(content_);
  }

private:
  std::variant<T, failure> content_;
};

/// Nothing, or why it could not be done.
struct done {};
using attempt = fallible<done>;

} // namespace carillon::persistence
