#include "tests/harness/proc.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <unistd.h>

namespace carillon::harness {

namespace fs = std::filesystem;

namespace {

struct stat_line {
  pid_t parent = 0;
  char state = '?';
  std::uint64_t own_ticks = 0;
  std::uint64_t childrens_ticks = 0;
};

std::string content_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// proc(5): pid (comm) state ppid ... utime(14) stime(15) cutime(16) cstime(17).
std::optional<stat_line> read_stat(pid_t pid) {
  const auto text = content_of("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  std::istringstream in{text.substr(name_end + 1)};
  stat_line out;
  in >> out.state >> out.parent;
  std::uint64_t skipped = 0;
  std::string word;
  for (int i = 5; i < 14; ++i)
    in >> word;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::uint64_t childrens_user = 0;
  in >> user >> system >> childrens_user >> skipped;
  out.own_ticks = user + system;
  out.childrens_ticks = childrens_user + skipped;
  return out;
}

std::chrono::microseconds time_of(std::uint64_t ticks) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::microseconds{ticks * 1'000'000 / per_second};
}

std::uint64_t kib_behind(const std::string& text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string::npos)
    return 0;
  std::istringstream in{text.substr(at + name.size())};
  std::uint64_t kib = 0;
  in >> kib;
  return kib;
}

std::uint64_t memory_of(pid_t pid) {
  const auto directory = fs::path{"/proc"} / std::to_string(pid);
  if (auto shared = kib_behind(content_of(directory / "smaps_rollup"), "\nPss:"); shared > 0)
    return shared;
  return kib_behind(content_of(directory / "status"), "\nVmRSS:");
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> result;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong == std::errc{} && end == name.data() + name.size())
      result.push_back(pid);
  }
  return result;
}

} // namespace

usage usage_of(pid_t pid) {
  const auto line = read_stat(pid);
  return line ? usage{time_of(line->own_ticks), memory_of(pid)} : usage{};
}

std::vector<pid_t> descendants_of(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  for (auto pid : all_processes())
    if (auto line = read_stat(pid))
      children.emplace(line->parent, pid);
  std::vector<pid_t> result{root};
  for (std::size_t i = 0; i < result.size(); ++i)
    for (auto [at, end] = children.equal_range(result[i]); at != end; ++at)
      result.push_back(at->second);
  result.erase(result.begin());
  return result;
}

usage usage_of_tree(pid_t root) {
  auto members = descendants_of(root);
  members.push_back(root);
  usage sum;
  for (auto pid : members) {
    const auto line = read_stat(pid);
    if (!line)
      continue;
    sum.cpu += time_of(line->own_ticks + line->childrens_ticks);
    sum.memory_kib += memory_of(pid);
  }
  return sum;
}

std::optional<postmaster> postmaster_of(const fs::path& data_dir) {
  auto root = data_dir / "postgres";
  if (std::ifstream elsewhere{data_dir / "postgres.location"}; elsewhere) {
    std::string line;
    std::getline(elsewhere, line);
    root = line;
  }
  std::ifstream in{root / "data" / "postmaster.pid"};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  if (lines.size() < 5)
    return std::nullopt;
  postmaster out;
  out.pid = std::atoi(lines[0].c_str());
  out.socket_directory = lines[4];
  out.url = "host=" + lines[4] + " port=" + lines[3] + " user=carillon dbname=carillon";
  return out;
}

bool lives_with(const std::string& text) {
  const auto all = all_processes();
  return std::any_of(all.begin(), all.end(), [&](pid_t pid) {
    auto line = content_of("/proc/" + std::to_string(pid) + "/cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    return pid != ::getpid() && line.find(text) != std::string::npos;
  });
}

bool lives(pid_t pid) {
  const auto line = read_stat(pid);
  return line && line->state != 'Z';
}

} // namespace carillon::harness
