#include "adapters/http/server/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace carillon::http {

namespace {

using nlohmann::json;

/// Builds the value while the parser goes, like the library's own builder, but refuses depth and
/// doubled names.
class builder {
public:
  using number_integer_t = json::number_integer_t;
  using number_unsigned_t = json::number_unsigned_t;
  using number_float_t = json::number_float_t;
  using string_t = json::string_t;
  using binary_t = json::binary_t;

  builder(json& root, std::size_t max_depth) : root_(root), max_depth_(max_depth) {
    open_.reserve(16);
  }

  bool null() {
    return add(nullptr) != nullptr;
  }
  bool boolean(bool value) {
    return add(value) != nullptr;
  }
  bool number_integer(number_integer_t value) {
    return add(value) != nullptr;
  }
  bool number_unsigned(number_unsigned_t value) {
    return add(value) != nullptr;
  }
  bool number_float(number_float_t value, const string_t&) {
    return add(value) != nullptr;
  }
  bool string(string_t& value) {
    return add(std::move(value)) != nullptr;
  }
  bool binary(binary_t&) {
    return false;
  }
  bool start_object(std::size_t) {
    return open(json::object());
  }
  bool start_array(std::size_t) {
    return open(json::array());
  }
  bool end_object() {
    open_.pop_back();
    return true;
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }

  bool key(string_t& name) {
    auto& members = open_.back()->get_ref<json::object_t&>();
    const auto [place, added] = members.try_emplace(std::move(name), nullptr);
    member_ = &place->second;
    if (!added)
      error = "the name \"" + place->first + "\" appears twice in one object";
    return added;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    if (error.empty())
      error = "not JSON: unexpected text at byte " + std::to_string(position);
    return false;
  }

  std::string error;

private:
  template <class Value>
  json* add(Value&& value) {
    if (open_.empty()) {
      root_ = std::forward<Value>(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<json::array_t&>();
      items.emplace_back(std::forward<Value>(value));
      return &items.back();
    }
    *member_ = std::forward<Value>(value);
    return member_;
  }

  bool open(json empty) {
    if (open_.size() == max_depth_) {
      error = "nested more than " + std::to_string(max_depth_) + " levels deep";
      return false;
    }
    open_.push_back(add(std::move(empty)));
    return true;
  }

  json& root_;
  json* member_ = nullptr;
  std::vector<json*> open_;
  std::size_t max_depth_;
};

} // namespace

json_result read_json(std::string_view text, std::size_t max_depth) {
  json_result result;
  if (text.empty()) {
    result.error = "a JSON body is needed";
    return result;
  }
  auto value = std::make_shared<json>();
  builder build{*value, max_depth};
  if (json::sax_parse(text, &build))
    result.value = std::move(value);
  else
    result.error = build.error.empty() ? "not JSON" : std::move(build.error);
  return result;
}

} // namespace carillon::http
