// SPDX-License-Identifier: BSD-3-Clause
// Strict reading of a JSON object, as strict_toml.h reads TOML: values go into variables that hold their default, a key
// that nobody asked for is refused with the nearest known one. The first fault is kept, as a sentence.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataplane/base/nearest_name.h"
#include "dataplane/base/result.h"

namespace wirewatch {

class StrictJson {
 public:
  using Json = nlohmann::json;

  /// `what` names the object in faults: "a capture session". Both outlive this.
  StrictJson(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object_.is_object()) complain(what_ + " must be an object, found " + object_.type_name());
  }

  /// The value under `key`, nullptr when it is absent.
  const Json* find(std::string_view key) {
    known_.emplace_back(key);
    if (!object_.is_object()) return nullptr;
    const auto at = object_.find(std::string(key));
    return at == object_.end() ? nullptr : &*at;
  }

  void read(std::string_view key, std::string& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_string()) return wrong_type(key, "a string", *found);
    value = found->get<std::string>();
  }
  void read(std::string_view key, bool& value) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return wrong_type(key, "true or false", *found);
    value = found->get<bool>();
  }
  template <typename Integer>
  requires(std::is_unsigned_v<Integer> && !std::is_same_v<Integer, bool>)
  void read(std::string_view key, Integer& value, uint64_t least, uint64_t most) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number_integer()) return wrong_type(key, "a whole number", *found);
    const bool negative = !found->is_number_unsigned() && found->get<int64_t>() < 0;
    const auto number = found->get<uint64_t>();
    if (negative || number < least || number > most) {
      return complain("'" + std::string(key) + "' must be " + std::to_string(least) + " to " + std::to_string(most) + ", found " +
                      found->dump());
    }
    value = static_cast<Integer>(number);
  }
  void read(std::string_view key, double& value, double least, double most) {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number()) return wrong_type(key, "a number", *found);
    const auto number = found->get<double>();
    if (!(number >= least && number <= most)) {
      return complain("'" + std::string(key) + "' must be " + Json(least).dump() + " to " + Json(most).dump() + ", found " +
                      found->dump());
    }
    value = number;
  }

  /// Keeps the first fault only.
  void complain(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
  }
  bool failed() const { return !fault_.empty(); }

  /// Refuses every key that was not asked for; empty when all is well.
  std::string finish() {
    if (failed() || !object_.is_object()) return fault_;
    for (const auto& item : object_.items()) {
      if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
      const std::string shown = item.key().substr(0, 64);
      complain("unknown key '" + shown + "' in " + what_ + did_you_mean(item.key(), known_));
    }
    return fault_;
  }

 private:
  void wrong_type(std::string_view key, std::string_view wanted, const Json& found) {
    complain("'" + std::string(key) + "' must be " + std::string(wanted) + ", found " + found.type_name());
  }

  const Json& object_;
  std::string what_;
  std::vector<std::string> known_;
  std::string fault_;
};

/// Parses, or says at which byte it went wrong.
inline Result<nlohmann::json> parse_json(std::string_view text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return fail("this is not JSON: it breaks off or goes wrong at byte " + std::to_string(error.byte));
  } catch (const nlohmann::json::out_of_range&) {
    return fail("this is not JSON that can be read: it has a number beyond every measure");
  }
}

}  // namespace wirewatch
