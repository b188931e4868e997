#include "actors/rules/condition.hpp"

#include "actors/support/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace carillon {

using nlohmann::json;

/// One node of a condition: an operator, for leaves the path and the literal, else the operands.
struct compiled_condition {
  enum class op : std::uint8_t {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    exists,
    all,
    any,
    negate
  };
  op what = op::exists;
  std::string path;
  json literal;
  std::vector<compiled_condition> operands;
};

namespace {

using op = compiled_condition::op;

constexpr int depth_limit = 16;

struct op_name {
  std::string_view name;
  op what;
};
constexpr std::array<op_name, 12> op_names{{{"==", op::equal},
                                            {"!=", op::not_equal},
                                            {"<", op::less},
                                            {"<=", op::less_equal},
                                            {">", op::greater},
                                            {">=", op::greater_equal},
                                            {"in", op::in},
                                            {"exists", op::exists},
                                            {"and", op::all},
                                            {"or", op::any},
                                            {"not", op::negate},
                                            {"!", op::negate}}};

struct parser {
  problem_items& problems;

  bool fail(const std::string& pointer, std::string message) {
    problems.push_back({pointer, std::move(message)});
    return false;
  }

  bool read_path(const json& value, const std::string& pointer, compiled_condition& out) {
    if (!value.is_string() || !is_path(value.get_ref<const std::string&>()))
      return fail(pointer, "must be a path such as data.status");
    out.path = value.get<std::string>();
    return true;
  }

  bool read_comparison(const json& args, const std::string& pointer, compiled_condition& out) {
    if (!args.is_array() || args.size() != 2)
      return fail(pointer, "must be a list of a path and a value");
    if (!read_path(args[0], pointer + "/0", out))
      return false;
    out.literal = args[1];
    if (out.what == op::in) {
      if (!out.literal.is_array())
        return fail(pointer + "/1", "must be a list of values");
      return true;
    }
    if (out.literal.is_structured())
      return fail(pointer + "/1", "must be a string, a number, true, false or null");
    auto ordered = out.literal.is_number() || out.literal.is_string();
    if (out.what >= op::less && out.what <= op::greater_equal && !ordered)
      return fail(pointer + "/1", "must be a number or a string");
    return true;
  }

  bool read_operands(const json& args, const std::string& pointer, compiled_condition& out,
                     int depth) {
    if (!args.is_array() || args.empty())
      return fail(pointer, "must be a list of conditions");
    bool good = true;
    for (std::size_t i = 0; i < args.size(); ++i)
      good &= read(args[i], pointer + "/" + std::to_string(i), out.operands.emplace_back(),
                   depth + 1);
    return good;
  }

  bool read_negation(const json& args, const std::string& pointer, compiled_condition& out,
                     int depth) {
    const auto& inner = args.is_array() && args.size() == 1 ? args[0] : args;
    return read(inner, pointer, out.operands.emplace_back(), depth + 1);
  }

  bool read(const json& body, const std::string& pointer, compiled_condition& out, int depth) {
    if (depth > depth_limit)
      return fail(pointer, "is nested too deeply");
    if (!body.is_object() || body.size() != 1)
      return fail(pointer, "must be an object with one operator");
    const auto& name = body.begin().key();
    const auto& args = body.begin().value();
    auto inner = pointer + "/" + escape_pointer(name);
    auto known = std::find_if(op_names.begin(), op_names.end(),
                              [&](const auto& x) { return x.name == name; });
    if (known == op_names.end())
      return fail(inner, "unknown operator; there are == != < <= > >= in exists and or not");
    out.what = known->what;
    switch (out.what) {
    case op::exists:
      return read_path(args.is_array() && args.size() == 1 ? args[0] : args, inner, out);
    case op::all:
    case op::any:
      return read_operands(args, inner, out, depth);
    case op::negate:
      return read_negation(args, inner, out, depth);
    default:
      return read_comparison(args, inner, out);
    }
  }
};

/// Negative, zero or positive; nothing where the two have no order. Two strings that are both RFC
/// 3339 are compared as times, so that zones do not matter.
std::optional<int> order(const json& a, const json& b) {
  auto sign = [](auto x, auto y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (a.is_number() && b.is_number())
    return a < b ? -1 : (b < a ? 1 : 0);
  if (!a.is_string() || !b.is_string())
    return std::nullopt;
  const auto& x = a.get_ref<const std::string&>();
  const auto& y = b.get_ref<const std::string&>();
  if (auto s = parse_rfc3339(x), t = parse_rfc3339(y); s && t)
    return sign(*s, *t);
  return sign(x, y);
}

bool compare(const compiled_condition& c, const json* value) {
  static const json null;
  const auto& found = value ? *value : null;
  if (c.what == op::equal)
    return found == c.literal;
  if (c.what == op::not_equal)
    return found != c.literal;
  if (c.what == op::in)
    return std::find(c.literal.begin(), c.literal.end(), found) != c.literal.end();
  auto o = order(found, c.literal);
  if (!o)
    return false;
  switch (c.what) {
  case op::less:
    return *o < 0;
  case op::less_equal:
    return *o <= 0;
  case op::greater:
    return *o > 0;
  default:
    return *o >= 0;
  }
}

const json* step_into(const json& value, std::string_view name) {
  if (value.is_object()) {
    auto i = value.find(std::string{name});
    return i == value.end() ? nullptr : &*i;
  }
  std::size_t n = 0;
  if (!value.is_array()
      || std::from_chars(name.data(), name.data() + name.size(), n).ptr != name.data() + name.size()
      || n >= value.size())
    return nullptr;
  return &value[n];
}

const json* walk(const json& root, std::string_view path) {
  const auto* at = &root;
  while (at && !path.empty()) {
    auto dot = path.find('.');
    at = step_into(*at, path.substr(0, dot));
    path = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
  }
  return at;
}

} // namespace

bool is_path(std::string_view text) noexcept {
  if (text.empty() || text.size() > 256 || text.front() == '.' || text.back() == '.'
      || text.find("..") != text.npos)
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || c == '-' || c == '.';
  });
}

const json* find_path(const event& e, std::string_view path, json& scratch) {
  if (path == "data")
    return e.data.get();
  if (path.starts_with("data."))
    return e.data ? walk(*e.data, path.substr(5)) : nullptr;
  auto attribute = [&](const std::string& value) {
    scratch = value;
    return value.empty() ? nullptr : &scratch;
  };
  if (path == "subject")
    return attribute(e.subject);
  if (path == "type")
    return attribute(e.type);
  if (path == "source")
    return attribute(e.source);
  if (path == "id")
    return attribute(e.id);
  if (path == "time")
    return attribute(e.time == no_time ? std::string{} : to_rfc3339(e.time));
  return e.extensions ? walk(*e.extensions, path) : nullptr;
}

std::shared_ptr<const compiled_condition> parse_condition(const json& body,
                                                          const std::string& pointer,
                                                          problem_items& problems) {
  auto out = std::make_shared<compiled_condition>();
  parser p{problems};
  return p.read(body, pointer, *out, 1) ? out : nullptr;
}

bool holds(const compiled_condition& c, const event& e) {
  auto inner = [&](const compiled_condition& x) { return holds(x, e); };
  switch (c.what) {
  case op::all:
    return std::all_of(c.operands.begin(), c.operands.end(), inner);
  case op::any:
    return std::any_of(c.operands.begin(), c.operands.end(), inner);
  case op::negate:
    return !inner(c.operands.front());
  default:
    break;
  }
  json scratch;
  const auto* value = find_path(e, c.path, scratch);
  return c.what == op::exists ? value && !value->is_null() : compare(c, value);
}

} // namespace carillon
