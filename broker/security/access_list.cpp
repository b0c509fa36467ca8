#include "access_list.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "zevi/curve_keys.hpp"
#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

uid_t user_id(std::string_view name) {
  if (const auto id = number(name)) return *id;
  const passwd* const user = getpwnam(std::string(name).c_str());
  if (user == nullptr) throw Error("no user '" + std::string(name) + "' is known here");
  return user->pw_uid;
}

const group* find_group(std::string_view name) {
  if (const auto id = number(name)) return getgrgid(*id);
  const group* const found = getgrnam(std::string(name).c_str());
  if (found == nullptr) throw Error("no group '" + std::string(name) + "' is known here");
  return found;
}

std::array<bool, role_names.size()> read_roles(std::string_view text) {
  std::array<bool, role_names.size()> roles{};
  for (const std::string_view name : split(text, ",")) {
    const auto* const found = std::find(role_names.begin(), role_names.end(), name);
    if (found == role_names.end()) {
      throw Error("'" + std::string(name) + "' is none of publish, subscribe, replay and control");
    }
    roles[static_cast<std::size_t>(found - role_names.begin())] = true;
  }
  return roles;
}

std::vector<std::string> read_prefixes(std::string_view text) {
  std::vector<std::string> prefixes;
  for (std::string_view prefix : split(text, ",")) {
    if (prefix.ends_with('*')) prefix.remove_suffix(1);
    if (prefix.empty()) return {};
    if (!is_topic_prefix(prefix)) throw Error("'" + std::string(prefix) + "' is no prefix of a topic");
    prefixes.emplace_back(prefix);
  }
  return prefixes;
}

}  // namespace

std::string Peer::text() const {
  if (!key.empty()) return "key=" + key;
  if (!uid || !gid) return "anyone";
  return "uid=" + std::to_string(*uid) + " gid=" + std::to_string(*gid);
}

Peer Peer::read(std::string_view text) {
  Peer peer;
  for (const std::string_view word : split(text, " ")) {
    if (word.starts_with("key=")) peer.key = word.substr(4);
    if (word.starts_with("uid=")) peer.uid = number(word.substr(4));
    if (word.starts_with("gid=")) peer.gid = number(word.substr(4));
  }
  return peer;
}

bool Permission::covers(std::string_view prefix) const noexcept {
  const bool meets_exception = std::any_of(
      except.begin(), except.end(), [prefix](const std::string& other) { return prefix.starts_with(other); });
  if (!is_given || meets_exception) return false;
  if (prefixes.empty()) return true;
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [prefix](const std::string& own) { return prefix.starts_with(own); });
}

void Permission::add(const std::vector<std::string>& more) {
  const bool is_all = (is_given && prefixes.empty()) || more.empty();
  is_given = true;
  if (is_all) {
    prefixes.clear();
  } else {
    prefixes.insert(prefixes.end(), more.begin(), more.end());
  }
}

void AccessList::read_who(std::string_view word, Rule& rule) {
  const std::string_view value = word.substr(std::min(word.find('='), word.size() - 1) + 1);
  if (word == "anyone") {
    rule.is_anyone = true;
  } else if (word.starts_with("uid=") && !value.empty()) {
    rule.uids.push_back(user_id(value));
  } else if (word.starts_with("gid=") && !value.empty()) {
    const group* const found = find_group(value);
    rule.gid = found == nullptr ? *number(value) : found->gr_gid;
    for (char** member = found == nullptr ? nullptr : found->gr_mem; member != nullptr && *member; ++member) {
      // A member that is no user any more can be nobody's name.
      if (const passwd* const user = getpwnam(*member)) rule.uids.push_back(user->pw_uid);
    }
  } else if (word.starts_with("key=")) {
    if (!is_curve_key(value)) throw Error("a key has 40 characters of Z85, as zevi keys generate prints it");
    rule.key = value;
  } else {
    throw Error("'" + std::string(word) + "' is none of uid=USER, gid=GROUP, key=KEY and anyone");
  }
}

AccessList::Rule AccessList::read_rule(std::string_view line) {
  const std::vector<std::string_view> words = split(line, " \t\r");
  if (words.size() < 2 || words.size() > 3) throw Error("a line is WHO ROLE[,ROLE...] [PREFIX[,PREFIX...]]");
  Rule rule;
  read_who(words[0], rule);
  rule.roles = read_roles(words[1]);
  if (words.size() == 3) rule.prefixes = read_prefixes(words[2]);
  if (!rule.prefixes.empty() && rule.roles[static_cast<std::size_t>(Role::subscribe)]) {
    throw Error("who may subscribe is decided for whole endpoints: put subscribe on a line without prefixes");
  }
  return rule;
}

AccessList AccessList::read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read the access list " + path + ": check its path and mode");
  AccessList list;
  std::string line;
  for (std::size_t row = 1; std::getline(file, line); ++row) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    // Further on, # may be a part of a key.
    if (begin == std::string::npos || line[begin] == '#') continue;
    try {
      list.rules_.push_back(read_rule(line));
    } catch (const Error& error) {
      throw Error(path + ":" + std::to_string(row) + ": " + error.what());
    }
  }
  if (file.bad()) throw Error("cannot read the access list " + path + ": it is no file of text");
  return list;
}

bool AccessList::Rule::is_for(const Peer& peer) const {
  if (!peer.key.empty()) return peer.key == key;
  if (is_anyone) return true;
  if (peer.uid && std::find(uids.begin(), uids.end(), *peer.uid) != uids.end()) return true;
  return gid && peer.gid == gid;
}

Permission AccessList::permission(const Peer& peer, Role role) const {
  Permission permission;
  if (peer.key.empty() && peer.uid && (*peer.uid == 0 || *peer.uid == geteuid())) permission.add({});
  for (const Rule& rule : rules_) {
    if (rule.roles[static_cast<std::size_t>(role)] && rule.is_for(peer)) permission.add(rule.prefixes);
  }
  return permission;
}

AccessLists AccessLists::read(const BrokerOptions& options) {
  AccessLists lists{AccessList::read(options.access), {}};
  for (const Route& route : options.routes) {
    lists.routes.push_back({route.prefix, route.also, std::nullopt});
    if (!route.access.empty()) lists.routes.back().list = AccessList::read(route.access);
  }
  return lists;
}

bool AccessLists::may_subscribe(const Peer& peer, std::size_t route) const {
  return route < routes.size() &&
         routes[route].list.value_or(list).permission(peer, Role::subscribe).is_given;
}

Permission AccessLists::permission(const Peer& peer, Role role) const {
  Permission permission = list.permission(peer, role);
  if (role != Role::replay && role != Role::control) return permission;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (routes[i].list && !routes[i].also && !may_subscribe(peer, i)) {
      permission.except.push_back(routes[i].prefix);
    }
  }
  return permission;
}

}  // namespace zevi::broker
