// The journal lane's writer against a bare binary COPY of the same rows in the same batches.
#include "messages/fact_codec.hpp"

#include "persistence/embedded/server.hpp"
#include "persistence/postgres/copy_format.hpp"
#include "persistence/postgres/database.hpp"
#include "persistence/postgres/lane_writer.hpp"
#include "persistence/postgres/lease.hpp"
#include "persistence/postgres/link.hpp"
#include "tests/bench/benchmarks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/harness/daemon.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <vector>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
namespace db = carillon::persistence;

struct append_options {
  unsigned rows = 300'000;
  unsigned batch = 1'000; // rows a commit
};

template <class T>
T must(db::fallible<T> got) {
  if (!got)
    throw harness::failure(got.error().text);
  return std::move(*got);
}

// An embedded server with Carillon's tables and the lease of a node that is us.
struct database {
  harness::work_directory directory;
  std::unique_ptr<db::embedded_server> server;
  std::shared_ptr<lease_view> view = std::make_shared<lease_view>();
  std::unique_ptr<db::lease_keeper> lease;
  std::uint64_t epoch = 0;

  database() {
    db::embedded_options options;
    options.data_dir = directory.path();
    server = must(db::embedded_server::start(std::move(options)));
    db::database_options open;
    open.url = server->url();
    open.key_fingerprint = "bench";
    must(db::open_database(open));
    db::lease_options held;
    held.url = server->url();
    held.holder = "bench";
    held.view = view;
    lease = std::make_unique<db::lease_keeper>(held);
    epoch = must(lease->acquire([] {}, [] { return false; }));
    lease->start();
  }
};

// One notification's three rows: planned, started, succeeded.
std::vector<journal_row> rows_of(std::uint64_t number, std::uint8_t partition) {
  const auto now = std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  const auto id = make_notification_id(partition_id{partition}, now, 1, number);
  notification_planned planned;
  planned.recipient = recipient_id{"p-0000042"};
  planned.event_id = "e-0000000042";
  planned.source = "/bench";
  planned.dedupe = make_hash("/bench", std::to_string(number));
  planned.notification_type = "appointment_confirmation";
  planned.steps.resize(1);
  attempt_started started;
  started.number = 1;
  started.provider = "sms-main";
  started.content = make_hash("content");
  started.answer_by = now + 5s;
  attempt_succeeded done;
  done.number = 1;
  done.provider_message_id = "SM0123456789abcdef0123456789abcdef";
  std::vector<journal_row> out;
  for (const fact& body : {fact{planned}, fact{started}, fact{done}}) {
    journal_row row;
    row.partition = partition_id{partition};
    row.recorded_at = now;
    row.tenant = tenant_id{"default"};
    row.notification = id;
    row.type = type_of(body);
    row.schema = schema_of(body);
    encode_fact(body, row.body);
    if (out.empty())
      row.sealed.assign(180, static_cast<char>(number));
    out.push_back(std::move(row));
  }
  return out;
}

// Batches as partitions hand them over: one append a notification, partitions of lane 0.
class workload {
public:
  std::vector<append> next_batch(unsigned rows) {
    std::vector<append> out;
    for (unsigned i = 0; i < rows; i += 3, ++number_) {
      append one;
      one.partition = partition_id{static_cast<std::uint8_t>(number_ * 2 % 256)};
      one.rows = rows_of(number_, one.partition.value);
      for (auto& row : one.rows)
        row.sequence = ++sequence_[one.partition.value];
      out.push_back(std::move(one));
    }
    return out;
  }

private:
  std::uint64_t number_ = 0;
  std::array<std::uint64_t, 256> sequence_{};
};

class bare_copy {
public:
  explicit bare_copy(const std::string& url) : link_(options(url)) {
    link_.open();
    link_.run("create table bare_1 (like journal_1 including all)");
  }

  // Encoded beforehand: only what any program must do is timed.
  void encode(std::vector<append>& batch) {
    bytes_.clear();
    db::begin_copy(bytes_);
    for (auto& part : batch)
      for (auto& row : part.rows) {
        row.position = ++position_;
        db::copy_row(bytes_, row, 0);
      }
    db::end_copy(bytes_);
  }

  void write() {
    link_.send("begin; copy bare_1 (" + std::string{db::journal_columns}
               + ") from stdin with (format binary); commit");
    while (auto answer = link_.next())
      if (answer.wants_copy()) {
        link_.put_copy(bytes_);
        link_.end_copy();
      }
  }

private:
  static db::link_options options(const std::string& url) {
    db::link_options out;
    out.url = url;
    out.name = "bare";
    return out;
  }

  db::link link_;
  std::string bytes_;
  std::uint64_t position_ = 0;
};

void write_with_lane(db::lane_writer& writer, std::vector<append>& batch) {
  db::lane_batch whole;
  for (auto& part : batch)
    whole.appends.push_back(&part);
  if (writer.write(whole) != db::write_result::committed)
    throw harness::failure("the lane did not commit: " + writer.problem());
}

void run_append(const append_options& options) {
  database base;
  db::lane_settings settings;
  settings.url = base.server->url();
  settings.node = "main";
  settings.epoch = base.epoch;
  db::lane_writer writer{settings};
  bare_copy bare{base.server->url()};
  workload work;
  clock::duration lane_time{0};
  clock::duration bare_time{0};
  unsigned rows = 0;
  for (unsigned i = 0; rows < options.rows; ++i) {
    auto batch = work.next_batch(options.batch);
    const bool warm = i >= 10;
    bare.encode(batch);
    // Turn by turn, so that whatever else the machine does meets both.
    const auto began = clock::now();
    write_with_lane(writer, batch);
    const auto between = clock::now();
    bare.write();
    if (!warm)
      continue;
    lane_time += between - began;
    bare_time += clock::now() - between;
    rows += static_cast<unsigned>(batch.size() * 3);
  }
  const auto per_second = [&](clock::duration took) {
    return rounded(rows / std::chrono::duration<double>(took).count());
  };
  nlohmann::ordered_json out{{"bench", "append"},
                             {"params", {{"rows", rows}, {"rows_per_commit", options.batch}}}};
  out["rows_per_s"] = per_second(lane_time);
  out["bare_rows_per_s"] = per_second(bare_time);
  out["ratio"] = rounded(std::chrono::duration<double>(bare_time)
                         / std::chrono::duration<double>(lane_time));
  print(out);
}

} // namespace

void add_append(CLI::App& app) {
  auto options = std::make_shared<append_options>();
  auto* command = app.add_subcommand("append", "journal appends against bare binary COPY");
  command->add_option("--rows", options->rows)->capture_default_str();
  command->add_option("--batch", options->batch, "rows a commit")->capture_default_str();
  command->callback([options] { run_append(*options); });
}

} // namespace carillon::bench
