#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "ack_schedule.hpp"
#include "admission.hpp"
#include "control/loss_ledger.hpp"
#include "metrics/counters.hpp"
#include "pace.hpp"
#include "publisher_events.hpp"
#include "publisher_registry.hpp"
#include "runtime/complaints.hpp"
#include "security/gate.hpp"
#include "sequencing/sequencer.hpp"
#include "topics/interest_table.hpp"
#include "topics/topic_registry.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"

namespace zevi::broker {

/// The broker's side of the talk with publishers: takes their messages, decides what each means, and puts the
/// answers in a queue for the ingress socket. Knows no socket; belongs to the broker's thread.
///
/// Batches of one publisher are taken in strictly by number: the next one is numbered and passed to the
/// sequencer, a lower one was taken in before and is acknowledged again, a higher one means that one is
/// missing, and the publisher is asked to say hello and send again. A batch that breaks the rules counts as
/// taken in and is refused in words.
class Conversation {
 public:
  struct Answer {
    std::string routing_id;
    std::string frame;
  };

  /// `levels` say when a batch of which topics counts as acknowledged.
  Conversation(std::uint64_t broker_id, PublisherRegistry& publishers, TopicRegistry& topics,
               const InterestTable& interest, Sequencer& sequencer, Counters& counters,
               Complaints& complaints, std::vector<AckRule> levels = {});

  /// From now on, `observer` is told what happens to publishers; null for nobody.
  void report_to(PublisherEvents* observer) noexcept { observer_ = observer; }

  /// From now on, what publishers lose is booked there.
  void book_losses(LossLedger& ledger) noexcept { ledger_ = &ledger; }

  /// From now on publishers may publish what the gate says.
  void ask(Gate& gate) noexcept { gate_ = &gate; }
  [[nodiscard]] Admission& admission() noexcept { return admission_; }
  /// The access list has changed. Those that may publish nothing any more are cut off.
  void apply_access();

  /// One message from one connection: the header and, for `events`, the body.
  void receive(std::string_view routing_id, std::vector<zmq::message_t>& frames, const Now& now);

  /// Acknowledges what was taken in, to those for whom it is time.
  void acknowledge(const Now& now);
  /// The publishers that had batches taken in since the last call. To be called in every round.
  void take_taken(std::vector<Publisher*>& taken);
  /// The store has the publisher's batches up to there.
  void stored(std::uint64_t id, std::uint64_t written_s, std::uint64_t synced_s);
  /// When `acknowledge` has something to do.
  [[nodiscard]] SteadyTime deadline() const noexcept { return acks_.deadline(); }
  /// Tells every live publisher the current interest.
  void announce_interest();

  /// What is to be sent; the caller empties it.
  [[nodiscard]] std::vector<Answer>& answers() noexcept { return answers_; }

 private:
  void receive_hello(std::string_view routing_id, zmq::message_t& frame, const Now& now);
  void receive_events(Publisher& publisher, std::vector<zmq::message_t>& frames, const Now& now);
  void receive_beat(Publisher& publisher, std::string_view frame);
  void receive_bye(Publisher& publisher, std::string_view frame);

  void refuse_hello(std::string_view routing_id, std::string_view who, std::string_view reason);
  void welcome(Publisher& publisher, std::uint64_t version);
  /// All batches up to `s` are dealt with.
  void move_on(Publisher& publisher, std::uint64_t s);
  void count_pace(Publisher& publisher, PublisherTopic& numbers, std::size_t lane, const Now& now);
  [[nodiscard]] std::chrono::microseconds pace_of(const Publisher& publisher) const noexcept;
  void take_in(Publisher& publisher, Topic& topic, const wire::EventsHeader& header, zmq::message_t&& body,
               const Now& now);
  void refuse_batch(Publisher& publisher, const wire::EventsHeader& header, std::string_view reason);
  /// The publisher's numbers in a topic: when it is new there, `first_seen` if it had numbered events for an
  /// earlier broker. Null if it has too many topics.
  [[nodiscard]] PublisherTopic* numbers_of(Publisher& publisher, const Topic& topic,
                                           const PublisherTopic& first_seen) const;
  /// Passes over the batch's numbers and adds to the topic's losses what they say was lost before it. Null if
  /// the publisher has too many topics.
  [[nodiscard]] PublisherTopic* account(Publisher& publisher, Topic& topic, const wire::EventsHeader& header);
  void account_drops(Publisher& publisher, const std::vector<wire::TopicCount>& drops);
  /// They are lost to the topic's readers; `why` says whose account they go to.
  void lose(Publisher& publisher, Topic& topic, std::uint64_t Losses::*why, std::uint64_t events);

  void refuse_frame(std::string_view routing_id, const Publisher* publisher, std::string_view reason);
  void ask_who(Publisher& publisher, const Now& now);
  void ask_stranger(std::string_view routing_id, const Now& now);

  template <typename Message>
  void answer(std::string_view routing_id, const Message& message);

  PublisherEvents* observer_ = nullptr;
  LossLedger* ledger_ = nullptr;  ///< null: none
  Gate* gate_ = nullptr;          ///< null: whoever is connected may publish everything
  std::uint64_t broker_id_;
  std::vector<AckRule> levels_;
  bool has_waiting_levels_;  ///< somebody may wait for the store
  PublisherRegistry& publishers_;
  TopicRegistry& topics_;
  const InterestTable& interest_;
  Sequencer& sequencer_;
  Counters& counters_;
  Complaints& complaints_;
  Admission admission_;

  /// Connections that spoke without a hello and were asked for one, with the time from which they are asked
  /// again.
  StringMap<SteadyTime> strangers_;
  std::vector<Publisher*> taken_;
  AckSchedule acks_;
  std::vector<Pace> paces_;  // by lane
  std::vector<Answer> answers_;
};

}  // namespace zevi::broker
