#include "mqtt_connection.hpp"

#include <mqtt_protocol.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::chrono::milliseconds patience{2000};

// At a time, so that a server that sends without end is left again.
constexpr int reads_max = 256;

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max(left, milliseconds(0)).count());
}

std::string words_of_system(int error) {
  return std::generic_category().message(error);
}

/// The library tries the first address of a name alone, when it does not wait. So each kind of address that
/// the name has is tried, by the own address to come from; null for whatever there is.
std::vector<const char*> own_addresses_for(const MqttPlace& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(place.host.c_str(), nullptr, &hints, &found);
  if (code != 0) throw Error("cannot find " + place.host + ": " + gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  std::vector<const char*> kinds;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const char* const kind = address->ai_family == AF_INET6 ? "::" : "0.0.0.0";
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds.size() == 1 ? std::vector<const char*>{nullptr} : kinds;
}

/// Empty, or why a socket that was told to connect has not by then.
std::string wait_for_connection(int socket, std::chrono::steady_clock::time_point deadline) {
  pollfd item{socket, POLLOUT, 0};
  if (poll(&item, 1, milliseconds_until(deadline)) <= 0) return words_of_system(ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return words_of_system(errno);
  if (error != 0) return words_of_system(error);
  // An attempt to write takes the reason away.
  sockaddr_storage peer{};
  size = sizeof peer;
  const bool is_connected = getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  return is_connected ? "" : words_of_system(ECONNREFUSED);
}

MqttConnection& connection_of(void* object) {
  return *static_cast<MqttConnection*>(object);
}

}  // namespace

MqttConnection::MqttConnection(const BusOptions& options, const MqttSession& session, MqttListener& listener)
    : place_(mqtt_place_of(options)), listener_(listener), is_reader_(session.is_reader) {
  const Clock::time_point deadline = Clock::now() + patience;
  if (options.tls.is_on) set_tls(options.tls);
  connect(options, session, deadline);
  watch_.watch(mosquitto_socket(client_.get()));
  greet(deadline);
}

MqttConnection::~MqttConnection() {
  if (!is_lost() && !is_reader_) static_cast<void>(mosquitto_disconnect(client_.get()));
}

void MqttConnection::set_tls(const Tls& tls) {
  tls_ = make_tls_context(tls);
  if (!expect_host(SSL_CTX_get0_param(tls_.get()), place_.host)) fail_tls(place_.host);
}

void MqttConnection::connect(const BusOptions& options, const MqttSession& session,
                             Clock::time_point deadline) {
  std::string problem;
  const std::vector<const char*> kinds = own_addresses_for(place_);
  for (const char* const own_address : kinds) {
    make_client(options, session);
    const bool is_last = own_address == kinds.back();
    problem = connect_from(own_address, session, is_last ? deadline : deadline - patience / 2);
    if (problem.empty()) return;
  }
  throw Error("cannot connect to " + place_.host + ":" + std::to_string(place_.port) + ": " + problem);
}

void MqttConnection::make_client(const BusOptions& options, const MqttSession& session) {
  loss_.clear();
  client_.reset(mosquitto_new(session.client_id.c_str(), !session.is_kept, this));
  mosquitto* const client = client_.get();
  if (client == nullptr) throw Error("cannot make a client of MQTT: " + words_of_system(errno));
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, is_reader_ ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5);
  // For a client of several threads the library leaves all writing to `mosquitto_loop_write`. Otherwise it
  // acknowledges a message before we have seen it.
  if (is_reader_) mosquitto_threaded_set(client, true);
  mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, UINT16_MAX);
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  if (tls_) mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, tls_.get());
  const Credentials& who = options.credentials;
  const char* const password = who.password.empty() ? nullptr : who.password.c_str();
  if (!who.user.empty() &&
      mosquitto_username_pw_set(client, who.user.c_str(), password) != MOSQ_ERR_SUCCESS) {
    throw Error("MQTT takes no such user, which has to be UTF-8");
  }
  set_callbacks();
}

void MqttConnection::set_callbacks() {
  mosquitto* const client = client_.get();
  using Properties = const mosquitto_property*;
  mosquitto_connect_v5_callback_set(client,
                                    [](mosquitto*, void* self, int reason, int flags, Properties properties) {
                                      connection_of(self).hear_greeting(reason, flags, properties);
                                    });
  mosquitto_disconnect_v5_callback_set(
      client, [](mosquitto*, void* self, int reason, Properties) { connection_of(self).hear_end(reason); });
  mosquitto_publish_v5_callback_set(client, [](mosquitto*, void* self, int id, int reason, Properties) {
    connection_of(self).listener_.hear_acknowledged(id, reason);
  });
  mosquitto_unsubscribe_v5_callback_set(client, [](mosquitto*, void* self, int id, Properties) {
    connection_of(self).listener_.hear_unsubscribed(id);
  });
  mosquitto_subscribe_v5_callback_set(
      client, [](mosquitto*, void* self, int, int count, const int* granted, Properties) {
        connection_of(self).listener_.hear_subscribed(count > 0 && granted[0] < MQTT_RC_UNSPECIFIED);
      });
  mosquitto_message_v5_callback_set(client,
                                    [](mosquitto*, void* self, const mosquitto_message* message, Properties) {
                                      connection_of(self).listener_.hear_message(*message);
                                    });
  mosquitto_log_callback_set(client, [](mosquitto*, void* self, int level, const char* words) {
    connection_of(self).hear_log(level, words);
  });
}

/// Empty, or why it is not connected. Throws `zevi::Error` if it was, and TLS has failed already.
std::string MqttConnection::connect_from(const char* own_address, const MqttSession& session,
                                         Clock::time_point deadline) {
  errno = 0;
  const int code = mosquitto_connect_bind_async(client_.get(), place_.host.c_str(), place_.port,
                                                static_cast<int>(session.keepalive.count()), own_address);
  if (code == MOSQ_ERR_ERRNO) return words_of_system(errno);
  note(code);
  check();
  const std::string problem = wait_for_connection(mosquitto_socket(client_.get()), deadline);
  const bool is_unsure = tls_ && problem == words_of_system(ECONNREFUSED);
  return is_unsure ? problem + ", or there is no TLS" : problem;
}

void MqttConnection::greet(Clock::time_point deadline) {
  bool is_hung_up = false;
  while (true) {
    static_cast<void>(read());
    check();
    if (is_greeted_) return;
    write();
    check();
    // The library takes some failures of a TLS handshake for a reason to wait.
    if (is_hung_up) throw Error("the server has closed the connection");
    const bool has_to_write = mosquitto_want_write(client_.get());
    pollfd item{mosquitto_socket(client_.get()), static_cast<short>(has_to_write ? POLLIN | POLLOUT : POLLIN),
                0};
    if (poll(&item, 1, milliseconds_until(deadline)) == 0) throw Error("no answer within two seconds");
    is_hung_up = (item.revents & (POLLERR | POLLHUP)) != 0;
  }
}

bool MqttConnection::can_read() const {
  const auto* const session = static_cast<const SSL*>(mosquitto_ssl_get(client_.get()));
  if (session != nullptr && SSL_pending(session) > 0) return true;
  pollfd item{mosquitto_socket(client_.get()), POLLIN, 0};
  return poll(&item, 1, 0) > 0;
}

bool MqttConnection::read() {
  if (is_lost()) return false;
  errno = 0;  // by which the library tells whether there may be more
  note(mosquitto_loop_read(client_.get(), 1));
  return !is_lost() && can_read();
}

void MqttConnection::exchange() {
  for (int n = 0; n < reads_max && read(); ++n) continue;
  write();
}

void MqttConnection::write() {
  // Asks whether the server is there if it is time to.
  if (!is_lost()) note(mosquitto_loop_misc(client_.get()));
  if (!is_lost()) note(mosquitto_loop_write(client_.get(), 1));
  if (!is_lost()) watch_.ask_for_room(mosquitto_want_write(client_.get()));
}

void MqttConnection::note(int code) {
  if (code != MOSQ_ERR_SUCCESS) hear_end(code);
}

void MqttConnection::lose(std::string reason) {
  if (!is_lost()) loss_ = std::move(reason);
}

void MqttConnection::check() const {
  if (is_lost()) throw Error(loss_);
}

void MqttConnection::hear_greeting(int reason, int flags, const mosquitto_property* properties) {
  if (reason != MQTT_RC_SUCCESS) {
    const bool is_of_version_5 = reason >= MQTT_RC_UNSPECIFIED;
    const char* const words =
        is_of_version_5 ? mosquitto_reason_string(reason) : mosquitto_connack_string(reason);
    return lose("the server does not let us in: " + std::string(words));
  }
  has_session_ = (flags & 1) != 0;
  std::uint8_t keeps = 1;
  mosquitto_property_read_byte(properties, MQTT_PROP_RETAIN_AVAILABLE, &keeps, false);
  limits_.keeps_messages = keeps != 0;
  mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS, &limits_.qos_max, false);
  mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &limits_.in_flight_max, false);
  limits_.in_flight_max = std::max<std::uint16_t>(limits_.in_flight_max, 1);
  is_greeted_ = true;
}

/// By a reason of the server, or by a code of the library, which are smaller.
void MqttConnection::hear_end(int reason) {
  if (reason >= MQTT_RC_UNSPECIFIED) {
    return lose("the server has ended the connection: " + std::string(mosquitto_reason_string(reason)));
  }
  const int error = errno;
  if (reason == MOSQ_ERR_SUCCESS || reason == MOSQ_ERR_CONN_LOST || reason == MOSQ_ERR_NO_CONN) {
    return lose("the server has closed the connection");
  }
  if (!tls_words_.empty()) return lose("TLS: " + tls_words_);
  if (reason == MOSQ_ERR_ERRNO && error != 0)
    return lose("the connection is lost: " + words_of_system(error));
  if (reason == MOSQ_ERR_KEEPALIVE)
    return lose("the server has not answered for the time of --set keepalive");
  lose("the connection is lost: " + std::string(mosquitto_strerror(reason)));
}

/// The library's codes do not say what is wrong with TLS.
void MqttConnection::hear_log(int level, const char* words) {
  if (level != MOSQ_LOG_ERR || !tls_) return;
  const auto* const session = static_cast<const SSL*>(mosquitto_ssl_get(client_.get()));
  const long verdict = session == nullptr ? X509_V_OK : SSL_get_verify_result(session);
  if (verdict != X509_V_OK) {
    tls_words_ = X509_verify_cert_error_string(verdict);
  } else if (tls_words_.empty()) {
    // As in `OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed`.
    const std::string_view text(words);
    tls_words_ = text.substr(text.rfind(':') + 1);
  }
}

}  // namespace zevi::bridges
