#include "actors/renderer/text_template.hpp"

#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>

#include <deque>

namespace carillon {

namespace {

using nlohmann::json;
using tree = kainjow::mustache::data;

constexpr std::size_t output_limit = 256 * 1024;
constexpr int section_limit = 256;

/// As Mustache means it: false, null and empty are no sections, and print nothing.
tree to_tree(const json& value) {
  switch (value.type()) {
  case json::value_t::object: {
    tree out{tree::type::object};
    for (const auto& [name, member] : value.items())
      out.set(name, to_tree(member));
    return out;
  }
  case json::value_t::array: {
    tree out{tree::type::list};
    for (const auto& item : value)
      out.push_back(to_tree(item));
    return out;
  }
  default: {
    auto text = scalar_text(value);
    auto empty = text.empty() || (value.is_boolean() && !value.get<bool>());
    return empty ? tree{false} : tree{text};
  }
  }
}

/// Looks names up in the sections entered so far, then in the scope. Only what a text names is
/// converted.
class scope_context final : public kainjow::mustache::basic_context<std::string> {
public:
  explicit scope_context(const text_scope& scope) : scope_(scope) {}

  void push(const tree* section) override {
    sections_.push_back(section);
  }
  void pop() override {
    sections_.pop_back();
  }

  const tree* get(const std::string& name) const override {
    if (name == ".")
      return sections_.empty() ? nullptr : sections_.back();
    for (auto i = sections_.rbegin(); i != sections_.rend(); ++i)
      if (const auto* found = walk(**i, name))
        return found;
    json scratch;
    const auto* value = scope_.find(name, scratch);
    return value ? &converted_.emplace_back(to_tree(*value)) : nullptr;
  }

  const tree* get_partial(const std::string&) const override {
    return nullptr;
  }

private:
  static const tree* walk(const tree& from, std::string_view path) {
    const auto* at = &from;
    while (at && !path.empty()) {
      auto dot = path.find('.');
      at = at->get(std::string{path.substr(0, dot)});
      path = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
    }
    return at;
  }

  const text_scope& scope_;
  std::vector<const tree*> sections_;
  mutable std::deque<tree> converted_; // keeps addresses
};

struct bounded_output {
  std::string& text;
  std::size_t limit;
  bool full = false;

  bounded_output& operator<<(const std::string& more) {
    if (text.size() + more.size() > limit)
      full = true;
    else
      text += more;
    return *this;
  }
};

int count_sections(std::string_view text) {
  int n = 0;
  for (auto at = text.find("{{"); at != text.npos; at = text.find("{{", at + 2)) {
    auto tag = text.substr(at + 2, 8);
    tag.remove_prefix(std::min(tag.find_first_not_of(" \t{"), tag.size()));
    n += tag.starts_with('#') || tag.starts_with('^') ? 1 : 0;
  }
  return n;
}

} // namespace

struct text_template::parsed {
  // Rendering does not write to it as long as there are no partials or lambdas, which the context
  // never gives.
  mutable kainjow::mustache::mustache text;
};

std::string scalar_text(const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  return value.is_primitive() && !value.is_null() ? value.dump() : std::string{};
}

std::optional<text_template> text_template::compile(const std::string& text, escaping how,
                                                    std::string& problem) {
  text_template out;
  if (text.find("{{") == text.npos) {
    out.plain_ = text;
    return out;
  }
  if (count_sections(text) > section_limit) {
    problem = "has too many sections";
    return std::nullopt;
  }
  try {
    out.parsed_ = std::make_shared<parsed>(parsed{kainjow::mustache::mustache{text}});
  } catch (const std::exception& e) {
    problem = e.what();
    return std::nullopt;
  }
  if (!out.parsed_->text.is_valid()) {
    problem = out.parsed_->text.error_message();
    return std::nullopt;
  }
  if (how == escaping::none)
    out.parsed_->text.set_custom_escape([](const std::string& s) { return s; });
  return out;
}

bool text_template::render(const text_scope& scope, std::string& out) const {
  if (!parsed_) {
    out += plain_;
    return true;
  }
  scope_context context{scope};
  bounded_output to{out, out.size() + output_limit};
  parsed_->text.render(context, to);
  return !to.full;
}

} // namespace carillon
