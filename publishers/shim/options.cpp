#include "options.hpp"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string_view>

#include "zevi/error.hpp"
#include "zevi/limits.hpp"
#include "zevi/utf8.hpp"

namespace zevi::shim {

namespace {

constexpr std::size_t text_bytes_max = 255;
constexpr std::size_t ring_bytes_min = 256 * 1024;
constexpr std::size_t ring_bytes_max = 1024 * 1024 * 1024;
constexpr std::size_t window_bytes_min = 1024 * 1024;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t year_ns = 365 * 24 * 3600 * second_ns;

std::string text(const char* value) {
  return value == nullptr ? std::string() : std::string(value);
}

std::string executable_name() {
  char path[PATH_MAX];
  const ssize_t bytes = readlink("/proc/self/exe", path, sizeof path);
  std::string_view name(path, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  name.remove_prefix(name.rfind('/') + 1);
  if (name.empty() || name.size() > text_bytes_max || !is_utf8(name)) return "unknown";
  return std::string(name);
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !is_utf8(name)) return "unknown";
  return name;
}

std::string checked_name(const char* given) {
  if (given == nullptr) return executable_name();
  const std::string_view name(given);
  if (name.empty() || name.size() > text_bytes_max) {
    throw Error("option name has " + std::to_string(name.size()) + " bytes: choose 1 to 255");
  }
  if (!is_utf8(name)) throw Error("option name is not UTF-8: choose another name");
  return std::string(name);
}

std::string checked_origin(const char* given) {
  const std::string origin = text(given);
  if (origin.size() > text_bytes_max) {
    throw Error("option origin has " + std::to_string(origin.size()) + " bytes: choose at most 255");
  }
  if (!is_utf8(origin)) throw Error("option origin is not UTF-8: choose another one");
  return origin;
}

/// Every number is named with its range, so that nobody has to look the range up.
std::uint64_t in_range(const char* option, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return value;
  throw Error("option " + std::string(option) + " is " + std::to_string(value) + ": choose " +
              std::to_string(low) + " to " + std::to_string(high));
}

std::chrono::nanoseconds duration(const char* option, std::uint64_t value, std::uint64_t high) {
  return std::chrono::nanoseconds(in_range(option, value, 0, high));
}

/// The path of a unix socket that is too long would be so at every attempt to connect, and nobody be told.
void check_socket_path(const Options& options) {
  const std::string& directory =
      options.runtime_dir.empty() ? options.variables.zevi_runtime_dir : options.runtime_dir;
  if (options.endpoint.empty() && !directory.empty()) {
    static_cast<void>(ipc_endpoint(directory, endpoint_names::ingress));
  }
}

/// A caller in C may have put any number there, which must not be read as the type that it has not.
int number_of(const zevi_full_policy& policy) noexcept {
  static_assert(sizeof policy == sizeof(int));
  int number = 0;
  std::memcpy(&number, &policy, sizeof number);
  return number;
}

std::chrono::nanoseconds wait_when_full(const zevi_publisher_options& options) {
  static_cast<void>(duration("wait_max_ns", options.wait_max_ns, year_ns));
  if (const auto wait = wait_under(options.full_policy, options.wait_max_ns)) return *wait;
  throw Error("option full_policy is " + std::to_string(number_of(options.full_policy)) +
              ": choose 0 (drop) or 1 (wait)");
}

/// A caller that was compiled with an older header hands in a shorter struct; one with a newer header may not
/// use fields that this library lacks.
zevi_publisher_options completed(const zevi_publisher_options* given) {
  zevi_publisher_options options;
  set_defaults(options);
  if (given == nullptr) return options;
  if (given->size == 0 || given->size > sizeof options) {
    throw Error("option size is " + std::to_string(given->size) +
                ": call zevi_publisher_options_init first, and use a library as new as its header");
  }
  std::memcpy(&options, given, given->size);
  return options;
}

}  // namespace

void set_defaults(zevi_publisher_options& options) noexcept {
  options = zevi_publisher_options{};
  options.size = sizeof options;
  options.full_policy = ZEVI_DROP;
  options.wait_max_ns = second_ns;
  options.ring_bytes = limits::ring_bytes;
  options.window_bytes = limits::window_bytes;
  options.flush_interval_ns = 500'000;
  options.linger_ns = 100'000'000;
}

std::optional<std::chrono::nanoseconds> wait_under(zevi_full_policy policy,
                                                   std::uint64_t wait_max_ns) noexcept {
  const int number = number_of(policy);
  if (number == ZEVI_DROP) return std::chrono::nanoseconds(0);
  if (number != ZEVI_WAIT || wait_max_ns > year_ns) return std::nullopt;
  return std::chrono::nanoseconds(wait_max_ns);
}

Options check_options(const zevi_publisher_options* given) {
  const zevi_publisher_options options = completed(given);
  Options checked;
  checked.endpoint = text(options.endpoint);
  checked.runtime_dir = text(options.runtime_dir);
  checked.fork_endpoint = text(options.fork_endpoint);
  checked.counters_file = text(options.counters_file);
  checked.curve = read_curve_client(text(options.curve_key), text(options.curve_server_key));
  checked.variables = RuntimeVariables::read();
  check_socket_path(checked);
  checked.name = checked_name(options.name);
  checked.origin = checked_origin(options.origin);
  checked.host = host_name();
  checked.zmq_context = options.zmq_context;
  if (checked.is_inproc() && checked.zmq_context == nullptr) {
    throw Error("option endpoint is " + checked.endpoint +
                ", which only the broker's own ZeroMQ context reaches: give it as option zmq_context");
  }
  if (checked.fork_endpoint.starts_with("inproc://")) {
    throw Error("option fork_endpoint is " + checked.fork_endpoint +
                ", which a child cannot reach: choose an ipc:// or tcp:// endpoint");
  }
  checked.wait_when_full = wait_when_full(options);
  checked.ring_bytes = in_range("ring_bytes", options.ring_bytes, ring_bytes_min, ring_bytes_max);
  if (!std::has_single_bit(checked.ring_bytes)) {
    throw Error("option ring_bytes is " + std::to_string(checked.ring_bytes) + ": choose a power of two");
  }
  checked.window_bytes = in_range("window_bytes", options.window_bytes, window_bytes_min,
                                  std::numeric_limits<std::size_t>::max() / 2);
  checked.flush_interval = duration("flush_interval_ns", options.flush_interval_ns, second_ns);
  checked.linger = duration("linger_ns", options.linger_ns, year_ns);
  return checked;
}

}  // namespace zevi::shim
