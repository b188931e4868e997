#include "adapters/providers/provider.hpp"

#include "messages/ids.hpp"

#include "adapters/providers/support/form.hpp"

#include <charconv>

namespace carillon::providers {

namespace {

bool is_loopback_url(std::string_view url) noexcept {
  const auto start = url.find("://");
  if (start == std::string_view::npos)
    return false;
  url.remove_prefix(start + 3);
  const auto host
      = url.substr(0, url.find_first_of("/:?#", url.starts_with('[') ? url.find(']') : 0));
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

} // namespace

const provider_kind* find_provider_kind(std::string_view name) noexcept {
  for (const auto& kind : provider_kinds())
    if (kind.name == name)
      return &kind;
  return nullptr;
}

std::vector<std::string> check_provider(const provider_settings& settings) {
  const auto* kind = find_provider_kind(settings.kind);
  if (kind == nullptr)
    return {"unknown kind \"" + settings.kind + "\""};
  auto problems = kind->check(settings);
  if (settings.on != kind->on)
    problems.push_back("kind \"" + settings.kind + "\" is for channel "
                       + std::string{to_string(kind->on)});
  return problems;
}

std::unique_ptr<provider> make_provider(const provider_settings& settings, const environment& env) {
  if (!check_provider(settings).empty())
    return nullptr;
  return find_provider_kind(settings.kind)->make(settings, env);
}

std::string to_string(const message_ref& ref) {
  return to_string(ref.id) + "." + std::to_string(ref.attempt);
}

std::optional<message_ref> parse_message_ref(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos)
    return std::nullopt;
  const auto id = parse_notification_id(text.substr(0, dot));
  const auto digits = text.substr(dot + 1);
  message_ref out;
  const auto [end, error]
      = std::from_chars(digits.data(), digits.data() + digits.size(), out.attempt);
  if (!id || error != std::errc{} || end != digits.data() + digits.size() || out.attempt == 0)
    return std::nullopt;
  out.id = *id;
  return out;
}

std::string callback_url(std::string_view public_url, std::string_view provider_name,
                         const message_ref& ref) {
  if (public_url.empty())
    return {};
  while (public_url.ends_with('/'))
    public_url.remove_suffix(1);
  return std::string{public_url} + "/v1/callbacks/" + percent_encode(provider_name) + "/"
         + to_string(ref);
}

std::string callback_base(const provider_settings& settings, const environment& env) {
  const bool unreachable = is_loopback_url(env.public_url) && !is_loopback_url(settings.base_url);
  return settings.callbacks && !unreachable ? env.public_url : std::string{};
}

std::string credential(const provider_settings& settings, const std::string& name) {
  const auto it = settings.credentials.find(name);
  return it == settings.credentials.end() ? std::string{} : it->second;
}

std::string_view header_of(const raw_callback& request, std::string_view name) noexcept {
  for (const auto& [key, value] : request.headers)
    if (key == name)
      return value;
  return {};
}

} // namespace carillon::providers
