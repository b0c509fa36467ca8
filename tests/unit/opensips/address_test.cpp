#include "address.hpp"

#include "catch.hpp"
#include "zevi/error.hpp"

using zevi::ingest::Address;
using zevi::ingest::parse_address;
using zevi::ingest::Transport;

TEST_CASE("addresses are read and written alike") {
  for (const char* text :
       {"unix:/run/x.sock", "fifo:/tmp/f", "udp:127.0.0.1:9060", "tcp:localhost:80", "tcp:[::1]:0"}) {
    CHECK(to_string(parse_address(text)) == text);
  }
  const Address address = parse_address("tcp:[::1]:5060");
  CHECK(address.transport == Transport::tcp);
  CHECK(address.host == "::1");
  CHECK(address.port == "5060");
}

TEST_CASE("what is no address is refused") {
  for (const char* text :
       {"", "unix:", "/run/x", "udp:127.0.0.1", "tcp::80", "tcp:host:", "udp:host:x1", "http://a:1"}) {
    CHECK_THROWS_AS(parse_address(text), zevi::Error);
  }
}

TEST_CASE("a path that no unix socket takes is refused") {
  CHECK_NOTHROW(zevi::ingest::unix_address(std::string(107, 'x')));
  CHECK_THROWS_AS(zevi::ingest::unix_address(std::string(108, 'x')), zevi::Error);
}
