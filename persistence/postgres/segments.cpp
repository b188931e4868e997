#include "persistence/postgres/segments.hpp"

#include "persistence/postgres/link.hpp"

#include <fmt/format.h>

namespace carillon::persistence {

namespace {

void run_or_undo(link& to, const std::string& sql) {
  try {
    to.run(sql);
  } catch (const sql_failure&) {
    to.settle();
    throw;
  }
}

} // namespace

std::vector<int> segments(link& of) {
  auto rows = of.run("select number from segments order by number");
  std::vector<int> result;
  for (int row = 0; row < rows.rows(); ++row)
    result.push_back(static_cast<int>(rows.number(row, 0)));
  return result;
}

int rotate_segment(link& to) {
  auto number = segments(to).back() + 1;
  // Two at once: the second finds the table there and fails.
  run_or_undo(to,
              fmt::format("begin; set local lock_timeout = '5s'; create table journal_{0} (like "
                          "ledger including all); update segments set closed_at = now() where "
                          "closed_at is null; insert into segments (number) values ({0}); commit",
                          number));
  return number;
}

bool drop_segment(link& to, int number) {
  auto closed = to.run(
      fmt::format("select 1 from segments where number = {} and closed_at is not null", number));
  if (closed.rows() == 0)
    return false;
  run_or_undo(
      to,
      fmt::format(
          "begin; set local lock_timeout = '5s'; lock table journal_{0} in access exclusive mode; "
          "update partition_owner o set next_sequence = greatest(o.next_sequence, s.last + 1) from "
          "(select partition, max(sequence) as last from journal_{0} group by partition) s where "
          "s.partition = o.partition; update lane_state l set next_position = "
          "greatest(l.next_position, "
          "s.last + 1) from (select lane, max(position) as last from journal_{0} group by lane) s "
          "where "
          "s.lane = l.lane; drop table journal_{0}; delete from segments where number = {0}; "
          "commit",
          number));
  return true;
}

} // namespace carillon::persistence
