#pragma once

#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace carillon::test {

/// A persistence backend as the engine sees it: one lane, its projector, the store. The data
/// outlives `restart`.
class backend {
public:
  virtual ~backend() = default;
  virtual const char* name() const = 0;

  /// Ends the actors and starts new ones on the same data.
  void restart();

  journal_actor journal;
  projector_actor projector;
  store_actor store;

protected:
  explicit backend(caf::actor_system& system) : system_(system) {}
  virtual void spawn() = 0;
  void stop();
  caf::actor_system& system_;
};

std::unique_ptr<backend> make_memory_backend(caf::actor_system& system);
std::unique_ptr<backend> make_postgres_backend(caf::actor_system& system);

/// What a partition got in a replay.
struct replayed_partition {
  std::vector<known_person> people;
  std::vector<remembered_event> events;
  std::vector<journal_row> carried; ///< what came as settled
  std::vector<journal_row> rows;
  replay_end end;
};

/// A system of real threads with a backend, and what tests say to it. Every wait is bounded.
class persistence_world {
public:
  persistence_world();
  ~persistence_world();

  caf::actor_system& system() {
    return system_;
  }

  caf::expected<appended> write(const journal_actor& to, append what);

  /// Sends all at once; gives the answers in order (an error as its code).
  std::vector<caf::expected<appended>> write_all(const journal_actor& to, std::vector<append> what);

  replayed_partition replay(const journal_actor& from, std::uint8_t partition);

  /// Waits until the projector says that it has written this position (and says it to partition 7).
  void await_projected(const projector_actor& from, std::uint64_t position);

  template <class Answer, class Actor, class Question>
  caf::expected<Answer> ask(const Actor& whom, Question question) {
    return std::move(ask_all<Answer>(whom, std::vector<Question>{std::move(question)}).front());
  }

  /// Sends all at once; gives the answers in order.
  template <class Answer, class Actor, class Question>
  std::vector<caf::expected<Answer>> ask_all(const Actor& whom, std::vector<Question> questions) {
    caf::scoped_actor self{system_};
    std::vector<caf::expected<Answer>> out(questions.size(), caf::sec::runtime_error);
    using handle = decltype(self->request(whom, answer_time, questions.front()));
    std::vector<handle> under_way;
    for (auto& question : questions)
      under_way.push_back(self->request(whom, answer_time, std::move(question)));
    for (std::size_t i = 0; i < under_way.size(); ++i)
      under_way[i].receive([&](Answer& answer) { out[i] = std::move(answer); },
                           [&](caf::error& why) { out[i] = std::move(why); });
    return out;
  }

private:
  static constexpr auto answer_time = std::chrono::seconds{60};

  caf::actor_system_config config_;
  caf::actor_system system_;
};

/// An append of `partition` with `count` rows from `sequence` on, about the notification `id`.
append rows_of(std::uint8_t partition, std::uint64_t sequence, std::size_t count = 1,
               fact_type type = fact_type::attempt_succeeded);

/// An id in a partition, the n-th made at second `at`.
notification_id id_of(std::uint8_t partition, std::uint64_t n, std::int64_t at = 1'795'424'400);

/// A line of the read model.
projection line_of(const notification_id& id, status now, const char* type = "note");

} // namespace carillon::test
