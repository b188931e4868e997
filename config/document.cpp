#include "config/document.hpp"

#include "config/fields.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <numeric>
#include <sstream>

namespace carillon {
namespace {

using entries = std::map<std::string, document::entry>;

std::optional<written_value> value_of(const toml::node& node) {
  if (const auto* text = node.as_string())
    return written_value{text->get()};
  if (const auto* number = node.as_integer())
    return written_value{number->get()};
  if (const auto* number = node.as_floating_point())
    return written_value{number->get()};
  if (const auto* flag = node.as_boolean())
    return written_value{flag->get()};
  return std::nullopt;
}

/// Letters to insert, remove or change, to get from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto change = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
    }
  }
  return row.back();
}

std::string nearest_key(const std::string& key) {
  std::string best;
  std::size_t closest = 4; // further away it is no typing error
  auto look_at = [&](const std::string& known) {
    if (auto d = distance(key, known); d < closest) {
      closest = d;
      best = known;
    }
  };
  auto dot = key.find("].");
  if (key.starts_with("provider[") && dot != std::string::npos) {
    for (const auto& each : provider_fields())
      look_at(key.substr(0, dot + 2) + each.path);
  } else {
    for (const auto& each : setting_fields())
      look_at(each.path);
  }
  return best;
}

class flattener {
public:
  flattener(std::string file, entries& to, std::map<std::string, std::size_t>& counts,
            std::map<std::string, std::string>& places)
      : file_(std::move(file)), to_(to), counts_(counts), places_(places) {}

  void table(const std::string& prefix, const toml::table& content) {
    for (const auto& [name, node] : content) {
      auto key
          = prefix.empty() ? std::string{name.str()} : fmt::format("{}.{}", prefix, name.str());
      if (const auto* inner = node.as_table())
        table(key, *inner);
      else if (const auto* list = node.as_array();
               list && !list->empty() && list->is_homogeneous<toml::table>())
        tables(key, *list);
      else
        to_[key] = {value_of(node), where(node)};
    }
  }

private:
  void tables(const std::string& key, const toml::array& list) {
    counts_[key] = list.size();
    for (std::size_t i = 0; i < list.size(); ++i) {
      auto element = fmt::format("{}[{}]", key, i);
      places_[element] = where(*list.get(i));
      table(element, *list.get(i)->as_table());
    }
  }

  [[nodiscard]] std::string where(const toml::node& node) const {
    return fmt::format("{}:{}", file_, node.source().begin.line);
  }

  std::string file_;
  entries& to_;
  std::map<std::string, std::size_t>& counts_;
  std::map<std::string, std::string>& places_;
};

} // namespace

document::document(const std::filesystem::path& file, std::vector<settings_problem>& problems) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    problems.push_back({file.string(), "", "cannot be read; name an existing TOML file"});
    return;
  }
  try {
    auto content = toml::parse(text.str(), file.string());
    flattener{file.string(), entries_, counts_, places_}.table("", content);
  } catch (const toml::parse_error& error) {
    problems.push_back({fmt::format("{}:{}", file.string(), error.source().begin.line), "",
                        fmt::format("is not TOML: {}", error.description())});
  }
}

std::optional<document::entry> document::take(const std::string& key) {
  auto found = entries_.find(key);
  if (found == entries_.end())
    return std::nullopt;
  auto result = std::move(found->second);
  entries_.erase(found);
  return result;
}

void document::drop(const std::string& prefix) {
  std::erase_if(entries_, [&](const auto& each) { return each.first.starts_with(prefix); });
}

std::size_t document::count(const std::string& name) const {
  auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

std::string document::where(const std::string& element) const {
  auto found = places_.find(element);
  return found == places_.end() ? std::string{} : found->second;
}

void document::report_leftovers(std::vector<settings_problem>& problems) const {
  for (const auto& [key, each] : entries_) {
    auto near = nearest_key(key);
    problems.push_back({each.where, key,
                        near.empty() ? std::string{"is not a known key; take it out"}
                                     : fmt::format("is not a known key; did you mean {}?", near)});
  }
}

} // namespace carillon
