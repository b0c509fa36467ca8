#include "bus_url.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

bool is_scheme(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '+'; });
}

}  // namespace

HostAndPort split_host(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos) return {text.substr(1, bracket - 1), text.substr(bracket + 1)};
  const std::string_view host = text.substr(0, text.find(':'));
  return {host, text.substr(host.size())};
}

int port_in(std::string_view text) {
  constexpr int port_max = 65535;
  if (!text.starts_with(':')) return 0;
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + 1, end, port);
  return error == std::errc{} && last == end && port > 0 && port <= port_max ? port : 0;
}

std::string without_percents(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    out += is_escape ? static_cast<char>(byte) : text[i];
    if (is_escape) i += 2;
  }
  return out;
}

BusUrl BusUrl::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  BusUrl url;
  url.scheme = text.substr(0, colon);
  // Not even a part of what cannot be read is shown: it may hold a password.
  if (colon == std::string_view::npos || !is_scheme(url.scheme)) {
    throw Error("a bus is given as a URL: nats://HOST:PORT, file:///PATH, exec:COMMAND");
  }
  std::string_view rest = text.substr(colon + 1);
  if (!rest.starts_with("//")) {
    url.path = rest;
    return url;
  }
  rest.remove_prefix(2);
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = authority.substr(0, at);
    const std::size_t end = who.find(':');
    url.user = without_percents(who.substr(0, end));
    if (end != std::string_view::npos) url.password = without_percents(who.substr(end + 1));
    authority.remove_prefix(at + 1);
  }
  url.hosts = authority;
  return url;
}

std::string BusUrl::shown() const {
  if (hosts.empty() && !path.starts_with('/')) return scheme + ":" + path;
  return scheme + "://" + hosts + path;
}

}  // namespace zevi::bridges
