#include "adapters/cli/session.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace carillon::cli {
namespace {

std::string text_at(const nlohmann::json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// An RFC 9457 problem in a few lines; whatever else came, shortened.
std::string problem_text(const api_response& response) {
  auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (!body.is_object())
    return fmt::format("status {}: {}", response.status, response.body.substr(0, 200));
  auto line = text_at(body, "title");
  if (auto detail = text_at(body, "detail"); !detail.empty() && detail != line)
    line += line.empty() ? detail : ": " + detail;
  line = fmt::format("status {}: {}", response.status, line);
  auto errors = body.find("errors");
  if (errors != body.end() && errors->is_array())
    for (const auto& each : *errors)
      if (each.is_object())
        line += fmt::format("\n  {}: {}", text_at(each, "pointer"), text_at(each, "message"));
  if (response.status == 401)
    line += "\n  give the API key with --key, --key-file or CARILLON_KEY";
  return line;
}

} // namespace

int session::ask(const api_request& request, const printer& print) const {
  auto response = call(to_, request);
  if (response.status == 0)
    return fail(unavailable, response.failure);
  if (response.status >= 400) {
    if (as_json_)
      *out_ << response.body << '\n';
    return fail(response.status >= 500 || response.status == 429 ? unavailable : refused,
                problem_text(response));
  }
  auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (body.is_discarded()) {
    if (!response.body.empty())
      *out_ << response.body << '\n';
    else if (!as_json_)
      *out_ << "done\n";
  } else if (as_json_) {
    *out_ << body.dump(2) << '\n';
  } else {
    print(*out_, body);
  }
  return done;
}

int session::fail(exit_code code, std::string_view message) const {
  *err_ << "carillon: " << message << '\n';
  return code;
}

bool read_json(const std::string& file, nlohmann::json& to, std::string& failure) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>{std::cin}, {});
  } else {
    std::ifstream in{file, std::ios::binary};
    if (!in) {
      failure = fmt::format("{} cannot be read", file);
      return false;
    }
    text.assign(std::istreambuf_iterator<char>{in}, {});
  }
  try {
    to = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    failure
        = fmt::format("{} is not JSON: {}", file == "-" ? "standard input" : file, error.what());
    return false;
  }
  return true;
}

std::string read_key(const std::string& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
    line.pop_back();
  return line;
}

} // namespace carillon::cli
