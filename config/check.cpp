#include "config/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace carillon {
namespace {

using problem_list = std::vector<settings_problem>;

bool is_readable(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && std::ifstream{file}.good();
}

void check_tls(const http_settings& http, problem_list& problems) {
  if (http.tls_cert.empty() != http.tls_key.empty()) {
    problems.push_back({"", http.tls_cert.empty() ? "http.tls_cert" : "http.tls_key",
                        "is missing: TLS needs http.tls_cert and http.tls_key"});
    return;
  }
  if (http.tls_cert.empty())
    return;
  if (!is_readable(http.tls_cert))
    problems.push_back({"", "http.tls_cert",
                        fmt::format("{} cannot be read; name a PEM file with the certificate chain",
                                    http.tls_cert.string())});
  if (!is_readable(http.tls_key))
    problems.push_back({"", "http.tls_key",
                        fmt::format("{} cannot be read; name a PEM file with the private key",
                                    http.tls_key.string())});
}

void check_lease(const settings& values, problem_list& problems) {
  if (values.lease.renew_every * 3 > values.lease.ttl)
    problems.push_back({"", "lease.renew_every",
                        "must be at most a third of lease.ttl, so that one lost renewal does not "
                        "stop the node"});
  auto longest = values.delivery.call_timeout;
  for (const auto& provider : values.providers)
    longest = std::max(longest, provider.timeout.value_or(duration{0}));
  if (longest + values.lease.renew_every * 2 > values.lease.ttl)
    problems.push_back({"", "lease.ttl",
                        "must be longer than the longest call time-out plus two renewals, or no "
                        "call could ever start"});
}

void check_paths(const settings& values, problem_list& problems) {
  std::error_code error;
  if (!values.catalogue_dir.empty() && !std::filesystem::is_directory(values.catalogue_dir, error))
    problems.push_back({"", "catalogue_dir",
                        fmt::format("{} is not a directory; make it or leave the key out",
                                    values.catalogue_dir.string())});
  if (values.data_dir.empty())
    problems.push_back({"", "data_dir", "is empty; name a directory"});
  if (!values.bootstrap_key.empty() && values.bootstrap_key.size() < 16)
    problems.push_back(
        {"", "bootstrap_key", "is shorter than 16 characters; take a longer random one"});
}

void check_names(const settings& values, problem_list& problems) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < values.providers.size(); ++i) {
    const auto& name = values.providers[i].name;
    if (!name.empty() && !seen.insert(name).second)
      problems.push_back(
          {"", fmt::format("provider[{}].name", i),
           fmt::format("'{}' is taken by another provider; names are unique", name)});
  }
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64
         && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
}

std::string listed(const std::vector<channel>& channels) {
  std::string names;
  for (auto each : channels)
    names += (names.empty() ? "" : ", ") + std::string{to_string(each)};
  return names;
}

std::string known_kinds() {
  std::string names;
  for (const auto& each : provider_kinds())
    names += (names.empty() ? "" : ", ") + each.name;
  return names;
}

} // namespace

complaint read_secret_file(const std::filesystem::path& path, std::string& to) {
  std::ifstream in{path, std::ios::binary};
  if (!in || !is_readable(path))
    return fmt::format("{} cannot be read; name a file that holds the value", path.string());
  to.assign(std::istreambuf_iterator<char>{in}, {});
  while (to.ends_with('\n') || to.ends_with('\r'))
    to.pop_back();
  return to.empty() ? fmt::format("{} is empty", path.string()) : complaint{};
}

void check_settings(const settings& values, problem_list& problems) {
  check_tls(values.http, problems);
  check_lease(values, problems);
  check_paths(values, problems);
  check_names(values, problems);
}

void check_provider(const provider_settings& provider, const provider_kind* kind,
                    const std::string& prefix, const std::string& where, problem_list& problems) {
  auto say = [&](std::string_view key, std::string message) {
    problems.push_back({where, prefix + std::string{key}, std::move(message)});
  };
  if (!is_plain_name(provider.name))
    say("name", "must be 1 to 64 of a-z, 0-9, - and _: it becomes part of the callback URL");
  if (!kind) {
    say("kind",
        provider.kind.empty()
            ? fmt::format("is missing; this version has {}", known_kinds())
            : fmt::format("'{}' is not built; this version has {}", provider.kind, known_kinds()));
    return;
  }
  if (std::find(kind->channels.begin(), kind->channels.end(), provider.on) == kind->channels.end())
    say("channel", fmt::format("{} does not serve {}, only {}", kind->name, to_string(provider.on),
                               listed(kind->channels)));
  for (const auto& name : kind->required) {
    auto found = provider.credentials.find(name);
    if (found == provider.credentials.end() || found->second.empty())
      say(name, fmt::format("is missing: {} needs it, as {} or {}_file", kind->name, name, name));
  }
}

} // namespace carillon
