#include "nats_connection.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace zevi::bridges {

namespace {

constexpr std::int64_t patience_ms = 2000;

/// `nats://HOST:PORT` for each of `HOST:PORT,HOST:PORT`.
std::vector<std::string> servers_of(const BusOptions& options) {
  std::vector<std::string> servers;
  std::string_view rest = options.url.hosts;
  while (!rest.empty()) {
    const std::string_view host = rest.substr(0, rest.find(','));
    servers.push_back("nats://" + std::string(host));
    rest.remove_prefix(std::min(rest.size(), host.size() + 1));
  }
  return servers;
}

void set_servers(natsOptions* options, const std::vector<std::string>& servers) {
  std::vector<const char*> texts;
  for (const std::string& server : servers) texts.push_back(server.c_str());
  must(natsOptions_SetServers(options, texts.data(), static_cast<int>(texts.size())), "server");
}

void set_credentials(natsOptions* options, const Credentials& credentials) {
  if (!credentials.creds_file.empty()) {
    must(natsOptions_SetUserCredentialsFromFiles(options, credentials.creds_file.c_str(), nullptr),
         credentials.creds_file);
  } else if (!credentials.nkey_file.empty()) {
    must(natsOptions_SetNKeyFromSeed(options, credentials.user.c_str(), credentials.nkey_file.c_str()),
         credentials.nkey_file);
  } else if (!credentials.token.empty()) {
    must(natsOptions_SetToken(options, credentials.token.c_str()), "token");
  } else if (!credentials.user.empty()) {
    must(natsOptions_SetUserInfo(options, credentials.user.c_str(), credentials.password.c_str()), "user");
  }
}

void set_tls(natsOptions* options, const Tls& tls) {
  if (!tls.is_on) return;
  must(natsOptions_SetSecure(options, true), "TLS");
  if (!tls.ca_file.empty()) {
    must(natsOptions_LoadCATrustedCertificates(options, tls.ca_file.c_str()), tls.ca_file);
  }
  if (!tls.certificate_file.empty()) {
    must(natsOptions_LoadCertificatesChain(options, tls.certificate_file.c_str(), tls.key_file.c_str()),
         tls.certificate_file);
  }
}

void on_closed(natsConnection*, void* news) {
  static_cast<NatsNews*>(news)->wake();
}

void on_error(natsConnection* connection, natsSubscription*, natsStatus status, void* news) {
  const char* words = nullptr;
  static_cast<void>(natsConnection_GetLastError(connection, &words));
  const bool has_words = words != nullptr && *words != '\0';
  static_cast<NatsNews*>(news)->complain(has_words ? words : natsStatus_GetText(status));
}

}  // namespace

void NatsNews::complain(std::string words) {
  {
    const std::lock_guard lock(mutex_);
    complaint_ = std::move(words);
  }
  wake();
}

std::string NatsNews::take_complaint() {
  const std::lock_guard lock(mutex_);
  return std::exchange(complaint_, {});
}

NatsConnection connect_to_nats(const BusOptions& given, NatsNews& news) {
  natsOptions* made = nullptr;
  must(natsOptions_Create(&made), "options");
  const NatsOptions options(made);
  const std::vector<std::string> servers = servers_of(given);
  set_servers(made, servers);
  set_credentials(made, given.credentials);
  set_tls(made, given.tls);
  must(natsOptions_SetName(made, ("zevi bridge " + given.name).c_str()), "name");
  must(natsOptions_SetTimeout(made, patience_ms), "timeout");
  must(natsOptions_SetWriteDeadline(made, patience_ms), "timeout");
  must(natsOptions_SetAllowReconnect(made, false), "reconnect");
  must(natsOptions_SetClosedCB(made, on_closed, &news), "callback");
  must(natsOptions_SetErrorHandler(made, on_error, &news), "callback");
  static_cast<void>(news.take_complaint());
  natsConnection* connection = nullptr;
  must(natsConnection_Connect(&connection, made), "cannot connect");
  return NatsConnection(connection);
}

void check_connection(natsConnection* connection) {
  if (natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED) return;
  const char* words = nullptr;
  static_cast<void>(natsConnection_GetLastError(connection, &words));
  throw Error(words != nullptr && *words != '\0' ? words : "the connection was closed");
}

}  // namespace zevi::bridges
