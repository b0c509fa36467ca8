#include "tls_session.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

std::string reason_of(const SSL* session) {
  if (session != nullptr) {
    const long verdict = SSL_get_verify_result(session);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
  }
  const char* const words = ERR_reason_error_string(ERR_get_error());
  if (words != nullptr) return words;
  return errno == 0 ? "the connection was closed" : std::generic_category().message(errno);
}

[[noreturn]] void fail(const std::string& what, const SSL* session = nullptr) {
  throw Error("TLS: " + what + ": " + reason_of(session));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

int as_int(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

TlsSession::TlsSession(TcpSocket& socket, const Tls& tls, const std::string& host,
                       TcpSocket::Clock::time_point deadline)
    : socket_(socket) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) fail("cannot begin");
  trust(tls);
  session_.reset(SSL_new(context_.get()));
  if (!session_ || SSL_set_fd(session_.get(), socket.fd()) != 1) fail("cannot begin");
  expect(host);
  shake_hands(deadline);
}

void TlsSession::trust(const Tls& tls) {
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // What could not be written at once is written from where the buffer is then.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool has_trust = tls.ca_file.empty()
                             ? SSL_CTX_set_default_verify_paths(context) == 1
                             : SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1;
  if (!has_trust) fail(tls.ca_file.empty() ? "the system's certificates" : tls.ca_file);
  if (tls.certificate_file.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context, tls.certificate_file.c_str()) != 1)
    fail(tls.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1) fail(tls.key_file);
}

void TlsSession::expect(const std::string& host) {
  SSL* const session = session_.get();
  if (is_address(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) != 1) fail(host);
    return;
  }
  if (SSL_set1_host(session, host.c_str()) != 1) fail(host);
  if (SSL_set_tlsext_host_name(session, host.c_str()) != 1) fail(host);
}

void TlsSession::shake_hands(TcpSocket::Clock::time_point deadline) {
  while (true) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_connect(session_.get());
    if (result == 1) return socket_.ask_for_room(false);
    const int why = SSL_get_error(session_.get(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail("cannot connect", session_.get());
    socket_.ask_for_room(why == SSL_ERROR_WANT_WRITE);
    socket_.wait(deadline);
  }
}

std::size_t TlsSession::count_of(int result) {
  if (result > 0) return static_cast<std::size_t>(result);
  const int why = SSL_get_error(session_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
  if (why == SSL_ERROR_ZERO_RETURN) throw Error("the server has closed the connection");
  fail("the connection is lost");
}

std::size_t TlsSession::read(char* data, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  return count_of(SSL_read(session_.get(), data, as_int(size)));
}

std::size_t TlsSession::write(const char* data, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  return count_of(SSL_write(session_.get(), data, as_int(size)));
}

}  // namespace zevi::bridges
