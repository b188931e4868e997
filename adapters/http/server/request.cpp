#include "adapters/http/server/request.hpp"

#include "adapters/http/server/query.hpp"

#include <algorithm>

namespace carillon::http {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string_view to_string(verb value) {
  constexpr std::array<std::string_view, 8> names{"GET",   "HEAD",   "POST",    "PUT",
                                                  "PATCH", "DELETE", "OPTIONS", ""};
  return names[static_cast<std::size_t>(value)];
}

verb verb_of(std::string_view method) {
  for (auto value :
       {verb::post, verb::get, verb::put, verb::patch, verb::del, verb::head, verb::options})
    if (to_string(value) == method)
      return value;
  return verb::other;
}

bool same_text(std::string_view left, std::string_view right) {
  return left.size() == right.size()
         && std::equal(left.begin(), left.end(), right.begin(),
                       [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view request::header(std::string_view name) const {
  for (const auto& field : headers)
    if (same_text(field.name, name))
      return field.value;
  return {};
}

bool request::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& field) { return same_text(field.name, name); });
}

std::string request::parameter(std::size_t index) const {
  return index < parameter_count ? decode_segment(parameters[index]) : std::string{};
}

std::string request::media_type() const {
  auto value = header("content-type");
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
    value.remove_suffix(1);
  std::string result{value};
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

} // namespace carillon::http
