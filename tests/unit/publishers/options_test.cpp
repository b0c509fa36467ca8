#include "shim/options.hpp"

#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "open_publisher.hpp"
#include "zevi/limits.hpp"

using namespace zevi;
using shim::check_options;

namespace {

struct Fixture {
  PublisherOptions options;

  /// Why these options are refused; empty if they are not.
  std::string complaint() {
    try {
      static_cast<void>(check_options(&options));
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }
  /// The option's name, what it was set to, and the range.
  void check_range(const std::string& option, const std::string& value, const std::string& low,
                   const std::string& high) {
    CHECK(complaint() == "option " + option + " is " + value + ": choose " + low + " to " + high);
    options = PublisherOptions();
  }
};

constexpr std::uint64_t year_ns = std::uint64_t{365} * 24 * 3600 * 1'000'000'000;

}  // namespace

TEST_CASE("without options a publisher has the documented defaults") {
  const shim::Options defaults = check_options(nullptr);
  PublisherOptions initialized;
  const shim::Options same = check_options(&initialized);
  for (const shim::Options& options : {defaults, same}) {
    CHECK(options.endpoint.empty());
    CHECK(options.runtime_dir.empty());
    CHECK(options.fork_endpoint.empty());
    CHECK(options.name == "publisher-test");
    CHECK_FALSE(options.host.empty());
    CHECK(options.zmq_context == nullptr);
    CHECK(options.wait_when_full == std::chrono::nanoseconds(0));
    CHECK(options.ring_bytes == 1024 * 1024);
    CHECK(options.window_bytes == 8 * 1024 * 1024);
    CHECK(options.flush_interval == std::chrono::microseconds(500));
    CHECK(options.linger == std::chrono::milliseconds(100));
  }
}

TEST_CASE_METHOD(Fixture, "every number out of range is named with its range") {
  options.wait_max_ns = year_ns + 1;
  check_range("wait_max_ns", std::to_string(year_ns + 1), "0", std::to_string(year_ns));
  options.linger_ns = std::numeric_limits<std::uint64_t>::max();
  check_range("linger_ns", "18446744073709551615", "0", std::to_string(year_ns));
  options.flush_interval_ns = 1'000'000'001;
  check_range("flush_interval_ns", "1000000001", "0", "1000000000");
  options.ring_bytes = 256 * 1024 - 1;
  check_range("ring_bytes", "262143", "262144", "1073741824");
  options.ring_bytes = 2048UL * 1024 * 1024;
  check_range("ring_bytes", "2147483648", "262144", "1073741824");
  options.window_bytes = 1024 * 1024 - 1;
  check_range("window_bytes", "1048575", "1048576",
              std::to_string(std::numeric_limits<std::size_t>::max() / 2));
  options.window_bytes = std::numeric_limits<std::size_t>::max();
  check_range("window_bytes", "18446744073709551615", "1048576",
              std::to_string(std::numeric_limits<std::size_t>::max() / 2));
  // As a caller in C may set it.
  for (const int policy : {-1, 2, 7}) {
    std::memcpy(&options.full_policy, &policy, sizeof policy);
    CHECK(complaint() == "option full_policy is " + std::to_string(policy) + ": choose 0 (drop) or 1 (wait)");
  }
}

TEST_CASE_METHOD(Fixture, "numbers at the ends of their ranges are taken") {
  options.wait_max_ns = options.linger_ns = year_ns;
  options.flush_interval_ns = 1'000'000'000;
  options.ring_bytes = 1024 * 1024 * 1024;
  options.window_bytes = std::numeric_limits<std::size_t>::max() / 2;
  options.full_policy = ZEVI_WAIT;
  CHECK(complaint().empty());
  CHECK(check_options(&options).wait_when_full == std::chrono::nanoseconds(year_ns));
  options.wait_max_ns = options.linger_ns = options.flush_interval_ns = 0;
  options.ring_bytes = 256 * 1024;
  options.window_bytes = 1024 * 1024;
  CHECK(complaint().empty());
}

TEST_CASE_METHOD(Fixture, "a ring has a power of two") {
  options.ring_bytes = 1024 * 1024 + 1024;
  CHECK(complaint() == "option ring_bytes is 1049600: choose a power of two");
}

TEST_CASE_METHOD(Fixture, "a name is 1 to 255 bytes of UTF-8") {
  const std::string longest(255, 'n');
  options.name = longest.c_str();
  CHECK(check_options(&options).name == longest);
  const std::string too_long(256, 'n');
  options.name = too_long.c_str();
  CHECK_THAT(complaint(), contains_text("option name has 256 bytes: choose 1 to 255"));
  options.name = "";
  CHECK_THAT(complaint(), contains_text("option name has 0 bytes: choose 1 to 255"));
  options.name = "caf\xE9";
  CHECK_THAT(complaint(), contains_text("option name is not UTF-8"));
}

TEST_CASE_METHOD(Fixture, "an origin is at most 255 bytes of UTF-8") {
  CHECK(check_options(&options).origin.empty());
  const std::string too_long(256, 'o');
  options.origin = too_long.c_str();
  CHECK_THAT(complaint(), contains_text("option origin has 256 bytes: choose at most 255"));
  options.origin = "caf\xE9";
  CHECK_THAT(complaint(), contains_text("option origin is not UTF-8"));
  options.origin = "far";
  CHECK(check_options(&options).origin == "far");
}

TEST_CASE_METHOD(Fixture, "an inproc endpoint needs the context that it is in, and leads no child anywhere") {
  options.endpoint = "inproc://ingress";
  CHECK_THAT(complaint(), contains_text("option endpoint is inproc://ingress"));
  CHECK_THAT(complaint(), contains_text("zmq_context"));
  int context = 0;
  options.zmq_context = &context;
  CHECK(complaint().empty());
  options.fork_endpoint = "inproc://ingress";
  CHECK_THAT(complaint(), contains_text("option fork_endpoint is inproc://ingress"));
}

TEST_CASE_METHOD(Fixture, "a runtime directory whose socket's path would be too long is refused at once") {
  const std::string directory(100, 'd');
  options.runtime_dir = directory.c_str();
  CHECK_THAT(complaint(), contains_text("108 bytes"));
  CHECK_THAT(complaint(), contains_text("choose a shorter runtime directory"));
  options.endpoint = "ipc:///tmp/elsewhere";
  CHECK(complaint().empty());
}

TEST_CASE_METHOD(Fixture, "a shorter struct, of a caller with an older header, is completed with defaults") {
  options.runtime_dir = "/tmp/here";
  options.linger_ns = 7;
  options.flush_interval_ns = 8;
  options.size = offsetof(zevi_publisher_options, linger_ns);
  const shim::Options without_linger = check_options(&options);
  CHECK(without_linger.runtime_dir == "/tmp/here");
  CHECK(without_linger.flush_interval == std::chrono::nanoseconds(8));
  CHECK(without_linger.linger == std::chrono::milliseconds(100));
  // Nothing behind the given size is read.
  std::vector<char> exact(options.size);
  std::memcpy(exact.data(), &options, exact.size());
  CHECK(check_options(reinterpret_cast<const zevi_publisher_options*>(exact.data())).runtime_dir ==
        "/tmp/here");
}

TEST_CASE_METHOD(Fixture, "a struct of a size that this library does not know is refused") {
  for (const std::size_t size : {std::size_t{0}, sizeof options + 1, ~std::size_t{0}}) {
    options.size = size;
    CHECK_THAT(complaint(), contains_text("option size is " + std::to_string(size)));
    CHECK_THAT(complaint(), contains_text("zevi_publisher_options_init"));
  }
}

TEST_CASE("the caller's texts are copied") {
  std::string endpoint = "ipc:///tmp/a-rather-long-endpoint";
  PublisherOptions options;
  options.endpoint = endpoint.c_str();
  const shim::Options checked = check_options(&options);
  endpoint.assign(endpoint.size(), 'x');
  CHECK(checked.endpoint == "ipc:///tmp/a-rather-long-endpoint");
}

TEST_CASE("opening says why it fails, cut to the room that there is") {
  PublisherOptions options;
  options.ring_bytes = 1;
  auto* publisher = reinterpret_cast<zevi_publisher*>(&options);
  char error[16];
  CHECK(zevi_publisher_open(&options, &publisher, error, sizeof error) == ZEVI_INVALID);
  CHECK(publisher == nullptr);
  CHECK(std::string(error) == "option ring_byt");
  error[0] = '?';
  CHECK(zevi_publisher_open(&options, &publisher, error, 0) == ZEVI_INVALID);
  CHECK(error[0] == '?');
  CHECK(zevi_publisher_open(&options, &publisher, nullptr, 100) == ZEVI_INVALID);
  CHECK(zevi_publisher_open(&options, nullptr, error, sizeof error) == ZEVI_INVALID);
  CHECK(std::string(error) == "no place for th");
  CHECK_THROWS_WITH(zevi::Publisher(options),
                    contains_text("cannot open a publisher: option ring_bytes is 1"));
}

TEST_CASE("an endpoint that is none, and one that cannot be used, are named when opening") {
  PublisherOptions options;
  options.endpoint = "nonsense";
  CHECK_THROWS_WITH(zevi::Publisher(options), contains_text("nonsense"));
  options.endpoint = "gopher://host";
  CHECK_THROWS_WITH(zevi::Publisher(options), contains_text("gopher://host"));
}

TEST_CASE("every status has words of its own, and so has a number that is none") {
  std::vector<std::string> texts;
  for (int status = ZEVI_SYSTEM; status <= ZEVI_UNWANTED; ++status) {
    texts.emplace_back(zevi_status_text(static_cast<zevi_status>(status)));
    CHECK(texts.back() == text(static_cast<Status>(status)));
  }
  std::sort(texts.begin(), texts.end());
  CHECK(std::unique(texts.begin(), texts.end()) == texts.end());
  CHECK(std::count(texts.begin(), texts.end(), "unknown status") == 0);
  CHECK_FALSE(std::string(zevi_publisher_version()).empty());
}
