#include "adapters/cli/api_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

namespace carillon::cli {
namespace {

using handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using header_list = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::size_t collect(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

header_list headers_of(const endpoint& to, const api_request& request) {
  curl_slist* list
      = curl_slist_append(nullptr, "Accept: application/json, application/problem+json");
  if (!to.key.empty())
    list = curl_slist_append(list, ("Authorization: Bearer " + to.key).c_str());
  if (!request.body.empty())
    list = curl_slist_append(list, ("Content-Type: " + request.content_type).c_str());
  list = curl_slist_append(list, "Expect:"); // no waiting for 100 Continue
  return {list, curl_slist_free_all};
}

void set_request(CURL* curl, const api_request& request) {
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
}

} // namespace

api_response call(const endpoint& to, const api_request& request) {
  handle curl{curl_easy_init(), curl_easy_cleanup};
  api_response response;
  auto headers = headers_of(to, request);
  char detail[CURL_ERROR_SIZE] = "";
  auto url = to.url + request.path;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 30'000L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &response.body);
  if (!to.ca_file.empty())
    curl_easy_setopt(curl.get(), CURLOPT_CAINFO, to.ca_file.c_str());
  set_request(curl.get(), request);
  if (auto code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    response.failure
        = fmt::format("no answer from {}: {}", to.url, *detail ? detail : curl_easy_strerror(code));
    return response;
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &response.status);
  return response;
}

std::string escape(std::string_view text) {
  constexpr std::string_view plain
      = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string result;
  for (char c : text)
    if (plain.find(c) != std::string_view::npos)
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return result;
}

std::string query(const std::vector<std::pair<std::string_view, std::string>>& pairs) {
  std::string result;
  for (const auto& [name, value] : pairs)
    if (!value.empty())
      result += fmt::format("{}{}={}", result.empty() ? '?' : '&', name, escape(value));
  return result;
}

} // namespace carillon::cli
