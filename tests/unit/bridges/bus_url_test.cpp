#include "bus_url.hpp"

#include "catch.hpp"

namespace zevi::bridges {

TEST_CASE("a URL is taken apart, and shown without its secrets") {
  const BusUrl url = BusUrl::parse("nats://me:p%40ss@a:4222,b:4222/x");
  CHECK(url.scheme == "nats");
  CHECK(url.user == "me");
  CHECK(url.password == "p@ss");
  CHECK(url.hosts == "a:4222,b:4222");
  CHECK(url.path == "/x");
  CHECK(url.shown() == "nats://a:4222,b:4222/x");
}

TEST_CASE("a path and a command are URLs") {
  CHECK(BusUrl::parse("file:///var/log/{topic}.ndjson").path == "/var/log/{topic}.ndjson");
  CHECK(BusUrl::parse("file:///a").shown() == "file:///a");
  CHECK(BusUrl::parse("exec:jq . >> /tmp/a@b").path == "jq . >> /tmp/a@b");
  CHECK(BusUrl::parse("exec:cat").shown() == "exec:cat");
}

TEST_CASE("a host is taken apart from its port, an address of IPv6 in brackets too") {
  CHECK(split_host("a").host == "a");
  CHECK(split_host("a").behind.empty());
  CHECK(split_host("a:1883").behind == ":1883");
  CHECK(split_host("[::1]:5672").host == "::1");
  CHECK(split_host("[::1]:5672").behind == ":5672");
  CHECK(port_in(":5672") == 5672);
  for (const char* const text : {"", ":", ":0", ":65536", ":-1", ":1a", "x1"}) CHECK(port_in(text) == 0);
}

TEST_CASE("what is no URL is refused, without showing a part of it") {
  for (const char* const text : {"", "nats", "://a", "Nats://u:secret@h", "//u:secret@h/1"}) {
    CHECK_THROWS_WITH(BusUrl::parse(text), !contains_text("secret"));
  }
}

}  // namespace zevi::bridges
