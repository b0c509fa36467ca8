#include "connection.hpp"

#include "curve.hpp"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "zevi/endpoints.hpp"
#include "zevi/error.hpp"
#include "zevi/limits.hpp"
#include "zevi/random_id.hpp"

namespace zevi::subscriber {

namespace {

constexpr std::chrono::milliseconds reconnect_first{10};
constexpr std::chrono::milliseconds reconnect_longest{1000};
constexpr std::chrono::seconds look_up_interval{1};
constexpr std::size_t budget_bytes_min = 1024 * 1024;
constexpr std::size_t assumed_event_bytes = 4 * 1024;

int queue_length(Feed feed, std::size_t budget_bytes) {
  const std::size_t message_bytes = feed == Feed::stream ? limits::message_bytes_max : assumed_event_bytes;
  return static_cast<int>(std::min<std::size_t>(budget_bytes / message_bytes, 1'000'000));
}

std::size_t checked_budget(std::size_t bytes) {
  if (bytes < budget_bytes_min) {
    throw Error("a subscriber's budget of " + std::to_string(bytes) +
                " bytes is too small: give at least 1 MiB");
  }
  return bytes;
}

long milliseconds_until(std::optional<Clock::time_point> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
  return static_cast<long>(std::clamp<decltype(left)>(left, 0, 3'600'000));
}

}  // namespace

Connection::Connection(const SubscriberOptions& options)
    : runtime_dir_(options.runtime_dir),
      feed_(options.feed),
      wake_fd_(options.wake_fd),
      has_fixed_endpoint_(!options.endpoint.empty()),
      endpoint_(has_fixed_endpoint_ ? options.endpoint : look_up()),
      context_(options.context != nullptr ? *options.context : own_context_.emplace(1)),
      socket_(context_, zmq::socket_type::sub),
      monitor_(context_, zmq::socket_type::pair) {
  set_options(options);
  watch();
}

Connection::~Connection() {
  zmq_socket_monitor(socket_.handle(), nullptr, 0);
}

void Connection::set_options(const SubscriberOptions& options) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::rcvhwm, queue_length(feed_, checked_budget(options.budget_bytes)));
  // libzmq drops subscriptions at this mark, without a word.
  socket_.set(zmq::sockopt::sndhwm, 0);
  socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{2 * limits::batch_bytes_max});
  socket_.set(zmq::sockopt::reconnect_ivl, static_cast<int>(reconnect_first.count()));
  socket_.set(zmq::sockopt::reconnect_ivl_max, static_cast<int>(reconnect_longest.count()));
  socket_.set(zmq::sockopt::handshake_ivl, 5000);
  if (endpoint_.starts_with("tcp://")) {
    // A subscriber sends nothing, so that it would never notice that the other machine is gone.
    socket_.set(zmq::sockopt::heartbeat_ivl, 5000);
    socket_.set(zmq::sockopt::heartbeat_timeout, 15000);
  }
  use_curve(socket_, read_curve_client(options.curve_key, options.curve_server_key), endpoint_);
}

void Connection::watch() {
  const std::string name = "inproc://zevi-subscriber-" + std::to_string(random_id());
  monitor_.set(zmq::sockopt::linger, 0);
  // libzmq's I/O thread waits when this queue is full.
  monitor_.set(zmq::sockopt::rcvhwm, 0);
  if (zmq_socket_monitor(socket_.handle(), name.c_str(),
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0) {
    throw Error(std::string("cannot watch a subscriber's connection: ") + zmq_strerror(zmq_errno()));
  }
  monitor_.connect(name);
}

std::string Connection::look_up() const {
  return ipc_endpoint(client_runtime_dir(runtime_dir_),
                      feed_ == Feed::stream ? endpoint_names::stream : endpoint_names::events);
}

void Connection::open() {
  try {
    socket_.connect(endpoint_);
  } catch (const zmq::error_t& error) {
    throw Error("cannot connect to " + endpoint_ + ": " + error.what() +
                "; give ipc://PATH, tcp://HOST:PORT or inproc://NAME");
  }
  looked_up_ = Clock::now();
  // There are no monitor events for inproc.
  connected_ = endpoint_.starts_with("inproc://");
}

void Connection::follow_runtime_dir() {
  if (has_fixed_endpoint_ || Clock::now() - looked_up_ < look_up_interval) return;
  looked_up_ = Clock::now();
  std::string endpoint;
  try {
    endpoint = look_up();
  } catch (const Error&) {
    return;  // the one in use is as good as any
  }
  if (endpoint == endpoint_) return;
  socket_.disconnect(endpoint_);
  endpoint_ = endpoint;
  open();
}

bool Connection::can_reach(std::string_view route) const noexcept {
  for (const std::string_view scheme : {"ipc://", "inproc://"}) {
    if (endpoint_.starts_with(scheme)) return route.starts_with(scheme);
  }
  return false;
}

void Connection::follow_routes(const std::vector<std::string>& endpoints) {
  for (auto& [endpoint, route] : routes_) {
    const bool is_wanted = std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
    if (!is_wanted && std::exchange(route.is_followed, false)) socket_.disconnect(endpoint);
  }
  for (const std::string& endpoint : endpoints) {
    const auto known = routes_.find(endpoint);
    if (known != routes_.end() && known->second.is_followed) continue;
    try {
      socket_.connect(endpoint);
      routes_[endpoint].is_followed = true;
    } catch (const zmq::error_t&) {
      // It stays silent, as one that nobody serves.
    }
  }
}

int Connection::discard_rest(zmq::message_t& frame) {
  int frames = 0;
  while (frame.more() && socket_.recv(frame, zmq::recv_flags::dontwait)) ++frames;
  return frames;
}

Connection::Received Connection::receive(Frames& frames) {
  try {
    if (!socket_.recv(frames[0], zmq::recv_flags::dontwait)) return Received::nothing;
    for (std::size_t i = 1; i < frames.size(); ++i) {
      // All frames of a message arrive together.
      if (!frames[i - 1].more() || !socket_.recv(frames[i], zmq::recv_flags::dontwait)) {
        return Received::malformed;
      }
    }
    return discard_rest(frames[2]) == 0 ? Received::message : Received::malformed;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return Received::nothing;
    throw Error(std::string("cannot receive events: ") + error.what());
  }
}

Connection::Woken Connection::wait(std::optional<Clock::time_point> deadline, Beside beside) {
  std::optional<Clock::time_point> until = deadline;
  if (!connected_ && !has_fixed_endpoint_) {
    const Clock::time_point next_look = Clock::now() + look_up_interval;
    until = deadline ? std::min(*deadline, next_look) : next_look;
  }
  std::array<zmq_pollitem_t, 4> items{zmq_pollitem_t{monitor_.handle(), 0, ZMQ_POLLIN, 0}};
  int count = 1;
  const auto add = [&](void* socket, int fd) {
    items[static_cast<std::size_t>(count++)] = {socket, fd, ZMQ_POLLIN, 0};
  };
  if (beside.wants_events) add(socket_.handle(), 0);
  if (beside.other_socket != nullptr) add(beside.other_socket, 0);
  if (wake_fd_ >= 0) add(nullptr, wake_fd_);
  const int ready = zmq_poll(items.data(), count, milliseconds_until(until));
  if (ready < 0) {
    if (zmq_errno() == EINTR) return Woken::interrupted;
    throw Error(std::string("cannot wait for events: ") + zmq_strerror(zmq_errno()));
  }
  if (wake_fd_ >= 0 && items[static_cast<std::size_t>(count - 1)].revents != 0) return Woken::wake_fd;
  if (ready > 0) return Woken::socket;
  return deadline && Clock::now() >= *deadline ? Woken::deadline : Woken::socket;
}

bool Connection::is_woken() const noexcept {
  pollfd item{wake_fd_, POLLIN, 0};
  return wake_fd_ >= 0 && poll(&item, 1, 0) > 0;
}

/// A monitor message is the event's number and a value of no use here, then the endpoint.
std::optional<Connection::Event> Connection::next_connection_event() {
  zmq::message_t what;
  zmq::message_t where;
  try {
    if (!monitor_.recv(what, zmq::recv_flags::dontwait)) return std::nullopt;
    if (what.more() && !monitor_.recv(where, zmq::recv_flags::dontwait)) return std::nullopt;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return std::nullopt;
    throw Error(std::string("cannot watch a subscriber's connection: ") + error.what());
  }
  std::uint16_t event = 0;
  if (what.size() >= sizeof event) std::memcpy(&event, what.data(), sizeof event);
  return Event{event, where.to_string()};
}

/// True if a connection was lost. That of a route may fail again and again without ever having been there.
bool Connection::note(const Event& event) {
  const bool is_there = event.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  const bool is_gone = event.what == ZMQ_EVENT_DISCONNECTED;
  const auto route = routes_.find(event.endpoint);
  if (route == routes_.end()) {
    connected_ = is_there;
    return is_gone;
  }
  const bool was_there = std::exchange(route->second.connected, is_there);
  return was_there && is_gone && route->second.is_followed;
}

void Connection::update(const std::function<void(const std::string& endpoint)>& lost) {
  while (const auto event = next_connection_event()) {
    // Of the main endpoint libzmq may write the name otherwise.
    if (note(*event)) lost(routes_.contains(event->endpoint) ? event->endpoint : endpoint_);
  }
  if (!connected_) follow_runtime_dir();
}

}  // namespace zevi::subscriber
