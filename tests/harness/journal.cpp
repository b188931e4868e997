#include "tests/harness/journal.hpp"

#include "messages/fact_codec.hpp"

#include "tests/harness/wait.hpp"

#include <pqxx/pqxx>

#include <algorithm>

namespace carillon::harness {

namespace {

journal_fact read_row(const pqxx::row& row) {
  journal_fact out;
  out.partition = row[0].as<unsigned>();
  out.sequence = row[1].as<std::uint64_t>();
  out.lane = row[2].as<unsigned>();
  out.position = row[3].as<std::uint64_t>();
  out.at = timestamp{duration{row[4].as<std::int64_t>()}};
  if (!row[5].is_null())
    out.id = parse_notification_id(row[5].c_str()).value_or(notification_id{});
  const auto type = static_cast<fact_type>(row[6].as<int>());
  auto decoded = decode_fact(type, static_cast<std::uint16_t>(row[7].as<int>()), row[8].c_str());
  if (!decoded)
    throw failure("a fact cannot be read: " + std::string{to_string(type)} + " " + row[8].c_str());
  out.body = *std::move(decoded);
  return out;
}

void read_table(pqxx::transaction_base& work, const std::string& table,
                std::vector<journal_fact>& out) {
  const auto rows = work.exec("select partition, sequence, lane, position, "
                              "(extract(epoch from recorded_at) * 1000000)::bigint, "
                              "notification_id::text, type, schema, body from "
                              + table);
  for (const auto& row : rows)
    out.push_back(read_row(row));
}

} // namespace

std::vector<journal_fact> read_journal(const std::string& url) {
  pqxx::connection connection{url};
  pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> work{connection};
  std::vector<journal_fact> out;
  for (const auto& row : work.exec("select number from segments order by number"))
    read_table(work, "journal_" + std::string{row[0].c_str()}, out);
  read_table(work, "ledger", out);
  std::sort(out.begin(), out.end(), [](const journal_fact& a, const journal_fact& b) {
    return std::pair{a.partition, a.sequence} < std::pair{b.partition, b.sequence};
  });
  return out;
}

std::string read_value(const std::string& url, const std::string& sql) {
  pqxx::connection connection{url};
  pqxx::nontransaction work{connection};
  return work.exec1(sql)[0].c_str();
}

} // namespace carillon::harness
