#include "link.hpp"

#include <mutex>
#include <utility>

#include "fork_guard.hpp"
#include "zevi/error.hpp"
#include "zevi/limits.hpp"

namespace zevi::shim {

namespace {

constexpr int reconnect_ms = 10;
constexpr int reconnect_max_ms = 200;
constexpr int handshake_ms = 5000;
constexpr int heartbeat_ms = 5000;
constexpr int heartbeat_timeout_ms = 15000;
constexpr std::chrono::milliseconds look_again_after{1000};
// libzmq does not reconnect inproc by itself.
constexpr std::chrono::milliseconds look_again_after_inproc{100};

}  // namespace

Link::Link(void* context, Address address) : address_(std::move(address)) {
  try {
    make_socket(context);
    configure();
    connect(address_.find());
  } catch (const zmq::error_t& error) {
    throw Error("cannot make a ZeroMQ socket for " + address_.find() + ": " + error.what());
  }
}

Link::~Link() = default;

void Link::EndContext::operator()(void* context) const noexcept {
  while (zmq_ctx_term(context) != 0 && zmq_errno() == EINTR) {
  }
}

void Link::make_socket(void* context) {
  // libzmq takes locks of its own here, which a fork by another thread would leave locked in the child.
  const std::lock_guard lock(ForkGuard::instance().context_mutex());
  if (context == nullptr) {
    own_context_.reset(zmq_ctx_new());
    context = own_context_.get();
    if (context == nullptr) throw zmq::error_t();
  }
  handle_.reset(zmq_socket(context, ZMQ_DEALER));
  if (handle_ == nullptr) throw zmq::error_t();
  socket_ = zmq::socket_ref(zmq::from_handle, handle_.get());
}

void Link::configure() {
  // Without a connection nothing is queued: what is to be sent is in the resend window, which limits it.
  socket_.set(zmq::sockopt::immediate, true);
  socket_.set(zmq::sockopt::sndhwm, 0);
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  socket_.set(zmq::sockopt::reconnect_ivl_max, reconnect_max_ms);
  socket_.set(zmq::sockopt::handshake_ivl, handshake_ms);
  socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{limits::ingress_frame_bytes_max});
  if (address_.is_tcp()) {
    // On ipc the kernel reports a broker's death, and a stopped one must not lose the connection.
    socket_.set(zmq::sockopt::heartbeat_ivl, heartbeat_ms);
    socket_.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  }
  if (const CurveClient& curve = address_.curve(); curve.is_for(address_.find())) {
    socket_.set(zmq::sockopt::curve_serverkey, curve.server_key);
    socket_.set(zmq::sockopt::curve_publickey, curve.own.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, curve.own.secret_key);
  }
  descriptor_ = socket_.get(zmq::sockopt::fd);
}

void Link::set_linger(std::chrono::milliseconds linger) {
  socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
}

void Link::connect(const std::string& endpoint) {
  if (endpoint.empty()) return;
  socket_.connect(endpoint);
  endpoint_ = endpoint;
}

void Link::disconnect() noexcept {
  if (endpoint_.empty()) return;
  static_cast<void>(zmq_disconnect(handle_.get(), endpoint_.c_str()));
  endpoint_.clear();
}

Link::Change Link::look(Clock::time_point now) {
  const int events = socket_.get(zmq::sockopt::events);
  has_input_ = (events & ZMQ_POLLIN) != 0;
  const bool connected = (events & ZMQ_POLLOUT) != 0;
  if (connected == connected_) return Change::none;
  connected_ = connected;
  if (connected) return Change::connected;
  next_attempt_ = now + (address_.is_inproc() ? look_again_after_inproc : look_again_after);
  return Change::disconnected;
}

void Link::keep_connecting(Clock::time_point now) {
  if (connected_ || now < next_attempt_) return;
  next_attempt_ = now + (address_.is_inproc() ? look_again_after_inproc : look_again_after);
  const std::string endpoint = address_.find();
  if (endpoint == endpoint_ && !address_.is_inproc()) return;
  disconnect();
  try {
    connect(endpoint);
  } catch (const zmq::error_t& error) {
    if (error.num() == ETERM) throw;
  }
}

bool Link::receive(zmq::message_t& frame) {
  for (;;) {
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
    if (!frame.more()) return true;
    do {
      if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
    } while (frame.more());
  }
}

bool Link::send(std::string_view control_frame) {
  return socket_.send(zmq::buffer(control_frame), zmq::send_flags::dontwait).has_value();
}

bool Link::send(Batch& batch) {
  zmq::message_t header;
  zmq::message_t body;
  header.copy(batch.header);
  body.copy(batch.body);
  return socket_.send(header, zmq::send_flags::sndmore | zmq::send_flags::dontwait) &&
         socket_.send(body, zmq::send_flags::dontwait);
}

bool Link::needs_attention() {
  const int events = socket_.get(zmq::sockopt::events);
  return (events & ZMQ_POLLIN) != 0 || ((events & ZMQ_POLLOUT) != 0) != connected_;
}

}  // namespace zevi::shim
