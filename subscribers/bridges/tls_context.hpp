#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "bridge.hpp"

namespace zevi::bridges {

struct TlsContextDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDeleter>;

/// For connections that check who the server is, from TLS 1.2 on, with what the options say to trust and to
/// show. Throws `zevi::Error` with OpenSSL's words.
[[nodiscard]] TlsContext make_tls_context(const Tls& tls);

/// The server has to show a certificate for this name or address. False if it is neither.
[[nodiscard]] bool expect_host(X509_VERIFY_PARAM* checks, const std::string& host);
[[nodiscard]] bool is_address(const std::string& host);

/// Throws `zevi::Error`: what failed, and why as OpenSSL says it.
[[noreturn]] void fail_tls(const std::string& what, const SSL* session = nullptr);

}  // namespace zevi::bridges
