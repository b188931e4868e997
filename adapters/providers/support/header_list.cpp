#include "adapters/providers/support/header_list.hpp"

#include <curl/curl.h>

#include <new>
#include <stdexcept>
#include <string_view>

namespace carillon::providers {

bool is_safe_header(const std::string& line) noexcept {
  return !line.empty() && line.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos;
}

std::shared_ptr<const header_list> header_list::make(const std::vector<std::string>& lines) {
  // curl would wait for `100 Continue` before a body above 1 MiB: one more round trip and one more
  // state in which a call can die.
  curl_slist* head = curl_slist_append(nullptr, "Expect:");
  for (const auto& line : lines) {
    curl_slist* next = is_safe_header(line) ? curl_slist_append(head, line.c_str()) : nullptr;
    if (next == nullptr) {
      curl_slist_free_all(head);
      throw std::invalid_argument("not a header line");
    }
    head = next;
  }
  if (head == nullptr)
    throw std::bad_alloc{};
  return std::shared_ptr<const header_list>{new header_list(head)};
}

header_list::~header_list() {
  curl_slist_free_all(head_);
}

} // namespace carillon::providers
