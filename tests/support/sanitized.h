// SPDX-License-Identifier: BSD-3-Clause
// Whether this is a build with a sanitizer, which takes ten times as long: a test that goes through a whole corpus goes
// through a part of it there, since what it shows beyond the release build is how memory is used.
#pragma once

namespace wirewatch::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace wirewatch::testing
