#include "mi_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "descriptor.hpp"
#include "zevi/random_id.hpp"

namespace zevi::ingest {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const Address& address, const std::string& what) {
  throw Error("OpenSIPS at " + to_string(address) + ": " + what);
}

std::string reason() {
  return std::strerror(errno);
}

/// Waits until `fd` is readable. False when the time is up.
bool wait_readable(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd watched{fd, POLLIN, 0};
    const int ready = poll(&watched, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// A file that is removed with the object.
struct TemporaryFile {
  explicit TemporaryFile(std::string path_) : path(std::move(path_)) {}
  ~TemporaryFile() { unlink(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path;
};

/// OpenSIPS runs as a user of its own, so whoever is to answer must be let in; only it knows the name.
constexpr mode_t reply_mode = 0666;

}  // namespace

std::string host_towards(const Address& mi) {
  if (mi.transport != Transport::udp) return "127.0.0.1";
  // A datagram socket that is connected has the address from which it would send; nothing is sent.
  const SocketAddress to = resolve(mi);
  const Descriptor fd(socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), to.get(), to.size) != 0) fail(mi, reason());
  return numeric(Transport::udp, bound_address(fd.get())).host;
}

MiClient::MiClient(Address address, std::string reply_dir)
    : address_(std::move(address)), reply_dir_(std::move(reply_dir)), next_id_(random_id() & 0x3FFFFFFF) {}

/// Neither dots nor slashes: mi_fifo takes a bare name.
std::string MiClient::reply_name() {
  return "zevi_mi_" + std::to_string(getpid()) + "_" + std::to_string(random_id());
}

void MiClient::call(const std::string& method, const std::string& params) {
  const std::uint64_t id = next_id_++;
  const std::string request = R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params +
                              R"(,"id":)" + std::to_string(id) + "}";
  const std::string text =
      address_.transport == Transport::fifo ? over_fifo(request) : over_datagram(request);
  const auto reply = nlohmann::json::parse(text, nullptr, false);
  if (!reply.is_object()) fail(address_, "the answer to " + method + " is not a JSON object");
  if (const auto error = reply.find("error"); error != reply.end()) {
    throw MiRefused("OpenSIPS at " + to_string(address_) + " refuses " + method + " " + params + ": " +
                    error->dump());
  }
  if (reply.value("id", nlohmann::json()) != id || !reply.contains("result")) {
    fail(address_, "the answer to " + method + " does not belong to it");
  }
}

std::string MiClient::over_datagram(const std::string& request) {
  const bool is_unix = address_.transport == Transport::unix_path;
  const SocketAddress to = is_unix ? unix_address(address_.path) : resolve(address_);
  const Descriptor fd(socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const TemporaryFile own(is_unix ? reply_dir_ + "/" + reply_name() : std::string());
  if (is_unix) {
    const SocketAddress from = unix_address(own.path);
    if (bind(fd.get(), from.get(), from.size) != 0) {
      fail(address_, "cannot make " + own.path + " for its answers: " + reason());
    }
    chmod(own.path.c_str(), reply_mode);
  }
  if (connect(fd.get(), to.get(), to.size) != 0 ||
      send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    fail(address_, reason() + " (is OpenSIPS running, with the module mi_datagram?)");
  }
  if (!wait_readable(fd.get(), Clock::now() + answer_time_max)) fail(address_, "no answer");
  std::array<char, 65536> buffer;
  const ssize_t size = recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) fail(address_, reason() + " (is OpenSIPS running, with the module mi_datagram?)");
  return {buffer.data(), static_cast<std::size_t>(size)};
}

/// The request is `:NAME:JSON`, in one write; the answer comes through the FIFO of that name in the module's
/// reply_dir, which OpenSIPS opens once and closes behind the answer.
std::string MiClient::over_fifo(const std::string& request) {
  const std::string name = reply_name();
  const TemporaryFile own(reply_dir_ + "/" + name);
  if (mkfifo(own.path.c_str(), 0600) != 0) {
    fail(address_, "cannot make " + own.path + " for its answers: " + reason());
  }
  chmod(own.path.c_str(), reply_mode);
  const Descriptor reply(open(own.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Descriptor fifo(open(address_.path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string line = ":" + name + ":" + request;
  if (!reply || !fifo || write(fifo.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    fail(address_, reason() + " (is OpenSIPS running, with the module mi_fifo?)");
  }
  std::string answer;
  const Clock::time_point deadline = Clock::now() + answer_time_max;
  while (wait_readable(reply.get(), deadline)) {
    std::array<char, 4096> buffer;
    const ssize_t size = read(reply.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  if (answer.empty()) {
    fail(address_, "no answer in " + own.path + " (is " + reply_dir_ + " the reply_dir of mi_fifo?)");
  }
  return answer;
}

}  // namespace zevi::ingest
