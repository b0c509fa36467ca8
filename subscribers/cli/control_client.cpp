#include "control_client.hpp"

#include <algorithm>
#include <sstream>

#include "no_broker.hpp"
#include "printable.hpp"
#include "quantities.hpp"
#include "zevi/curve_keys.hpp"
#include "zevi/endpoints.hpp"
#include "zevi/wire/control_messages.hpp"

namespace zevi::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// Lists are taken in pieces of this many rows, which the broker makes in a few milliseconds.
constexpr std::uint64_t rows_per_answer = 4096;
constexpr int reconnect_ms = 20;

std::string in_words(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << program::Duration{time};
  return text.str();
}

std::string endpoint_of(const std::string& runtime_dir, const std::string& endpoint) {
  return endpoint.empty() ? ipc_endpoint(client_runtime_dir(runtime_dir), endpoint_names::control) : endpoint;
}

}  // namespace

ControlClient::ControlClient(const ControlOptions& options)
    : endpoint_(endpoint_of(options.runtime_dir, options.endpoint)), timeout_(options.timeout) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::control_answer_bytes_max));
  const CurveClient curve = read_curve_client(options.curve.key_file, options.curve.server_key);
  if (curve.is_for(endpoint_)) {
    socket_.set(zmq::sockopt::curve_serverkey, curve.server_key);
    socket_.set(zmq::sockopt::curve_publickey, curve.own.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, curve.own.secret_key);
  }
  try {
    socket_.connect(endpoint_);
  } catch (const zmq::error_t& error) {
    throw Error("cannot connect to " + endpoint_ + ": " + error.what() +
                "; give ipc://PATH or tcp://HOST:PORT");
  }
}

void ControlClient::receive(std::uint64_t i) {
  const Clock::time_point end = Clock::now() + timeout_;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, std::max(left, std::chrono::milliseconds(0))) == 0) {
      throw NoBroker("no broker answers at " + endpoint_ + ": is zevid running? (waited " +
                     in_words(timeout_) + "; choose another place with --runtime-dir or --endpoint)");
    }
    if (!socket_.recv(frame_, zmq::recv_flags::dontwait)) continue;
    wire::ControlAnswer answer;
    const wire::DecodeError error = wire::decode(frame_.to_string_view(), answer);
    if (error != wire::DecodeError::none) {
      throw Error("what answers at " + endpoint_ +
                  " is no broker of this version: " + std::string(wire::describe(error)));
    }
    // What was asked before a timeout may be answered late.
    if (answer.i == i) return;
  }
}

ControlRows ControlClient::ask(std::string_view cmd) {
  ControlRows whole;
  std::string from;
  for (bool more = true; more;) {
    wire::ControlRequest request;
    request.cmd = cmd;
    request.i = ++last_i_;
    request.from = from;
    request.rows_max = rows_per_answer;
    std::string bytes;
    wire::encode(request, bytes);
    socket_.send(zmq::message_t(bytes), zmq::send_flags::dontwait);
    receive(request.i);
    wire::ControlAnswer answer;
    static_cast<void>(wire::decode(frame_.to_string_view(), answer));
    if (!answer.reason.empty()) throw Error("the broker refuses: " + printable(answer.reason));
    if (whole.rows.empty()) whole.at_ns = answer.at;
    whole.epoch = answer.b;
    whole.rows.insert(whole.rows.end(), answer.rows.begin(), answer.rows.end());
    more = answer.more && !answer.rows.empty();
    from = answer.next;
  }
  return whole;
}

ControlRows ControlClient::ask_stats() {
  ControlRows answer = ask("stats");
  if (answer.rows.empty()) throw Error("the broker says nothing of itself");
  return answer;
}

}  // namespace zevi::cli
