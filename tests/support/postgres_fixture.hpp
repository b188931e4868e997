#pragma once

#include "persistence/embedded/server.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::test {

/// The embedded server of this test process, in a directory of its own that is removed at the end.
/// Started by the first call.
persistence::embedded_server& postgres();

/// A new empty database in that server, dropped (by force) at the end of its scope.
class database {
public:
  database();
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  const std::string& url() const {
    return url_;
  }
  const std::string& name() const {
    return name_;
  }

  /// Runs a statement of its own connection; gives the rows as text. Throws on an error.
  std::vector<std::vector<std::string>> query(std::string_view sql) const;

  /// The single value of a statement.
  std::string value(std::string_view sql) const;

private:
  std::string name_;
  std::string url_;
};

/// A directory that is removed at the end of its scope.
class temporary_directory {
public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
};

} // namespace carillon::test
