#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "answer.hpp"
#include "metrics/counters.hpp"
#include "question.hpp"
#include "replay_socket.hpp"
#include "replay_source.hpp"
#include "runtime/answer_queue.hpp"
#include "runtime/clock.hpp"
#include "runtime/complaints.hpp"
#include "runtime/connection.hpp"
#include "runtime/string_map.hpp"
#include "security/gate.hpp"
#include "topics/topic_registry.hpp"

namespace zevi::broker {

/// Answers readers, a slice in every round of the routing thread, so that live events never wait for more
/// than a slice. A reader's questions are answered one after another, different readers' in turn. One that
/// does not read pauses its own answer alone; what waits for it is bounded by its `AnswerQueue`.
class Replay {
 public:
  /// The most readers with a question, and what one of them and all of them may ask before they are answered.
  static constexpr std::size_t readers_max = 256;
  static constexpr std::size_t questions_max = 16;
  static constexpr std::size_t question_bytes_max = std::size_t{64} << 20U;
  /// A reader that takes nothing for this long is given up, and with it what it asked.
  static constexpr std::chrono::seconds patience{60};

  Replay(zmq::context_t& context, const Endpoint& endpoint, ReplaySource& source, const TopicRegistry& topics,
         std::uint64_t epoch, Counters& counters, Complaints& complaints);

  /// From now on readers may ask for what the gate says.
  void ask(Gate& gate) noexcept { gate_ = &gate; }
  /// The access list has changed: readers that may ask for nothing any more are cut off.
  void apply_access();

  /// Reads what was asked and sends a slice of what is due.
  void do_work(const Now& now);
  /// What answers were waiting for may have been read from the disk.
  void wake() noexcept;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_.socket(); }
  [[nodiscard]] std::string endpoint() const { return socket_.endpoint(); }
  /// When `do_work` has something to do, unless something arrives.
  [[nodiscard]] SteadyTime deadline() const noexcept { return next_work_; }

 private:
  struct Reader {
    Reader(std::string_view id, std::shared_ptr<AnswerQueue::Count> all_queued)
        : routing_id(id), queue(std::move(all_queued)) {}

    const std::string routing_id;
    std::string peer;  ///< as the gate names it
    Connection connection;
    AnswerQueue queue;
    bool is_in_turns = false;
    std::deque<std::unique_ptr<Question>> waiting;
    std::unique_ptr<Answer> answer;  ///< to the question before those
    bool is_prepared = false;
    bool is_waiting = false;  ///< for the disk
    std::string end;          ///< the answer's last frame, once it is due
    SteadyTime last_progress;
    SteadyTime retry_at{};
    std::chrono::microseconds pause{100};
  };
  /// What a round may still spend, in messages and bytes.
  struct Slice {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    [[nodiscard]] bool is_spent() const noexcept { return messages == 0 || bytes == 0; }
    void spend(std::size_t of_bytes) noexcept {
      --messages;
      bytes -= of_bytes < bytes ? of_bytes : bytes;
    }
  };
  enum class Progress : std::uint8_t { goes_on, paused, waits, finished, left };

  void read_questions(const Now& now);
  void receive(ReplaySocket::Incoming& incoming, const Now& now);
  [[nodiscard]] Reader& reader_of(const std::string& routing_id);
  /// Empty, or why the peer may not ask this.
  [[nodiscard]] std::string_view refusal_of(std::string_view peer, const wire::ReplayRequest& request);
  void refuse(std::string_view routing_id, std::uint64_t i, std::string_view reason);

  /// Goes on with a reader's answers as far as `turn` and the reader allow.
  [[nodiscard]] Progress serve(Reader& reader, Slice& turn, const Now& now);
  [[nodiscard]] Sent send_messages(Reader& reader, Slice& turn, const Now& now);
  [[nodiscard]] Sent send_end(Reader& reader);
  void begin_next_answer(Reader& reader);
  void finish_answer(Reader& reader);
  void pause(Reader& reader, const Now& now);
  /// The reader has no question any more.
  void leave_turns(Reader& reader);
  void plan(const Now& now);

  ReplaySocket socket_;
  ReplaySource& source_;
  const TopicRegistry& topics_;
  std::uint64_t epoch_;
  Gate* gate_ = nullptr;  ///< null: whoever is connected may ask for everything
  Counters& counters_;
  Complaints& complaints_;

  /// Those with a question, and those that have not taken the whole of their last answer.
  StringMap<std::unique_ptr<Reader>> readers_;
  std::deque<Reader*> turns_;  // those with a question
  std::shared_ptr<AnswerQueue::Count> all_queued_ = std::make_shared<AnswerQueue::Count>(0);
  std::size_t question_bytes_ = 0;
  SteadyTime next_work_ = SteadyTime::max();
  ReplaySocket::Incoming incoming_;
  std::string head_;
};

}  // namespace zevi::broker
