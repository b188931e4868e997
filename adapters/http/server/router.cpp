#include "adapters/http/server/router.hpp"

#include <algorithm>
#include <array>

namespace carillon::http {

namespace {

constexpr std::size_t max_segments = 10;

/// The segments of a path, at most `max_segments`; more never match anything.
struct split_path {
  std::array<std::string_view, max_segments> parts;
  std::size_t count = 0;
  bool too_long = false;

  explicit split_path(std::string_view path) {
    if (!path.empty() && path.front() == '/')
      path.remove_prefix(1);
    for (;;) {
      if (count == max_segments) {
        too_long = true;
        return;
      }
      const auto end = path.find('/');
      parts[count++] = path.substr(0, end);
      if (end == std::string_view::npos)
        return;
      path.remove_prefix(end + 1);
    }
  }
};

std::vector<std::string> pattern_segments(std::string_view pattern) {
  std::vector<std::string> result;
  const split_path split{pattern};
  for (std::size_t i = 0; i < split.count; ++i)
    result.emplace_back(split.parts[i].starts_with('{') ? std::string_view{} : split.parts[i]);
  return result;
}

bool fits(const router::entry& entry, const split_path& path) {
  if (path.too_long || entry.segments.size() != path.count)
    return false;
  for (std::size_t i = 0; i < path.count; ++i)
    if (entry.segments[i].empty() ? path.parts[i].empty() && path.count > 1
                                  : entry.segments[i] != path.parts[i])
      return false;
  return true;
}

/// More literal segments first, and earlier literals before later ones.
bool more_literal(const router::entry& left, const router::entry& right) {
  return std::lexicographical_compare(
      left.segments.begin(), left.segments.end(), right.segments.begin(), right.segments.end(),
      [](const auto& a, const auto& b) { return a.empty() < b.empty(); });
}

} // namespace

void router::add(verb method, std::string pattern, access who, handler handle) {
  entry added{{method, std::move(pattern), who, std::move(handle)},
              {},
              std::make_unique<route_statistics>()};
  added.segments = pattern_segments(added.data.pattern);
  const auto place = std::upper_bound(entries_.begin(), entries_.end(), added, more_literal);
  entries_.insert(place, std::move(added));
}

router::match_result router::match(request& what) const {
  const split_path path{what.path};
  const auto wanted = what.method == verb::head ? verb::get : what.method;
  match_result result;
  for (const auto& candidate : entries_) {
    if (!fits(candidate, path))
      continue;
    if (candidate.data.method != wanted) {
      const auto name = to_string(candidate.data.method);
      if (result.allow.find(name) == std::string::npos)
        result.allow.append(result.allow.empty() ? "" : ", ").append(name);
      continue;
    }
    what.parameter_count = 0;
    for (std::size_t i = 0; i < path.count && what.parameter_count < request::max_parameters; ++i)
      if (candidate.segments[i].empty() && path.count > 1)
        what.parameters[what.parameter_count++] = path.parts[i];
    result.found = &candidate;
    return result;
  }
  if (result.allow.find("GET") != std::string::npos)
    result.allow.append(", HEAD");
  return result;
}

} // namespace carillon::http
