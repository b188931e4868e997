#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::cli {

/// Where the daemon is and who we are.
struct endpoint {
  std::string url = "http://127.0.0.1:8080"; ///< without a trailing slash
  std::string key;                           ///< API key; empty: none is sent
  std::string ca_file;                       ///< PEM bundle; empty: the system's
};

struct api_request {
  std::string method = "GET";
  std::string path; ///< absolute, escaped, with query
  std::string body;
  std::string content_type = "application/json";
};

struct api_response {
  long status = 0; ///< 0: there was no answer, see `failure`
  std::string body;
  std::string failure;
};

/// One request to the daemon with libcurl; waits at most 30 s, follows no redirects. Never throws
/// for what the other side does.
api_response call(const endpoint& to, const api_request& request);

/// Percent-encodes one path segment or query value.
std::string escape(std::string_view text);

/// `?a=1&b=2` from the pairs that have a value, or nothing.
std::string query(const std::vector<std::pair<std::string_view, std::string>>& pairs);

} // namespace carillon::cli
