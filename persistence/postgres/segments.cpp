#include "persistence/postgres/segments.hpp"

#include <fmt/format.h>

namespace carillon::persistence {

namespace {

using namespace std::chrono_literals;

link_options link_for(std::string url, std::function<bool()> cancelled) {
  link_options result;
  result.url = std::move(url);
  result.name = "carillon segments";
  result.settings = "set lock_timeout = '5s'; set statement_timeout = '10min'; set jit = off; set "
                    "work_mem = '64MB'";
  result.answer_timeout = 11min;
  result.cancelled = std::move(cancelled);
  return result;
}

timestamp time_at(const sql_result& from, int row, int column) {
  if (from.is_null(row, column))
    return no_time;
  return timestamp{std::chrono::microseconds{from.number(row, column)}};
}

std::vector<segment_info> list(link& of) {
  auto rows = of.run("select number, coalesce(row_count, segment_rows(number)), (extract(epoch "
                     "from created_at) * 1000000)::bigint, (extract(epoch from closed_at) * "
                     "1000000)::bigint, (extract(epoch from settled_at) * 1000000)::bigint from "
                     "segments order by number");
  std::vector<segment_info> result;
  for (int row = 0; row < rows.rows(); ++row)
    result.push_back({static_cast<std::int32_t>(rows.number(row, 0)),
                      static_cast<std::uint64_t>(rows.number(row, 1)), time_at(rows, row, 2),
                      time_at(rows, row, 3), time_at(rows, row, 4)});
  return result;
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
  return static_cast<int>(to.run("select rotate_segment()").number(0, 0));
}

void settle_segment(link& to, int number,
                    const std::array<std::uint64_t, partition_count>& flushed) {
  to.run(fmt::format("select seal_segment({})", number));
  to.run(fmt::format("select settle_segment({}, '{{{}}}')", number, fmt::join(flushed, ",")));
}

void drop_segment(link& to, int number) {
  to.run(fmt::format("select drop_segment({})", number));
}

// -- tending -----------------------------------------------------------------

segment_queries::segment_queries(std::string url, std::function<bool()> cancelled)
    : link_(link_for(std::move(url), std::move(cancelled))) {}

segments_listed segment_queries::tend(const tend_segments& what) {
  link_.open();
  segments_listed result;
  try {
    act(what);
  } catch (const sql_failure& why) {
    if (why.lost || why.state != tending_refused)
      throw;
    std::string text{why.what()};
    constexpr std::string_view prefix{"ERROR:  "};
    result.refused = text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text;
  }
  result.segments = list(link_);
  link_.close();
  return result;
}

void segment_queries::act(const tend_segments& what) {
  switch (what.what) {
  case tend_segments::verb::list:
    return;
  case tend_segments::verb::rotate:
    rotate_segment(link_);
    return;
  case tend_segments::verb::settle:
    return settle_segment(link_, what.segment, what.flushed);
  case tend_segments::verb::drop:
    return drop_segment(link_, what.segment);
  }
}

} // namespace carillon::persistence
