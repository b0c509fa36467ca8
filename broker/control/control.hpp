#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "control_socket.hpp"
#include "listing.hpp"
#include "runtime/complaints.hpp"
#include "security/gate.hpp"
#include "zevi/wire/control_messages.hpp"

namespace zevi::broker {

/// Answers what programs ask about the broker, and takes in what readers report as lost. One answer is made
/// at a time, a slice of a millisecond in every round of the routing thread, so that live events never wait
/// for a list, however long it is.
class Control {
 public:
  /// Questions that may wait, in all and of one connection; those beyond are refused.
  static constexpr std::size_t questions_max = 256;
  static constexpr std::size_t questions_of_one_max = 8;

  Control(zmq::context_t& context, const Endpoint& endpoint, const Sources& sources, TopicRegistry& topics,
          LossLedger& ledger, Counters& counters, Complaints& complaints);

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_.socket(); }
  [[nodiscard]] std::string endpoint() const { return socket_.endpoint(); }
  void set_identity(Identity identity) { identity_ = std::move(identity); }
  void set_options(std::vector<Identity::Named> options) { identity_.options = std::move(options); }

  /// From now on programs may ask about what the gate says.
  void ask(Gate& gate) noexcept { gate_ = &gate; }

  /// Reads what was asked and makes a slice of the answer that is due.
  void do_work(const Now& now);
  /// When `do_work` has something to do, unless something arrives.
  [[nodiscard]] SteadyTime deadline() const noexcept {
    return waiting_.empty() && !work_ ? SteadyTime::max() : SteadyTime{};
  }

 private:
  /// A question for a list.
  struct Question {
    std::string routing_id;
    std::string cmd;
    std::uint64_t i = 0;
    std::string from;
    std::uint64_t rows_max = 0;
    List list = nullptr;
    Permission permission{true, {}};
  };
  struct Work {
    explicit Work(Question of) : question(std::move(of)), rows(question.rows_max, question.permission) {}
    Question question;
    Rows rows;
  };

  void read_questions(const Now& now);
  void receive(const zmq::message_t& frame, const Now& now);
  /// Empty, or why no more may wait of this connection.
  [[nodiscard]] std::string_view refusal_of_more(std::string_view routing_id) const;
  /// What a reader says it has lost is added to its topic's account. Empty, or why it is refused.
  [[nodiscard]] std::string_view take_in_loss(const wire::ControlRequest& request,
                                              const Permission& permission);
  /// Whether nothing from this number on is held that a reader could have fetched.
  [[nodiscard]] bool is_kept_no_longer(const Topic& topic, std::uint64_t q) const;
  void make_slice(const Now& now);
  void answer(std::string_view routing_id, const wire::ControlAnswer& head, const Rows& rows, const Now& now);
  void answer_without_rows(std::string_view cmd, std::uint64_t i, std::string_view reason, const Now& now);

  ControlSocket socket_;
  const Sources sources_;
  TopicRegistry& topics_;
  LossLedger& ledger_;
  Gate* gate_ = nullptr;  ///< null: whoever is connected may ask everything
  Counters& counters_;
  Complaints& complaints_;
  Identity identity_;

  std::deque<Question> waiting_;
  std::optional<Work> work_;
  std::string routing_id_;
  std::vector<zmq::message_t> frames_;
  std::string frame_;
};

}  // namespace zevi::broker
