#include <algorithm>

#include "broker.hpp"
#include "control/effective_options.hpp"
#include "egress/routes.hpp"
#include "ingress/local_process.hpp"
#include "zevi/random_id.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// The longest sleep: silent publishers are noticed this late at most.
constexpr std::chrono::milliseconds idle_max{250};
/// When nothing arrives for this long, a stopping broker has taken in everything.
constexpr std::chrono::milliseconds quiet{50};

/// Milliseconds since 1970: later brokers count from a higher number, since generations are at most 100 a
/// second.
std::uint64_t first_generation(const Now& now) {
  return now.realtime_ns / 1'000'000;
}

std::unique_ptr<Gate> make_gate(const Security& security, zmq::context_t& context, Counters& counters,
                                Complaints& complaints) {
  return security.lists ? std::make_unique<Gate>(context, *security.lists, counters, complaints) : nullptr;
}

std::vector<Identity::AtRoute> routes_as_bound(const BrokerOptions& options,
                                               const std::vector<std::string>& endpoints) {
  std::vector<Identity::AtRoute> routes;
  for (std::size_t i = 0; i < options.routes.size(); ++i) {
    const Route& route = options.routes[i];
    routes.push_back({route.prefix, endpoints[i], name_of(route.format), route.also});
  }
  return routes;
}

}  // namespace

Routing::Routing(const BrokerOptions& options, zmq::context_t& context, const Endpoints& endpoints,
                 RuntimeDirectory* directory, Counters& counters, std::function<void()> wake)
    : counters_(counters),
      store_(options.store.empty() ? nullptr : std::make_unique<Store>(options, counters, std::move(wake))),
      epoch_(store_ ? store_->epoch() : random_id()),
      broker_id_(random_id()),
      notices_wanted_(options.notices),
      connections_refused_(options.connections_refused),
      complaints_(options.log),
      figures_(options.figures_topics_max),
      security_(Security::read(options)),
      gate_(make_gate(security_, context, counters, complaints_)),
      ingress_(context, security_.endpoint(endpoints.ingress, Role::publish)),
      egress_(options, context, security_, endpoints.stream, endpoints.events, counters_),
      topics_(options.max_age),
      interest_(options.interest_linger, first_generation(clock_.now()), options.history),
      history_(options.history, counters_),
      stored_(store_ ? std::make_unique<StoreSource>(history_, *store_) : nullptr),
      sequencer_(epoch_, options.coalesce_max, counters_),
      notices_(broker_id_, topics_, sequencer_, counters_),
      conversation_(broker_id_, publishers_, topics_, interest_, sequencer_, counters_, complaints_,
                    options.acks),
      host_(host_name()),
      replay_(context, security_.endpoint(endpoints.replay, Role::replay),
              stored_ ? *stored_ : static_cast<ReplaySource&>(history_), topics_, epoch_, counters_,
              complaints_),
      guard_(directory, counters_, options.log) {
  for (std::size_t i = 0; i < egress_.size(); ++i) sequencer_.add_sink(egress_[i]);
  topics_.set_lanes(prefixes_apart(options));
  sequencer_.add_sink(history_);
  if (store_) sequencer_.add_sink(*store_);
  conversation_.book_losses(ledger_);
  apply_limits(options);
  conversation_.admission().compare_with(make_catalogue_policy(options));
  if (notices_wanted_) conversation_.report_to(&notices_);
  guard_.watch(ingress_.socket(), security_.endpoint(ingress_.endpoint(), Role::publish));
  for (std::size_t i = 0; i < egress_.size(); ++i) {
    FanoutSocket& socket = egress_[i].socket();
    guard_.watch(socket.socket(), security_.endpoint(socket.endpoint(), Role::subscribe));
  }
  guard_.watch(replay_.socket(), security_.endpoint(replay_.endpoint(), Role::replay));
  if (gate_) {
    egress_.ask(*gate_);
    conversation_.ask(*gate_);
    replay_.ask(*gate_);
  }
  if (options.memory_bytes_max != 0) {
    memory_.emplace(options.memory_bytes_max, history_, egress_, counters_);
  }
  if (!endpoints.control.empty()) open_control(options, context, endpoints.control);
  if (store_) store_->begin(topics_, publishers_, clock_.now());
}

void Routing::open_control(const BrokerOptions& options, zmq::context_t& context,
                           const std::string& endpoint) {
  const Now now = clock_.now();
  control_.emplace(context, security_.endpoint(endpoint, Role::control),
                   Sources{topics_, publishers_, interest_, egress_, history_, store_.get(),
                           memory_ ? &*memory_ : nullptr, counters_, recent_, ledger_},
                   topics_, ledger_, counters_, complaints_);
  guard_.watch(control_->socket(), security_.endpoint(control_->endpoint(), Role::control));
  if (gate_) control_->ask(*gate_);
  const Endpoints bound = this->endpoints();
  control_->set_identity({epoch_,
                          now.realtime_ns,
                          now.steady,
                          options.runtime_dir,
                          {{"ingress", bound.ingress},
                           {"stream", bound.stream},
                           {"events", bound.events},
                           {"replay", bound.replay},
                           {"control", bound.control}},
                          routes_as_bound(options, bound.routes),
                          effective_options(options)});
}

SteadyTime Routing::do_work() {
  const Now now = clock_.now();
  if (gate_) gate_->do_work();
  read_subscriptions(now);
  ledger_.set_time(now.realtime_ns);
  const bool more = read_ingress(now);
  notices_.publish(now);
  sequencer_.flush(now);
  work_with_store(now);
  conversation_.acknowledge(now);
  renew_interest(now);
  settle_barriers(now);
  send_answers();
  history_.expire(now);
  watch_memory(now);
  replay_.do_work(now);
  if (control_) control_->do_work(now);
  const auto is_gone = [this](const Publisher& publisher) { return process_is_gone(*publisher.name, host_); };
  const auto say_down = [&](const Publisher& publisher, DownReason reason) {
    counters_.add(Counter::publishers_down);
    counters_.add(Counter::publishers_lost);
    if (notices_wanted_) notices_.down(publisher, reason);
    complaints_.add("publisher down", publisher.name->shown(),
                    reason == DownReason::gone ? "its process is gone" : "no beat for 3 s");
  };
  publishers_.expire(now.steady, is_gone, say_down, [this](std::uint64_t id) {
    if (store_) store_->forget(id);
  });
  note_refused_connections(now);
  recent_.sample(counters_, now.steady);
  figures_.refresh(topics_, publishers_, egress_, now);
  complaints_.report(now.steady);
  guard_.check(now.steady);
  return more ? now.steady : next_deadline(now);
}

void Routing::drain(std::chrono::milliseconds time_max) {
  const SteadyTime end = std::chrono::steady_clock::now() + time_max;
  zmq::pollitem_t ingress{ingress_.socket().handle(), 0, ZMQ_POLLIN, 0};
  for (;;) {
    // What publishers have sent may still be in the kernel, so only quiet says that it is all here.
    const int ready = zmq::poll(&ingress, 1, quiet);
    const Now now = clock_.now();
    read_subscriptions(now);
    read_ingress(now);
    notices_.publish(now);
    sequencer_.flush_all(now);
    work_with_store(now);
    conversation_.acknowledge(now);
    send_answers();
    if (ready == 0 || now.steady >= end) break;
  }
}

void Routing::close() {
  if (!store_) return;
  sequencer_.flush_all(clock_.now());
  work_with_store(clock_.now());
  store_->close(topics_, publishers_);
}

void Routing::work_with_store(const Now& now) {
  conversation_.take_taken(taken_);
  if (!store_) return;
  store_->hand_over(sequencer_, taken_, publishers_, now);
  progress_.clear();
  store_->take_progress(progress_);
  if (progress_.fault && notices_wanted_) notices_.store(store_->health());
  for (const PublisherMark& mark : progress_.written) conversation_.stored(mark.id, mark.s, 0);
  for (const PublisherMark& mark : progress_.synced) conversation_.stored(mark.id, mark.s, mark.s);
  if (stored_->take_fetched(now.realtime_ns)) replay_.wake();
  for (const std::string& fault : stored_->take_faults()) {
    complaints_.add("could not read events", "the store",
                    fault + "; zevid --repair-store puts aside what is damaged, once the broker is stopped");
  }
}

void Routing::watch_memory(const Now& now) {
  if (!memory_) return;
  memory_->do_work(now, [this](const MemoryHealth& health) {
    if (notices_wanted_) notices_.memory(health);
    if (!health.is_overloaded) return;
    complaints_.add(
        "overload", "the broker's own memory",
        std::to_string(health.bytes) + " of " + std::to_string(health.bytes_max) +
            " bytes; less history, fewer subscribers that do not read, or a higher memory-max help");
  });
  conversation_.admission().refuse_all(memory_->is_full());
}

void Routing::note_refused_connections(const Now& now) {
  if (!connections_refused_ || now.steady < next_refusals_) return;
  next_refusals_ = now.steady + std::chrono::seconds(1);
  const std::uint64_t noted = counters_.get(Counter::connections_refused);
  const std::uint64_t refused = connections_refused_();
  if (refused == noted) return;
  counters_.add(Counter::connections_refused, refused - noted);
  complaints_.add("refused connections", std::to_string(refused - noted) + " peers",
                  "too few file descriptors are left; raise LimitNOFILE, or see who connects so often");
}

std::vector<zmq::socket_ref> Routing::sockets() {
  std::vector<zmq::socket_ref> all{ingress_.socket(), replay_.socket()};
  for (std::size_t i = 0; i < egress_.size(); ++i) all.push_back(egress_[i].socket().socket());
  if (control_) all.push_back(control_->socket());
  if (gate_) all.push_back(gate_->socket());
  return all;
}

Endpoints Routing::endpoints() const {
  return {ingress_.endpoint(),
          egress_.stream().endpoint(),
          egress_.events().endpoint(),
          replay_.endpoint(),
          control_ ? control_->endpoint() : std::string(),
          egress_.route_endpoints()};
}

void Routing::reload(Reload reload) {
  const BrokerOptions& options = reload.options;
  notices_wanted_ = options.notices;
  conversation_.report_to(notices_wanted_ ? &notices_ : nullptr);
  sequencer_.set_coalesce(options.coalesce_max);
  interest_.set_linger(options.interest_linger);
  interest_.set_kept(options.history);
  topics_.set_max_ages(options.max_age);
  apply_limits(options);
  if (!store_) history_.set_limits(options.history);
  conversation_.admission().compare_with(std::move(reload.catalogue));
  if (reload.lists) replace_access(std::move(*reload.lists));
  if (control_) control_->set_options(effective_options(options));
}

void Routing::apply_limits(const BrokerOptions& options) {
  conversation_.admission().limit(options.publisher_limits);
  egress_.limit_prefixes(options.subscriber_prefixes_max);
}

void Routing::replace_access(AccessLists lists) {
  gate_->replace(std::move(lists));
  egress_.apply_access();
  conversation_.apply_access();
  replay_.apply_access();
}

bool Routing::read_ingress(const Now& now) {
  for (int i = 0; i < messages_per_round; ++i) {
    if (!ingress_.receive(routing_id_, frames_)) return false;
    conversation_.receive(routing_id_, frames_, now);
  }
  return true;
}

void Routing::read_subscriptions(const Now& now) {
  FanoutSocket::Change change;
  for (std::size_t i = 0; i < egress_.size(); ++i) {
    FanoutSocket& socket = egress_[i].socket();
    while (socket.next_change(change)) apply(i, change, now);
    socket.look(now);
  }
}

void Routing::apply(std::size_t outlet, const FanoutSocket::Change& change, const Now& now) {
  const bool subscribed = change.kind == FanoutSocket::Change::Kind::subscribed;
  if (change.kind == FanoutSocket::Change::Kind::refused) {
    counters_.add(Counter::subscriptions_refused);
    complaints_.add("refused a subscription", change.peer, change.reason);
    return;
  }
  if (change.prefix.starts_with(ready_topic_prefix)) {
    if (!subscribed) return barriers_.remove(outlet, change.prefix);
    const SteadyTime deadline = now.steady + Barriers::wait_max;
    if (!barriers_.add({outlet, std::string(change.prefix), interest_.generation_due(), deadline})) {
      counters_.add(Counter::subscriptions_refused);
    }
    return;
  }
  if (!is_topic_prefix(change.prefix)) {
    if (subscribed) counters_.add(Counter::subscriptions_refused);
    return;
  }
  const auto prefix = egress_[outlet].narrow(change.prefix);
  if (!prefix) return;
  if (subscribed) {
    interest_.subscribe(*prefix);
  } else {
    interest_.unsubscribe(*prefix, now.steady);
  }
}

void Routing::renew_interest(const Now& now) {
  if (interest_.renew(now.steady)) conversation_.announce_interest();
}

void Routing::settle_barriers(const Now& now) {
  // A publisher that says hello while a generation is due is told of the one before; it must not come behind
  // the barrier of a subscriber that the new one holds.
  if (barriers_.empty() || interest_.generation() < interest_.generation_due()) return;
  barriers_.settle(
      now.steady, [this](std::uint64_t generation) { return publishers_.unconfirmed(generation); },
      [&](const Barriers::Barrier& barrier, std::uint64_t unconfirmed) {
        // What was taken in before stands in front of the barrier, even if it waits to be joined.
        sequencer_.flush_all(now);
        egress_[barrier.outlet].send_ready(barrier.topic, {epoch_, now.realtime_ns, unconfirmed, {}, {}});
        counters_.add(Counter::barriers);
        if (unconfirmed > 0) counters_.add(Counter::barriers_unconfirmed);
      });
}

void Routing::send_answers() {
  for (const Conversation::Answer& answer : conversation_.answers()) ingress_.send(answer);
  conversation_.answers().clear();
}

SteadyTime Routing::next_deadline(const Now& now) const {
  return std::min({now.steady + idle_max, control_ ? control_->deadline() : SteadyTime::max(),
                   notices_.deadline(), sequencer_.deadline(), conversation_.deadline(), interest_.deadline(),
                   barriers_.deadline(), replay_.deadline(), complaints_.deadline(),
                   memory_ ? memory_->deadline() : SteadyTime::max()});
}

}  // namespace zevi::broker
