#include "actors/partition/snapshot_codec.hpp"

#include "messages/fact_codec.hpp"

#include "actors/support/bytes.hpp"

namespace carillon {

namespace {

constexpr std::uint64_t form = 1; // of what is written; every form ever written is read
constexpr std::uint64_t in_clear = 0;
constexpr std::uint64_t is_sealed = 1;

bool read_facts(byte_reader& in, opened_snapshot& out) {
  for (auto left = in.number(); left > 0 && !in.failed(); --left) {
    auto type = in.number();
    auto schema = static_cast<std::uint16_t>(in.number());
    timestamp at{duration{static_cast<std::int64_t>(in.number())}};
    auto body = in.text();
    auto sealed = in.text();
    if (in.failed() || type >= enum_count<fact_type>)
      return false;
    auto f = decode_fact(static_cast<fact_type>(type), schema, body);
    if (!f)
      return false;
    out.facts.push_back({std::move(*f), std::string{sealed}, at});
  }
  return !in.failed();
}

} // namespace

snapshot_plain encode_snapshot(const recipient_book& book, const recipient_id& recipient,
                               const recipient_entry& e) {
  byte_writer head;
  for (auto number : {form, e.version, e.profile_version, e.preferences_version, e.inbox_offset})
    head.number(number);
  byte_writer kept;
  auto facts = book.facts_of(recipient, e);
  kept.number(facts.size());
  std::string text;
  for (const auto& f : facts) {
    text.clear();
    encode_fact(f.body, text);
    kept.number(static_cast<std::uint64_t>(type_of(f.body)));
    kept.number(schema_of(f.body));
    kept.number(static_cast<std::uint64_t>(f.at.time_since_epoch().count()));
    kept.text(text);
    kept.text(f.sealed);
  }
  return {head.take(), kept.take()};
}

std::string finish_snapshot(sealer& seal, const recipient_id& recipient,
                            std::string_view wrapped_key, snapshot_plain plain,
                            const snapshot_parts& parts) {
  byte_writer behind;
  behind.text(parts.limits);
  behind.text(parts.inbox);
  plain.kept += behind.take();
  byte_writer how;
  how.number(wrapped_key.empty() ? in_clear : is_sealed);
  if (!wrapped_key.empty())
    how.bytes(make_hash(wrapped_key).bytes);
  plain.head += how.take();
  plain.head += wrapped_key.empty() ? plain.kept
                                    : seal.seal(wrapped_key, plain.kept, context_of(recipient));
  return std::move(plain.head);
}

std::optional<opened_snapshot> open_snapshot(sealer& seal, const recipient_id& recipient,
                                             std::string_view wrapped_key, std::string_view body) {
  opened_snapshot out;
  byte_reader head{body};
  if (head.number() != form)
    return std::nullopt;
  for (auto* number :
       {&out.version, &out.profile_version, &out.preferences_version, &out.inbox_offset})
    *number = head.number();
  auto how = head.number();
  hash16 key;
  if (how == is_sealed)
    key.bytes = head.bytes<16>();
  if (head.failed() || how > is_sealed)
    return std::nullopt;
  // Another key than the one there is: they were erased, and what came after is in the journal.
  if (how == is_sealed && (wrapped_key.empty() || make_hash(wrapped_key) != key)) {
    out.lost = true;
    return out;
  }
  std::optional<std::string> plain{std::string{head.rest()}};
  if (how == is_sealed)
    plain = seal.unseal(wrapped_key, *plain, context_of(recipient));
  if (!plain)
    return std::nullopt;
  byte_reader in{*plain};
  if (!read_facts(in, out))
    return std::nullopt;
  out.parts.limits = in.text();
  out.parts.inbox = in.text();
  return in.failed() ? std::nullopt : std::optional{std::move(out)};
}

} // namespace carillon
