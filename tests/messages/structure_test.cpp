#include "messages/enums.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

// The tests run in the project's root.

using namespace carillon;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ifstream in{file};
  REQUIRE(in.good());
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What each folder may include of ours, besides itself.
const std::map<std::string, std::vector<std::string>> allowed{
    {"messages", {}},
    {"config", {"messages"}},
    {"actors", {"messages", "config"}},
    {"persistence", {"messages", "config"}},
    {"adapters/http", {"messages", "config"}},
    {"adapters/realtime", {"messages", "config"}},
    {"adapters/providers", {"messages", "config"}},
    {"adapters/simulator", {}},
    {"adapters/cli", {}},
};

const std::vector<std::string> folders{"messages", "config", "actors", "persistence", "adapters"};

/// Includes of our own headers that the folder may not know.
std::vector<std::string> forbidden(const std::string& folder, const std::vector<std::string>& may) {
  static const std::regex include{R"re(#include "([^"]+)")re"};
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp")
      continue;
    auto text = read(entry.path());
    for (std::sregex_iterator i{text.begin(), text.end(), include}, end; i != end; ++i) {
      auto what = (*i)[1].str();
      auto below = [&](const std::string& f) { return what.rfind(f + "/", 0) == 0; };
      auto ours = std::any_of(folders.begin(), folders.end(), below);
      if (ours && !below(folder) && std::none_of(may.begin(), may.end(), below))
        out.push_back(entry.path().string() + " includes " + what);
    }
  }
  return out;
}

} // namespace

TEST_CASE("folders include only what they may know") {
  for (const auto& [folder, may] : allowed) {
    REQUIRE(fs::is_directory(folder));
    CHECK(forbidden(folder, may) == std::vector<std::string>{});
  }
}

TEST_CASE("docs/states.md has exactly the statuses of the enum") {
  static const std::regex row{R"(\n\| `([a-z_]+)` \|)"};
  auto text = read("docs/states.md");
  std::vector<std::string> documented;
  for (std::sregex_iterator i{text.begin(), text.end(), row}, end; i != end; ++i)
    documented.push_back((*i)[1]);
  std::vector<std::string> named{enum_names<status>::values.begin(),
                                 enum_names<status>::values.end()};
  CHECK(documented == named);
}
