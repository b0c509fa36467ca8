#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "config/reload.hpp"
#include "control/control.hpp"
#include "egress/egress.hpp"
#include "history/history.hpp"
#include "ingress/conversation.hpp"
#include "ingress/ingress_socket.hpp"
#include "ingress/publisher_registry.hpp"
#include "memory/memory_guard.hpp"
#include "metrics/counters.hpp"
#include "metrics/figures.hpp"
#include "metrics/recent.hpp"
#include "notices/notices.hpp"
#include "replay/replay.hpp"
#include "runtime/clock.hpp"
#include "runtime/complaints.hpp"
#include "runtime/endpoint_guard.hpp"
#include "runtime/runtime_directory.hpp"
#include "runtime/wakeup.hpp"
#include "security/gate.hpp"
#include "security/security.hpp"
#include "sequencing/sequencer.hpp"
#include "store/store.hpp"
#include "store/store_source.hpp"
#include "topics/barriers.hpp"
#include "topics/interest_table.hpp"
#include "topics/topic_registry.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// Where a running broker listens, filled in from the options.
struct Endpoints {
  std::string ingress;
  std::string stream;
  std::string events;
  std::string replay;
  std::string control;  ///< empty: nobody can ask
  std::vector<std::string> routes;
};

/// All routing state, built from its parts in the order in which they start. One thread runs it: `do_work` is
/// one round, which reads what has arrived, sends what is due, and tells how long nothing will be.
///
/// The order inside a round matters. Subscriptions are read before events, and a subscriber's barrier is
/// answered behind both. Acknowledgements leave behind the events they stand for. What readers asked of the
/// history comes last, and a slice at a time.
class Routing {
 public:
  /// `directory` is the one that the broker holds, or null; it outlives the routing state.
  Routing(const BrokerOptions& options, zmq::context_t& context, const Endpoints& endpoints,
          RuntimeDirectory* directory, Counters& counters, std::function<void()> wake);

  /// One round. Returns the time of the next one if nothing arrives before.
  SteadyTime do_work();
  /// Takes in what publishers have sent and sends it on, until nothing more arrives or `time_max` is over.
  void drain(std::chrono::milliseconds time_max);
  /// Takes over what can change, see `Broker::reload`. To be called between two rounds. Reads no files.
  void reload(Reload reload);
  /// Behind the last round: closes the store, so that the next broker goes on where this one ends.
  void close();

  /// Those that messages arrive at.
  [[nodiscard]] std::vector<zmq::socket_ref> sockets();
  [[nodiscard]] Endpoints endpoints() const;
  /// Any thread.
  [[nodiscard]] std::shared_ptr<const BrokerFigures> figures() const { return figures_.latest(); }

 private:
  /// Messages taken from publishers in one round, so that subscribers and beats get their turn.
  static constexpr int messages_per_round = 1000;

  void replace_access(AccessLists lists);
  void apply_limits(const BrokerOptions& options);
  void open_control(const BrokerOptions& options, zmq::context_t& context, const std::string& endpoint);
  /// False if nothing had arrived.
  bool read_ingress(const Now& now);
  void read_subscriptions(const Now& now);
  void apply(std::size_t outlet, const FanoutSocket::Change& change, const Now& now);
  void renew_interest(const Now& now);
  void settle_barriers(const Now& now);
  void send_answers();
  /// Gives the store what was taken in, and publishers and readers what the store has done.
  void work_with_store(const Now& now);
  void note_refused_connections(const Now& now);
  void watch_memory(const Now& now);
  [[nodiscard]] SteadyTime next_deadline(const Now& now) const;

  Clock clock_;
  Counters& counters_;
  std::unique_ptr<Store> store_;  ///< null: none
  std::uint64_t epoch_;
  std::uint64_t broker_id_;
  bool notices_wanted_;
  const std::function<std::uint64_t()> connections_refused_;
  SteadyTime next_refusals_{};
  Complaints complaints_;
  Recent recent_;
  Figures figures_;

  const Security security_;
  const std::unique_ptr<Gate> gate_;  // before the sockets, which let everybody in without it; null: none
  IngressSocket ingress_;
  Egress egress_;

  TopicRegistry topics_;
  PublisherRegistry publishers_;
  LossLedger ledger_;
  InterestTable interest_;
  Barriers barriers_;
  History history_;
  std::unique_ptr<StoreSource> stored_;  ///< null: none
  Sequencer sequencer_;
  Notices notices_;
  Conversation conversation_;
  const std::string host_;
  Replay replay_;
  std::optional<Control> control_;
  EndpointGuard guard_;
  std::optional<MemoryGuard> memory_;  ///< none: there is no limit

  std::string routing_id_;
  std::vector<zmq::message_t> frames_;
  std::vector<Publisher*> taken_;
  StoreProgress progress_;
};

}  // namespace zevi::broker
