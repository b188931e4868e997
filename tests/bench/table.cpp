// Reads JSON lines of other benchmarks and prints them for people.
#include "tests/bench/benchmarks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

namespace carillon::bench {

namespace {

using json = nlohmann::ordered_json;

std::string words_of(const json& value) {
  if (value.is_number_float())
    return fmt::format("{:g}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string parameters_of(const json& line) {
  std::string out;
  if (const auto found = line.find("params"); found != line.end())
    for (const auto& [name, value] : found->items())
      out += fmt::format(" {}={}", name, words_of(value));
  return out;
}

void print_table() {
  for (std::string text; std::getline(std::cin, text);) {
    const auto line = json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("bench"))
      continue;
    fmt::print("{}{}\n", words_of(line["bench"]), parameters_of(line));
    for (const auto& [name, value] : line.items())
      if (name != "bench" && name != "params")
        fmt::print("  {:<40}{:>14}\n", name, words_of(value));
  }
}

} // namespace

void add_table(CLI::App& app) {
  app.add_subcommand("table", "print JSON lines from standard input as a table")
      ->callback(print_table);
}

} // namespace carillon::bench
