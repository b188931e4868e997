#include "persistence/postgres/database.hpp"

#include "messages/enums.hpp"
#include "messages/facts.hpp"

#include "persistence/postgres/link.hpp"

#include <fmt/format.h>

#include <thread>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_after = 250ms;

// The names of the numbers, for people who read the tables; a number never changes its name.
template <named_enum E>
attempt write_codes(link& to, const char* kind) {
  std::string values;
  for (std::size_t code = 0; code < enum_count<E>; ++code)
    values += fmt::format("{}('{}', {}, '{}')", code == 0 ? "" : ", ", kind, code,
                          enum_names<E>::values[code]);
  to.run("insert into codes (kind, code, name) values " + values + " on conflict do nothing");
  auto others
      = to.run("select code, name from codes where (kind, code, name) not in (values " + values
               + fmt::format(") and kind = '{}' and code < {} limit 1", kind, enum_count<E>));
  if (others.rows() == 0)
    return done{};
  return failure{failure_kind::database_newer,
                 fmt::format("{} {} is '{}' in the database and '{}' in this binary", kind,
                             others.at(0, 0), others.at(0, 1),
                             enum_names<E>::values[static_cast<std::size_t>(others.number(0, 0))])};
}

attempt write_all_codes(link& to) {
  using writer = attempt (*)(link&, const char*);
  const std::pair<const char*, writer> kinds[]
      = {{"fact", &write_codes<fact_type>},    {"status", &write_codes<status>},
         {"channel", &write_codes<channel>},   {"category", &write_codes<category>},
         {"priority", &write_codes<priority>}, {"reason", &write_codes<reason>}};
  for (auto [kind, write] : kinds)
    if (auto written = write(to, kind); !written)
      return written;
  return done{};
}

void fill_new(link& to, const database_options& options) {
  to.run(fmt::format(
      "begin; insert into meta (name, value) values ('lanes', '{0}'), ('master_key', '{1}'); "
      "insert "
      "into lane_state (lane) select generate_series(0, {0} - 1); insert into projector_position "
      "(lane) select generate_series(0, {0} - 1); insert into partition_owner (partition) select "
      "generate_series(0, 255); commit",
      options.lanes, options.key_fingerprint));
}

attempt check_key(link& to, const database_options& options) {
  if (options.key_fingerprint.empty())
    return done{};
  auto known = to.run("select value from meta where name = 'master_key'");
  if (known.rows() == 1 && known.at(0, 0) == options.key_fingerprint)
    return done{};
  if (known.rows() == 1 && known.at(0, 0).empty()) {
    to.run("update meta set value = $1 where name = 'master_key'",
           {options.key_fingerprint.c_str()});
    return done{};
  }
  return failure{failure_kind::key, "the master key is not the one this database was made with"};
}

fallible<opened_database> prepare(link& to, const database_options& options) {
  if (auto migrated = migrate(to); !migrated)
    return migrated.error();
  opened_database result;
  result.url = options.url;
  auto lanes = to.run("select value from meta where name = 'lanes'");
  result.fresh = lanes.rows() == 0;
  if (result.fresh)
    fill_new(to, options);
  result.lanes = result.fresh ? options.lanes : static_cast<std::uint32_t>(lanes.number(0, 0));
  if (auto fits = check_key(to, options); !fits)
    return fits.error();
  if (auto written = write_all_codes(to); !written)
    return written.error();
  return result;
}

attempt connect(link& to, const database_options& options) {
  auto give_up_at = std::chrono::steady_clock::now() + options.patience;
  for (bool told = false;; told = true) {
    try {
      to.open();
      return done{};
    } catch (const sql_failure& failed) {
      if (std::chrono::steady_clock::now() >= give_up_at)
        return failure{failure_kind::unreachable,
                       fmt::format("the database cannot be reached: {}", failed.what())};
      if (!told && options.log)
        options.log(fmt::format("waiting for the database: {}", failed.what()));
    }
    std::this_thread::sleep_for(retry_after);
  }
}

} // namespace

fallible<opened_database> open_database(const database_options& options) {
  link_options how;
  how.url = options.url;
  how.name = "carillon migration";
  how.answer_timeout = 10min;
  link to{std::move(how)};
  if (auto connected = connect(to, options); !connected)
    return connected.error();
  try {
    return prepare(to, options);
  } catch (const sql_failure& failed) {
    return failure{failed.lost ? failure_kind::unreachable : failure_kind::migration,
                   failed.what()};
  }
}

} // namespace carillon::persistence
