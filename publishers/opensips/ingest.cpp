#include "ingest.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "stream_connection.hpp"

namespace zevi::ingest {

namespace {

using std::chrono::milliseconds;

/// Deliveries between two looks at the clock.
constexpr int deliveries_at_once = 256;
constexpr milliseconds look_every{1000};
/// Answers that OpenSIPS does not read are not waited for longer.
constexpr milliseconds wind_down_max{1000};
constexpr milliseconds wind_down_look{10};

template <typename Socket, typename... More>
std::vector<std::unique_ptr<Socket>> open_all(const std::vector<Address>& addresses, More... more) {
  std::vector<std::unique_ptr<Socket>> opened;
  for (const Address& address : addresses) opened.push_back(std::make_unique<Socket>(address, more...));
  return opened;
}

/// The beginning of what was refused, fit for a terminal.
std::string excerpt(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string shown;
  for (const char c : text.substr(0, shown_max)) shown.push_back(c >= 0x20 && c < 0x7F ? c : '?');
  return "'" + shown + (text.size() > shown_max ? "...'" : "'");
}

/// The socket at which OpenSIPS is to be told to send. An address that means every interface is none to send
/// to.
std::string socket_for_opensips(const Address& listened, const Address& mi) {
  Address told = listened;
  if (told.host == "0.0.0.0" || told.host == "::") told.host = host_towards(mi);
  return to_string(told);
}

/// Lets the reading thread see the connection's end, and its peer too: a peer that was waiting for room would
/// not notice an ordinary end for minutes, only a reset.
void give_up(int fd) {
  const linger reset{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  shutdown(fd, SHUT_RDWR);
}

}  // namespace

Ingest::Ingest(const IngestOptions& options, const program::Log& log)
    : log_(log),
      statistics_every_(options.statistics),
      publisher_(options.publisher),
      sockets_(open_all<DatagramSocket>(options.datagrams, options.mode)),
      listeners_(open_all<StreamListener>(options.streams)),
      queue_(options.queue_bytes),
      reading_(sockets_, listeners_, queue_) {
  if (!options.subscriptions) return;
  MiSubscriptions::Options chosen = *options.subscriptions;
  if (chosen.socket.empty()) {
    const Address& first = sockets_.empty() ? listeners_.front()->address() : sockets_.front()->address();
    chosen.socket = socket_for_opensips(first, chosen.mi);
  }
  subscriptions_ = std::make_unique<MiSubscriptions>(chosen, log);
}

Ingest::~Ingest() = default;

void Ingest::run(program::StopSignals& signals) {
  reading_.start();
  if (subscriptions_) subscriptions_->start();
  say_where();
  work_until([&] { return signals.take() != 0; }, signals.fd(), look_every);

  if (subscriptions_) {
    subscriptions_->stop();
    work_until([&] { return subscriptions_->finished(); }, -1, wind_down_look);
  }
  for (const auto& socket : sockets_) socket->remove_path();
  reading_.stop();
  Delivery delivery;
  work_until([&] { return reading_.finished() && !queue_.front(delivery); }, -1, wind_down_look);
  const Clock::time_point deadline = Clock::now() + wind_down_max;
  work_until([&] { return replies_.idle() || Clock::now() >= deadline; }, -1, wind_down_look);
  say_result(publisher_.flush());
}

void Ingest::work_until(const std::function<bool()>& done, int signal_fd, milliseconds wait_max) {
  while (!done()) {
    const bool busy = take_deliveries();
    const Clock::time_point now = Clock::now();
    const Clock::time_point next_reply = replies_.send_due(now);
    std::erase_if(ending_, [](const auto& connection) { return connection->replies.empty(); });
    if (now >= next_look_) report(now);
    if (busy || !queue_.prepare_to_sleep()) continue;
    const Clock::time_point until = std::min({next_reply, next_look_, now + wait_max});
    const auto wait = std::max(until - now, Clock::duration::zero());
    const timespec time{static_cast<time_t>(wait / std::chrono::seconds(1)),
                        static_cast<long>(wait % std::chrono::seconds(1) / std::chrono::nanoseconds(1))};
    std::array<pollfd, 2> watched{pollfd{queue_.fd(), POLLIN, 0}, pollfd{signal_fd, POLLIN, 0}};
    ppoll(watched.data(), watched.size(), &time, nullptr);
    queue_.woke();
  }
}

bool Ingest::take_deliveries() {
  Delivery delivery;
  int taken = 0;
  while (taken < deliveries_at_once && queue_.front(delivery)) {
    take(delivery);
    queue_.pop();
    ++taken;
  }
  return taken > 0;
}

void Ingest::take(const Delivery& delivery) {
  switch (delivery.kind) {
    case Delivery::Kind::datagram: {
      ++counters_.datagrams;
      // Nobody waits for an answer to a datagram.
      [[maybe_unused]] const std::string_view fault =
          take_event(delivery.bytes, delivery.time_ns, delivery.socket->name());
      break;
    }
    case Delivery::Kind::oversized_datagram:
      ++counters_.datagrams;
      ++counters_.refused_for[static_cast<std::size_t>(Refusal::too_large)];
      complain(delivery.socket->name(), describe(Refusal::too_large), delivery.bytes);
      break;
    case Delivery::Kind::stream_opened:
      ++counters_.streams;
      log_.info("OpenSIPS connected from " + delivery.connection->name);
      break;
    case Delivery::Kind::stream:
      take_stream(*delivery.connection, delivery);
      break;
    case Delivery::Kind::stream_closed:
      close_stream(*delivery.connection);
      break;
  }
}

void Ingest::take_stream(StreamConnection& connection, const Delivery& delivery) {
  if (connection.given_up) return;
  const std::uint64_t stray_before = connection.splitter.stray_bytes();
  const bool followed = connection.splitter.feed(delivery.bytes, [&](std::string_view object) {
    ++counters_.stream_objects;
    const std::string_view fault = take_event(object, delivery.time_ns, connection.name);
    const std::string_view id = reader_.id();
    if (id.empty()) return;
    if (fault.empty()) {
      replies_.taken(connection, id);
    } else {
      replies_.refused(connection, id, fault);
    }
  });
  const std::uint64_t stray = connection.splitter.stray_bytes() - stray_before;
  counters_.stray_bytes += stray;
  if (stray > 0) complain(connection.name, "bytes that belong to no JSON object", delivery.bytes);
  if (followed) return;
  ++counters_.streams_given_up;
  connection.given_up = true;
  complain(connection.name, "an object longer than 1 MiB; the connection is closed", {});
  give_up(connection.fd.get());
}

/// Answers that wait still find a peer that has only ended its own sending, and this program's end.
void Ingest::close_stream(StreamConnection& connection) {
  if (connection.splitter.inside() && !connection.given_up) ++counters_.cut_objects;
  log_.info("connection from " + connection.name + " ended");
  ending_.emplace_back(&connection);
}

std::string_view Ingest::take_event(std::string_view text, std::int64_t time_ns, const std::string& from) {
  const Refusal refusal = reader_.read(text);
  if (refusal == Refusal::none) return publish(time_ns);
  ++counters_.refused_for[static_cast<std::size_t>(refusal)];
  complain(from, describe(refusal), text);
  return describe(refusal);
}

std::string_view Ingest::publish(std::int64_t time_ns) {
  counters_.repeated_keys += reader_.repeated_keys();
  const zevi_status status = publisher_.publish(reader_.topic(), time_ns, reader_.params());
  switch (status) {
    case ZEVI_OK:
      ++counters_.published;
      return {};
    case ZEVI_UNWANTED:
      ++counters_.suppressed;
      return {};
    case ZEVI_RING_FULL:
      ++counters_.dropped;
      return "no room: the broker does not keep up";
    default:
      ++counters_.unpublished;
      complain("publisher", zevi_status_text(status), reader_.topic());
      return zevi_status_text(status);
  }
}

void Ingest::complain(const std::string& from, std::string_view what, std::string_view text) {
  if (!complaints_.admit(Clock::now())) return;
  std::string line = from + ": refused: " + std::string(what);
  if (!text.empty()) line += ": " + excerpt(text);
  if (complaints_.suppressed() > 0) {
    line += " (and " + std::to_string(complaints_.suppressed()) + " more since the last such line)";
  }
  log_.warning(line);
}

void Ingest::collect_counters() {
  counters_.queue_dropped = reading_.dropped();
  counters_.stream_pauses = reading_.stream_pauses();
  counters_.refused_connections = reading_.refused_connections();
  counters_.unanswered = replies_.unanswered();
  counters_.kernel_dropped = 0;
  for (const auto& socket : sockets_) counters_.kernel_dropped += socket->kernel_drops();
}

/// Once a second: losses at once, the counters when it is time for them.
void Ingest::report(Clock::time_point now) {
  next_look_ = now + look_every;
  collect_counters();
  if (counters_.lost_before() != lost_reported_) {
    log_.warning(
        std::to_string(counters_.lost_before() - lost_reported_) +
        " datagrams lost before they could be taken in: the machine or this program does not keep up");
    lost_reported_ = counters_.lost_before();
  }
  if (counters_.dropped != dropped_reported_) {
    log_.warning(std::to_string(counters_.dropped - dropped_reported_) +
                 " events dropped: the broker is not there or does not keep up, and the buffer is full");
    dropped_reported_ = counters_.dropped;
  }
  if (statistics_every_.count() == 0 || now < next_statistics_) return;
  const bool first = next_statistics_ == Clock::time_point{};
  next_statistics_ = now + statistics_every_;
  if (first || counters_.received() == received_reported_) return;
  received_reported_ = counters_.received();
  log_.info(counters_.summary());
}

void Ingest::say_where() const {
  std::string line = "listening at";
  for (const auto& socket : sockets_) line += " " + socket->name();
  for (const auto& listener : listeners_) line += " " + to_string(listener->address());
  log_.info(line);
  int queued_max = 0;
  std::ifstream("/proc/sys/net/unix/max_dgram_qlen") >> queued_max;
  const bool has_unix = std::any_of(sockets_.begin(), sockets_.end(), [](const auto& socket) {
    return socket->address().transport == Transport::unix_path;
  });
  if (has_unix && queued_max < 100) {
    log_.info(
        "a unix socket holds only " + std::to_string(queued_max) +
        " datagrams here, and OpenSIPS drops what finds it full: raise net.unix.max_dgram_qlen (sysctl) "
        "before starting this program");
  }
}

void Ingest::say_result(std::uint64_t unacknowledged) {
  collect_counters();
  log_.info(counters_.summary());
  if (unacknowledged > 0) {
    log_.warning(std::to_string(unacknowledged) + " events were not acknowledged by the broker");
  }
}

}  // namespace zevi::ingest
