#pragma once

#include <memory>
#include <string>
#include <vector>

struct curl_slist;

namespace carillon::providers {

/// The constant request headers of one provider, built once and shared by all of its calls.
/// Immutable, so that the client's thread may read it while other threads build requests.
class header_list {
public:
  /// Takes `Name: value` lines. Lines with CR, LF or NUL are refused.
  /// Throws std::invalid_argument: headers come from configuration and are checked at start.
  static std::shared_ptr<const header_list> make(const std::vector<std::string>& lines);

  ~header_list();
  header_list(const header_list&) = delete;
  header_list& operator=(const header_list&) = delete;

  curl_slist* get() const noexcept {
    return head_;
  }

private:
  explicit header_list(curl_slist* head) noexcept : head_(head) {}

  curl_slist* head_;
};

/// True if `line` may stand in a request as a header line (no CR, LF or NUL: RFC 9110, 5.5).
bool is_safe_header(const std::string& line) noexcept;

} // namespace carillon::providers
