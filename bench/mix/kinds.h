// SPDX-License-Identifier: BSD-3-Clause
// What the mix is made of: kinds of conversations and how often each occurs.
#pragma once

#include <vector>

#include "bench/mix/trace.h"

namespace wirewatch::mix {

/// Several variants of every kind, in the proportions of the table in kinds.cc: a trace drawn at random is a
/// conversation drawn from the mix.
std::vector<Trace> synthetic_traces(Random& random);

}  // namespace wirewatch::mix
