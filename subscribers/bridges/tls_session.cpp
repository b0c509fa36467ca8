#include "tls_session.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

int as_int(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

TlsSession::TlsSession(TcpSocket& socket, const Tls& tls, const std::string& host,
                       TcpSocket::Clock::time_point deadline)
    : socket_(socket), context_(make_tls_context(tls)) {
  session_.reset(SSL_new(context_.get()));
  if (!session_ || SSL_set_fd(session_.get(), socket.fd()) != 1) fail_tls("cannot begin");
  expect(host);
  shake_hands(deadline);
}

void TlsSession::expect(const std::string& host) {
  SSL* const session = session_.get();
  if (!expect_host(SSL_get0_param(session), host)) fail_tls(host);
  if (!is_address(host) && SSL_set_tlsext_host_name(session, host.c_str()) != 1) fail_tls(host);
}

void TlsSession::shake_hands(TcpSocket::Clock::time_point deadline) {
  while (true) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_connect(session_.get());
    if (result == 1) return socket_.ask_for_room(false);
    const int why = SSL_get_error(session_.get(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail_tls("cannot connect", session_.get());
    socket_.ask_for_room(why == SSL_ERROR_WANT_WRITE);
    socket_.wait(deadline);
  }
}

std::size_t TlsSession::count_of(int result) {
  if (result > 0) return static_cast<std::size_t>(result);
  const int why = SSL_get_error(session_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
  if (why == SSL_ERROR_ZERO_RETURN) throw Error("the server has closed the connection");
  fail_tls("the connection is lost");
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
