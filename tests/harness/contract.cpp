#include "tests/harness/contract.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

namespace carillon::harness {

using nlohmann::json;

namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool fits(std::string_view pattern, std::string_view path) {
  const auto expected = segments(pattern);
  const auto got = segments(path);
  return std::equal(expected.begin(), expected.end(), got.begin(), got.end(),
                    [](auto e, auto g) { return e.starts_with('{') || e == g; });
}

/// The document's entry for a path; one without parameters goes first.
const json* entry_of(const json& paths, std::string_view path) {
  const json* found = nullptr;
  for (const auto& [pattern, entry] : paths.items())
    if (fits(pattern, path) && (found == nullptr || pattern == path))
      found = &entry;
  return found;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string refusals(valijson::ValidationResults& results) {
  std::string out;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& part : error.context)
      out += part;
    out += ": " + error.description + "; ";
  }
  return out;
}

} // namespace

struct contract::impl {
  json document;
  std::map<const json*, std::unique_ptr<valijson::Schema>> schemas; ///< by their place in it

  /// References of a schema are resolved in the document that holds it.
  void compile(const json& schema) {
    json whole = {{"allOf", json::array({schema})}, {"components", document.at("components")}};
    auto compiled = std::make_unique<valijson::Schema>();
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{whole}, *compiled);
    schemas.emplace(&schema, std::move(compiled));
  }

  void compile_all() {
    for (const auto& path : document.at("paths"))
      for (const auto& operation : path)
        for (const auto& answer : operation.at("responses"))
          if (const auto content = answer.find("content"); content != answer.end())
            for (const auto& [type, media] : content->items())
              if (type.find("json") != std::string::npos)
                compile(media.at("schema"));
  }

  std::string check_body(const json& answer, const http_reply& reply) const {
    const auto content = answer.find("content");
    if (content == answer.end())
      return reply.body.empty() ? "" : "a body that the document does not name";
    const auto header = reply.header("content-type");
    const auto media = content->find(header.substr(0, header.find(';')));
    if (media == content->end())
      return "media type '" + header + "' is not in the document";
    const auto schema = schemas.find(&media->at("schema"));
    if (schema == schemas.end())
      return {};
    const auto body = json::parse(reply.body, nullptr, false);
    if (body.is_discarded())
      return "not JSON";
    valijson::ValidationResults results;
    valijson::Validator validator;
    const valijson::adapters::NlohmannJsonAdapter target{body};
    return validator.validate(*schema->second, target, &results) ? "" : refusals(results);
  }
};

contract::contract(const json& document) : impl_(std::make_unique<impl>()) {
  impl_->document = document;
  impl_->compile_all();
}

contract::~contract() = default;

std::string contract::mismatch(std::string_view method, std::string_view target,
                               const http_reply& reply) const {
  const auto path = target.substr(0, target.find('?'));
  const auto* entry = entry_of(impl_->document.at("paths"), path);
  const auto refused = reply.status == 401 || reply.status == 403;
  if (entry == nullptr)
    return refused || reply.status == 404 ? "" : "a route that the document does not name";
  const auto operation = entry->find(lower(method));
  if (operation == entry->end())
    return refused || reply.status == 405 ? "" : "a method that the document does not name";
  const auto& answers = operation->at("responses");
  const auto answer = answers.find(std::to_string(reply.status));
  if (answer == answers.end())
    return "a status that the document does not name";
  return impl_->check_body(*answer, reply);
}

} // namespace carillon::harness
