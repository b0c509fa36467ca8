#pragma once

#include <string>
#include <string_view>

/// Keys of CURVE, ZeroMQ's encryption and proof of identity over `tcp://`, and the files that hold them.
namespace zevi {

/// A pair of keys, each as the 40 characters of Z85. A file of the public part alone has no secret key.
struct CurveKeys {
  std::string public_key;
  std::string secret_key;  ///< empty: not known
};

/// True for the 40 characters of Z85 that a key is written with.
[[nodiscard]] bool is_curve_key(std::string_view text) noexcept;

/// The file's text: the format of ZeroMQ's certificates, which czmq and pyzmq read and write as well.
[[nodiscard]] std::string curve_key_file(const CurveKeys& keys);

/// Reads such a file. Throws `zevi::Error` if it cannot be read or holds no keys, and if it holds a secret
/// key that others than its owner may read.
[[nodiscard]] CurveKeys read_curve_keys(const std::string& path);

/// A server's public key, given as its 40 characters or as the path of a file that holds it. Throws
/// `zevi::Error`.
[[nodiscard]] std::string curve_public_key(const std::string& key_or_path);

/// What a program needs to connect where CURVE is asked for.
struct CurveClient {
  CurveKeys own;
  std::string server_key;  ///< the public one; empty: no CURVE

  [[nodiscard]] bool is_for(std::string_view endpoint) const noexcept {
    return !server_key.empty() && endpoint.starts_with("tcp://");
  }
};

/// Of the options `curve_key`, the file of the own key, and `curve_server_key`, the server's or a file that
/// holds it. Throws `zevi::Error` if they cannot be used, and if there is one without the other.
[[nodiscard]] CurveClient read_curve_client(const std::string& curve_key,
                                            const std::string& curve_server_key);

}  // namespace zevi
