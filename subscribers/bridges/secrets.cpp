#include "secrets.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace zevi::bridges {

namespace {

namespace po = program::po;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string text_of(const po::variables_map& values, const char* name) {
  return values.count(name) == 0 ? "" : values[name].as<std::string>();
}

/// The first line of a file.
std::string secret_in(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) throw program::UsageError("cannot read a secret from " + path);
  return line;
}

std::string secret(const po::variables_map& values, const char* option, const char* variable) {
  const std::string path = text_of(values, option);
  return path.empty() ? environment(variable) : secret_in(path);
}

/// A file that is not there is told now, not by a library in the middle of a connection.
std::string file_of(const po::variables_map& values, const char* name) {
  std::string path = text_of(values, name);
  if (!path.empty() && !std::ifstream(path)) {
    throw program::UsageError("--" + std::string(name) + ": cannot read " + path);
  }
  return path;
}

}  // namespace

void add_secret_options(program::OptionTable& table) {
  const auto add = [&](const char* name, const char* value, const char* meaning) {
    table.visible.add_options()(name, po::value<std::string>()->value_name(value), meaning);
  };
  add("user", "NAME", "who the bridge is to the bus");
  add("password-file", "FILE", "its password, the first line of FILE; default $ZEVI_BRIDGE_PASSWORD");
  add("token-file", "FILE", "a token instead, the first line of FILE; default $ZEVI_BRIDGE_TOKEN");
  add("nkey-file", "FILE", "NATS: the seed of a key pair");
  add("creds-file", "FILE", "NATS: credentials, a JWT and a seed");
  table.visible.add_options()("tls", "encrypt, and check the certificate of the bus; the next three do too");
  add("tls-ca", "FILE", "certificates to trust instead of the system's");
  add("tls-cert", "FILE", "the bridge's own certificate");
  add("tls-key", "FILE", "and its key");
}

BusUrl read_url(const po::variables_map& values) {
  const std::string given = text_of(values, "url");
  const std::string text = given.empty() ? environment("ZEVI_BRIDGE_URL") : given;
  if (text.empty()) throw program::UsageError("no URL given, and none in $ZEVI_BRIDGE_URL");
  BusUrl url = BusUrl::parse(text);
  if (!given.empty() && !url.password.empty()) {
    throw program::UsageError(
        "a password on the command line or in a configuration file can be seen by others; use "
        "--password-file, $ZEVI_BRIDGE_PASSWORD "
        "or $ZEVI_BRIDGE_URL");
  }
  return url;
}

Credentials read_credentials(const po::variables_map& values, const BusUrl& url) {
  Credentials credentials;
  credentials.user = values.count("user") != 0 ? text_of(values, "user") : url.user;
  credentials.password =
      url.password.empty() ? secret(values, "password-file", "ZEVI_BRIDGE_PASSWORD") : url.password;
  credentials.token = secret(values, "token-file", "ZEVI_BRIDGE_TOKEN");
  credentials.nkey_file = file_of(values, "nkey-file");
  credentials.creds_file = file_of(values, "creds-file");
  return credentials;
}

Tls read_tls(const po::variables_map& values) {
  Tls tls;
  tls.ca_file = file_of(values, "tls-ca");
  tls.certificate_file = file_of(values, "tls-cert");
  tls.key_file = file_of(values, "tls-key");
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    throw program::UsageError("--tls-cert and --tls-key go together");
  }
  tls.is_on = values.count("tls") != 0 || !tls.ca_file.empty() || !tls.certificate_file.empty();
  return tls;
}

void refuse_tokens_and_keys(const Credentials& who, const std::string& bus) {
  if (who.token.empty() && who.nkey_file.empty() && who.creds_file.empty()) return;
  throw program::UsageError(bus + " knows users by --user and --password-file, not by tokens and keys");
}

void want_user(const Credentials& who, const std::string& bus) {
  if (!who.user.empty() || who.password.empty()) return;
  throw program::UsageError(bus + " wants a user for the password: give --user");
}

void want_password(const Credentials& who, const std::string& bus) {
  if (who.user.empty() || !who.password.empty()) return;
  throw program::UsageError(bus + " wants a password for user '" + who.user +
                            "': give --password-file or $ZEVI_BRIDGE_PASSWORD");
}

}  // namespace zevi::bridges
