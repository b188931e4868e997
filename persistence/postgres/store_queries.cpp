#include "persistence/postgres/store_queries.hpp"

#include "persistence/postgres/binary_array.hpp"
#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/embedded_sql.hpp"
#include "persistence/postgres/segments.hpp"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

link_options link_for(std::string url) {
  link_options result;
  result.url = std::move(url);
  result.name = "carillon store";
  result.settings = "set lock_timeout = '5s'; set statement_timeout = '15s'; set "
                    "idle_in_transaction_session_timeout = '10s'; set jit = off; set timezone = "
                    "'UTC'";
  result.answer_timeout = 20s;
  return result;
}

/// Keeps the texts of the parameters of one statement.
class parameters {
public:
  parameters& add(std::string text) {
    texts_.push_back(std::move(text));
    nulls_.push_back(false);
    return *this;
  }
  parameters& add_or_null(const std::string& text) {
    texts_.push_back(text);
    nulls_.push_back(text.empty());
    return *this;
  }
  template <class E>
  parameters& add_code(const std::optional<E>& value) {
    return add_or_null(value ? std::to_string(static_cast<int>(*value)) : std::string{});
  }
  std::vector<const char*> values() const {
    std::vector<const char*> result;
    for (std::size_t i = 0; i < texts_.size(); ++i)
      result.push_back(nulls_[i] ? nullptr : texts_[i].c_str());
    return result;
  }

private:
  std::vector<std::string> texts_;
  std::vector<bool> nulls_;
};

// A UUID of any version, as a bound is not one of version 7.
std::string uuid_text(const notification_id& id) {
  const auto& b = id.bytes;
  auto part = [&b](std::size_t from, std::size_t to) {
    return fmt::format("{:02x}", fmt::join(b.begin() + static_cast<std::ptrdiff_t>(from),
                                           b.begin() + static_cast<std::ptrdiff_t>(to), ""));
  };
  return part(0, 4) + "-" + part(4, 6) + "-" + part(6, 8) + "-" + part(8, 10) + "-" + part(10, 16);
}

timestamp time_at(const sql_result& from, int row, int column) {
  if (from.is_null(row, column))
    return no_time;
  return timestamp{std::chrono::microseconds{from.number(row, column)}};
}

std::string text_at(const sql_result& from, int row, int column) {
  return std::string{from.at(row, column)};
}

// What the database takes as text.
bool is_text(std::string_view value) {
  return value.find('\0') == std::string_view::npos
         && simdjson::validate_utf8(value.data(), value.size());
}

// A smallint as a binary parameter: a field of a COPY without its length.
std::string parameter_of(partition_id partition) {
  std::string field;
  put_int16(field, partition.value);
  return field.substr(4);
}

// The text of an array, as its input function reads it.
std::string array_text(const std::vector<std::string>& items) {
  std::string result;
  for (const auto& item : items) {
    result += result.empty() ? "{\"" : ",\"";
    for (char c : item) {
      if (c == '"' || c == '\\')
        result += '\\';
      result += c;
    }
    result += '"';
  }
  return result + "}";
}

// Columns as in sql/list_*.sql.
listed_notification item_at(const sql_result& from, int row) {
  listed_notification item;
  item.id = parse_notification_id(from.at(row, 0)).value_or(notification_id{});
  item.event_id = text_at(from, row, 1);
  item.recipient = text_at(from, row, 2);
  item.type = text_at(from, row, 3);
  item.in = static_cast<category>(from.number(row, 4));
  item.at = static_cast<priority>(from.number(row, 5));
  item.now = static_cast<status>(from.number(row, 6));
  if (!from.is_null(row, 7))
    item.on = static_cast<channel>(from.number(row, 7));
  item.why = static_cast<reason>(from.number(row, 8));
  item.created_at = time_at(from, row, 9);
  item.updated_at = time_at(from, row, 10);
  item.send_at = time_at(from, row, 11);
  item.expires_at = time_at(from, row, 12);
  return item;
}

} // namespace

store_queries::store_queries(std::string url) : link_(link_for(std::move(url))) {}

void store_queries::open() {
  if (link_.is_open())
    return;
  link_.open();
  try {
    for (const char* name : {"save_snapshots", "read_snapshots"})
      link_.prepare(name, statement(name));
  } catch (...) {
    link_.close();
    throw;
  }
}

// -- journal -----------------------------------------------------------------

template <class Take>
void store_queries::copy_rows(const std::string& sql, Take take) {
  link_.send("copy (" + sql + ") to stdout (format binary)");
  link_.next();
  std::string_view piece;
  while (link_.get_copy(piece)) {
    copy_reader in{piece};
    in.skip_header();
    if (in.fields() < 0)
      continue;
    journal_row row;
    read_row(in, row);
    take(std::move(row));
  }
  while (link_.next())
    ;
}

std::vector<facts_read> store_queries::facts_of(const std::vector<read_facts>& questions) {
  open();
  absl::flat_hash_map<notification_id, std::vector<std::size_t>> asked;
  for (std::size_t i = 0; i < questions.size(); ++i)
    asked[questions[i].id].push_back(i);
  std::string ids;
  for (const auto& [id, who] : asked)
    ids += (ids.empty() ? "" : ",") + uuid_text(id);
  auto part = [&ids](const std::string& table, const char* only = "") {
    return fmt::format("select {} from {} j left join blobs b using (notification_id, position) "
                       "where j.notification_id = any('{{{}}}'){}",
                       journal_columns_with_content, table, ids, only);
  };
  auto sql = part("ledger") + " union all " + part("carried", " and j.alone");
  for (auto number : segments(link_))
    sql += " union all " + part(fmt::format("journal_{}", number));
  std::vector<facts_read> result(questions.size());
  auto give = [&](std::size_t to, journal_row row) {
    if (questions[to].tenant.empty() || questions[to].tenant == row.tenant)
      result[to].rows.push_back(std::move(row));
  };
  copy_rows(sql + " order by sequence", [&](journal_row row) {
    const auto& who = asked.at(row.notification);
    for (std::size_t n = 0; n + 1 < who.size(); ++n)
      give(who[n], row);
    give(who.back(), std::move(row)); // content may be large
  });
  return result;
}

// -- people ------------------------------------------------------------------

void store_queries::save(const save_snapshots& what) {
  open();
  auto partition = parameter_of(what.partition);
  binary_array sequences{type_number::int8};
  binary_array tenants{type_number::text};
  binary_array recipients{type_number::text};
  binary_array roles{type_number::text};
  binary_array bodies{type_number::bytea};
  for (const auto& item : what.items) {
    sequences.add_int64(static_cast<std::int64_t>(item.sequence));
    tenants.add_text(item.who.tenant.str());
    recipients.add_text(item.who.recipient.str());
    item.roles.empty() ? roles.add_null() : roles.add_text(array_text(item.roles));
    bodies.add_text(item.body);
  }
  link_.run_prepared("save_snapshots", {{partition},
                                        {sequences.bytes()},
                                        {tenants.bytes()},
                                        {recipients.bytes()},
                                        {roles.bytes()},
                                        {bodies.bytes()}});
}

snapshots_read store_queries::read(const read_snapshots& what) {
  open();
  auto partition = parameter_of(what.partition);
  binary_array tenants{type_number::text};
  binary_array recipients{type_number::text};
  for (const auto& who : what.who) {
    if (!is_text(who.tenant.str()) || !is_text(who.recipient.str()))
      continue; // nothing can be kept of them, and the others are not to suffer
    tenants.add_text(who.tenant.str());
    recipients.add_text(who.recipient.str());
  }
  auto found = link_.run_prepared("read_snapshots",
                                  {{partition}, {tenants.bytes()}, {recipients.bytes()}}, true);
  snapshots_read result;
  for (int row = 0; row < found.rows(); ++row)
    result.items.push_back(
        {{tenant_id{text_at(found, row, 0)}, recipient_id{text_at(found, row, 1)}},
         text_at(found, row, 2),
         static_cast<std::uint64_t>(found.number(row, 3)),
         text_at(found, row, 4)});
  return result;
}

// -- read models -------------------------------------------------------------

std::vector<notification_id> store_queries::find(const find_event& query) {
  open();
  std::int64_t hash = 0;
  std::memcpy(&hash, query.dedupe.bytes.data(), sizeof hash);
  auto found = link_.run("select id from notifications where event_hash = $1 and tenant = $2 order "
                         "by id",
                         {std::to_string(hash).c_str(), query.tenant.str().c_str()});
  std::vector<notification_id> result;
  for (int row = 0; row < found.rows(); ++row)
    if (auto id = parse_notification_id(found.at(row, 0));
        id && partition_of(*id) == query.partition)
      result.push_back(*id);
  return result;
}

// -- lists -------------------------------------------------------------------

std::vector<listed_notification> store_queries::list(const list_filter& filter, bool dead_letters) {
  open();
  parameters values;
  values.add(filter.tenant.str());
  if (!dead_letters)
    values.add_or_null(filter.recipient).add_code(filter.now);
  values.add_or_null(filter.type).add_code(filter.on);
  if (dead_letters)
    values.add_code(filter.why);
  values.add(uuid_text(filter.first)).add(uuid_text(filter.last));
  values.add(std::to_string(filter.limit + 1));
  auto found
      = link_.run(std::string{statement(dead_letters ? "list_dead_letters" : "list_notifications")},
                  values.values());
  std::vector<listed_notification> result;
  for (int row = 0; row < found.rows(); ++row)
    result.push_back(item_at(found, row));
  return result;
}

timestamp store_queries::as_of(timestamp now) {
  open();
  std::string newest{"(select max(position) from ledger where lane = p.lane)"};
  for (auto number : segments(link_))
    newest += fmt::format(", (select max(position) from journal_{} where lane = p.lane)", number);
  // A lane whose newest row the projector passed is up to date, however old that row is.
  auto lag = link_.run(fmt::format("select (extract(epoch from min(as_of)) * 1000000)::bigint from "
                                   "projector_position p where as_of > '-infinity' and position < "
                                   "greatest({})",
                                   newest));
  return lag.is_null(0, 0) ? now : std::min(now, time_at(lag, 0, 0));
}

bool store_queries::is_reachable() {
  try {
    open();
    link_.run("select 1");
    return true;
  } catch (const sql_failure&) {
    return false;
  }
}

// -- catalogue ---------------------------------------------------------------

catalogue_rows store_queries::catalogue() {
  open();
  catalogue_rows result;
  auto rows = link_.run("select tenant, kind, name, version, state, body, from_file, "
                        "catalogue_version from catalogue order by tenant, catalogue_version, "
                        "ordinal");
  for (int row = 0; row < rows.rows(); ++row) {
    auto& item = result.rows.emplace_back();
    item.tenant = tenant_id{text_at(rows, row, 0)};
    item.kind = static_cast<catalogue_kind>(rows.number(row, 1));
    item.name = text_at(rows, row, 2);
    item.version = static_cast<std::uint32_t>(rows.number(row, 3));
    item.state = static_cast<template_state>(rows.number(row, 4));
    item.body = text_at(rows, row, 5);
    item.from_file = rows.at(row, 6) == "t";
    item.catalogue_version = static_cast<std::uint64_t>(rows.number(row, 7));
  }
  auto imported = link_.run("select file, hash from catalogue_import order by tenant, file");
  for (int row = 0; row < imported.rows(); ++row)
    result.imported.emplace_back(text_at(imported, row, 0), text_at(imported, row, 1));
  return result;
}

std::uint64_t store_queries::save(const save_catalogue& what) {
  open();
  try {
    link_.run("begin");
    auto version = save_rows(what);
    link_.run("commit");
    return version;
  } catch (const sql_failure&) {
    link_.settle();
    throw;
  }
}

std::uint64_t store_queries::save_rows(const save_catalogue& what) {
  const auto& tenant = what.tenant.str();
  auto saved = link_.run("insert into catalogue_version (tenant, version) values ($1, 1) on "
                         "conflict (tenant) do update set version = catalogue_version.version + 1 "
                         "returning version",
                         {tenant.c_str()});
  auto version = text_at(saved, 0, 0);
  int ordinal = 0;
  for (const auto& row : what.rows) {
    parameters values;
    values.add(tenant).add(version).add(std::to_string(ordinal++));
    values.add(std::to_string(static_cast<int>(row.kind))).add(std::to_string(row.version));
    values.add(std::to_string(static_cast<int>(row.state))).add(row.from_file ? "t" : "f");
    values.add(row.name).add(row.body);
    link_.run("insert into catalogue (tenant, catalogue_version, ordinal, kind, version, state, "
              "from_file, saved_at, name, body) values ($1, $2, $3, $4, $5, $6, $7, "
              "clock_timestamp(), $8, $9)",
              values.values());
  }
  for (const auto& [file, hash] : what.imported)
    link_.run("insert into catalogue_import (tenant, file, hash) values ($1, $2, $3) on conflict "
              "(tenant, file) do update set hash = excluded.hash",
              {tenant.c_str(), file.c_str(), hash.c_str()});
  return static_cast<std::uint64_t>(saved.number(0, 0));
}

} // namespace carillon::persistence
