#include "socket_path.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "address.hpp"
#include "catch.hpp"
#include "temporary_directory.hpp"
#include "zevi/error.hpp"

using zevi::ingest::Descriptor;
using zevi::ingest::SocketPath;

namespace {

Descriptor datagram_socket() {
  return Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

void bind_plainly(const Descriptor& fd, const std::string& path) {
  const auto address = zevi::ingest::unix_address(path);
  REQUIRE(bind(fd.get(), address.get(), address.size) == 0);
}

std::string fault_of(const std::string& path) {
  try {
    const SocketPath taken(path);
  } catch (const zevi::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a socket's file has its mode and is removed with its owner") {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/s";
  const Descriptor fd = datagram_socket();
  {
    SocketPath taken(path);
    taken.bind(fd.get(), 0640);
    struct stat found {};
    REQUIRE(stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0640);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
  CHECK(access((path + ".lock").c_str(), F_OK) != 0);
}

TEST_CASE("the file of a dead process is taken over") {
  const TemporaryDirectory dir;
  bind_plainly(datagram_socket(), dir.path() + "/s");
  REQUIRE(access((dir.path() + "/s").c_str(), F_OK) == 0);
  const Descriptor fd = datagram_socket();
  SocketPath taken(dir.path() + "/s");
  CHECK_NOTHROW(taken.bind(fd.get(), 0660));
}

TEST_CASE("a path at which somebody reads is left alone") {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/s";
  SECTION("another program") {
    const Descriptor other = datagram_socket();
    bind_plainly(other, path);
    CHECK(fault_of(path) == "cannot listen at unix:" + path +
                                ": another program listens there; stop it or choose another path");
    CHECK(access(path.c_str(), F_OK) == 0);
    CHECK(access((path + ".lock").c_str(), F_OK) != 0);
  }
  SECTION("this program") {
    const Descriptor fd = datagram_socket();
    SocketPath taken(path);
    taken.bind(fd.get(), 0660);
    CHECK(fault_of(path) == "cannot listen at unix:" + path +
                                ": another zevi-ingest listens there; stop it or choose another path");
    CHECK(access(path.c_str(), F_OK) == 0);
    CHECK(access((path + ".lock").c_str(), F_OK) == 0);
  }
}

TEST_CASE("a file that is no socket is left alone") {
  const TemporaryDirectory dir;
  std::ofstream(dir.path() + "/s") << "precious";
  CHECK(fault_of(dir.path() + "/s") == "cannot listen at unix:" + dir.path() + "/s" +
                                           ": a file is there that is no socket; choose another path");
  CHECK(access((dir.path() + "/s").c_str(), F_OK) == 0);
}

TEST_CASE("a directory that does not exist is named") {
  CHECK(fault_of("/nowhere/s").find("cannot create /nowhere/s.lock: No such file or directory") == 0);
}
