// SPDX-License-Identifier: BSD-3-Clause
// Numbers for applications and signatures that stay the same for the life of the data plane, whatever rules come and go:
// what is already counted is never renumbered. Written by the main thread into the shared memory, never on the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/base/verdict.h"
#include "dataplane/pipeline/publisher.h"

namespace wirewatch {

class Registry {
 public:
  explicit Registry(SharedRegion& region) noexcept;

  /// The application's number, given out now if it is new; kUnknownApplication when no more fit, which is counted. A name
  /// keeps the category it came with first.
  ApplicationId application(std::string_view name, std::string_view category);
  /// 0 is "none", also when no more fit.
  uint16_t signature(std::string_view id);
  /// kUnknownApplication when no rules ever named it.
  ApplicationId find_application(std::string_view name) const;
  /// What all applications are called so far.
  struct Applications {
    std::vector<std::string> names, categories;  // of id i + 1
  };
  Applications applications() const;
  /// All known applications of a category.
  std::vector<ApplicationId> in_category(std::string_view category) const;

  uint64_t refused() const noexcept { return refused_; }

 private:
  SharedNames& names_;
  SharedApplication* application_rows_;
  SharedSignature* signature_rows_;
  uint32_t most_applications_;
  uint32_t most_signatures_;
  uint64_t refused_ = 0;
  std::unordered_map<std::string, uint16_t> applications_;
  std::unordered_map<std::string, uint16_t> signatures_;
  std::unordered_multimap<std::string, ApplicationId> by_category_;
};

}  // namespace wirewatch
