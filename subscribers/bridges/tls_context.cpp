#include "tls_context.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
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

}  // namespace

void fail_tls(const std::string& what, const SSL* session) {
  throw Error("TLS: " + what + ": " + reason_of(session));
}

TlsContext make_tls_context(const Tls& tls) {
  ERR_clear_error();
  TlsContext made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = made.get();
  if (context == nullptr) fail_tls("cannot begin");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // What could not be written at once is written from where the buffer is then.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool has_trust = tls.ca_file.empty()
                             ? SSL_CTX_set_default_verify_paths(context) == 1
                             : SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1;
  if (!has_trust) fail_tls(tls.ca_file.empty() ? "the system's certificates" : tls.ca_file);
  if (tls.certificate_file.empty()) return made;
  if (SSL_CTX_use_certificate_chain_file(context, tls.certificate_file.c_str()) != 1)
    fail_tls(tls.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    fail_tls(tls.key_file);
  return made;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool expect_host(X509_VERIFY_PARAM* checks, const std::string& host) {
  return is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) == 1
                          : X509_VERIFY_PARAM_set1_host(checks, host.c_str(), 0) == 1;
}

}  // namespace zevi::bridges
