#include "persistence/postgres/database.hpp"
#include "persistence/postgres/embedded_sql.hpp"
#include "persistence/postgres/link.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <charconv>

namespace carillon::persistence {

namespace {

// Any constant; "carillon" in ASCII.
constexpr long long migration_lock = 0x636172696c6c6f6e;

int number_of(std::string_view name) {
  int number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

std::string checksum(std::string_view text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  return fmt::format("{:02x}", fmt::join(hash, hash + 16, ""));
}

void apply(link& to, const embedded_file& file) {
  try {
    to.run(fmt::format("begin; set local lock_timeout = '30s'; {} ; insert into schema_migrations "
                       "(number, name, checksum) values ({}, '{}', '{}'); commit",
                       file.text, number_of(file.name), file.name, checksum(file.text)));
  } catch (...) {
    to.settle();
    throw;
  }
}

attempt compare(const sql_result& applied, int row, std::span<const embedded_file> ours) {
  auto number = static_cast<std::size_t>(applied.number(row, 0));
  if (number > ours.size())
    return failure{failure_kind::database_newer,
                   fmt::format("the database is newer than this binary: it has migration {}, the "
                               "binary knows {}",
                               number, ours.size())};
  if (applied.at(row, 1) != checksum(ours[number - 1].text))
    return failure{
        failure_kind::migration,
        fmt::format("migration {} was changed after it was applied", ours[number - 1].name)};
  return done{};
}

attempt migrate_locked(link& to) {
  to.run("create table if not exists schema_migrations (number integer primary key, name text not "
         "null, checksum text not null, applied_at timestamptz not null default now())");
  auto ours = embedded_migrations();
  auto applied = to.run("select number, checksum from schema_migrations order by number desc");
  for (int row = 0; row < applied.rows(); ++row)
    if (auto same = compare(applied, row, ours); !same)
      return same;
  for (const auto& file : ours.subspan(static_cast<std::size_t>(applied.rows())))
    apply(to, file);
  return done{};
}

} // namespace

attempt migrate(link& to) {
  try {
    to.run(fmt::format("select pg_advisory_lock({})", migration_lock));
    auto result = migrate_locked(to);
    to.run(fmt::format("select pg_advisory_unlock({})", migration_lock));
    return result;
  } catch (const sql_failure& failed) {
    return failure{failed.lost ? failure_kind::unreachable : failure_kind::migration,
                   fmt::format("migration failed: {}", failed.what())};
  }
}

} // namespace carillon::persistence
