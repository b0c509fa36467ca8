#include "security/access_list.hpp"

#include <sys/stat.h>

#include <fstream>

#include "catch.hpp"
#include "temporary_directory.hpp"
#include "zevi/curve_keys.hpp"
#include "zevi/error.hpp"

using namespace zevi::broker;

namespace {

constexpr const char* key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

AccessList list_of(const std::string& text) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/access";
  std::ofstream(path) << text;
  return AccessList::read(path);
}

Peer user(uid_t uid, gid_t gid) {
  Peer peer;
  peer.uid = uid;
  peer.gid = gid;
  return peer;
}

Peer owner_of(const std::string& of_key) {
  Peer peer;
  peer.key = of_key;
  return peer;
}

}  // namespace

TEST_CASE("a peer may do what any line says for it, and nothing else") {
  const AccessList list = list_of(
      "# comment\n\n"
      "uid=4001 publish E_CORE_,E_SITE_*\n"
      "gid=4002 publish,replay E_OTHER\n"
      "uid=4003 control *\n"
      "anyone subscribe\n");
  const Permission both = list.permission(user(4001, 4002), Role::publish);
  CHECK(both.covers("E_CORE_LOG"));
  CHECK(both.covers("E_SITE_"));
  CHECK(both.covers("E_OTHER"));
  CHECK_FALSE(both.covers("E_CORE"));
  CHECK_FALSE(both.covers(""));
  CHECK_FALSE(list.permission(user(4001, 1), Role::publish).covers("E_OTHER"));
  CHECK_FALSE(list.permission(user(4001, 1), Role::replay).is_given);
  CHECK(list.permission(user(4003, 1), Role::control).covers(""));
  CHECK(list.permission(user(1234, 1), Role::subscribe).is_given);
  CHECK_FALSE(list.permission(user(1234, 1), Role::control).is_given);
}

TEST_CASE("a line for all topics adds to one for some, in either order") {
  for (const char* text :
       {"uid=4001 publish E_A\nuid=4001 publish\n", "uid=4001 publish\nuid=4001 publish E_A\n"}) {
    CHECK(list_of(text).permission(user(4001, 1), Role::publish).covers("E_B"));
  }
}

TEST_CASE("a key has what its own lines say, and not what is for everyone of this machine") {
  const AccessList list = list_of("anyone publish\nkey=" + std::string(key) + " subscribe\n");
  CHECK(list.permission(owner_of(key), Role::subscribe).is_given);
  CHECK_FALSE(list.permission(owner_of(key), Role::publish).is_given);
  CHECK_FALSE(list.permission(owner_of(std::string(40, 'x')), Role::subscribe).is_given);
}

TEST_CASE("root may do everything over ipc, whatever the list says") {
  CHECK(list_of("").permission(user(0, 0), Role::publish).covers("E_A"));
  CHECK_FALSE(list_of("").permission(Peer(), Role::publish).is_given);
}

TEST_CASE("a peer is the same when its name is read back") {
  CHECK(Peer::read(user(4001, 4002).text()).uid == 4001U);
  CHECK(Peer::read(user(4001, 4002).text()).gid == 4002U);
  CHECK(Peer::read(owner_of(key).text()).key == key);
  CHECK(Peer::read(Peer().text()).text() == "anyone");
}

TEST_CASE("keys are read as they are written") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/key";
  std::ofstream(path) << zevi::curve_key_file({key, std::string(40, 'x')});
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  CHECK(zevi::read_curve_keys(path).public_key == key);
  CHECK(zevi::read_curve_keys(path).secret_key == std::string(40, 'x'));
  CHECK(zevi::curve_public_key(path) == key);
  CHECK(zevi::curve_public_key(key) == key);

  std::ofstream(path) << zevi::curve_key_file({key, ""});
  CHECK(zevi::read_curve_keys(path).secret_key.empty());
  std::ofstream(path) << "no key\n";
  CHECK_THROWS_AS(zevi::read_curve_keys(path), zevi::Error);
}
