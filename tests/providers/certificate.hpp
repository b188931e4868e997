#pragma once

#include <filesystem>
#include <string>

namespace carillon::test {

/// A self-signed certificate for one name or IPv4 address, valid for a day, in files that end with
/// this object.
class certificate {
public:
  explicit certificate(const std::string& name);
  ~certificate();
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;

  std::string key_file() const {
    return (directory_ / "key.pem").string();
  }
  std::string certificate_file() const {
    return (directory_ / "certificate.pem").string();
  }

private:
  std::filesystem::path directory_;
};

} // namespace carillon::test
