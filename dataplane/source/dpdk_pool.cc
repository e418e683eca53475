// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_pool.h"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

namespace wirewatch {

void FreePool::operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }

Result<DpdkPool> make_pool(const std::string& name, unsigned buffers, int socket, uint16_t data) {
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = static_cast<uint16_t>(data + RTE_PKTMBUF_HEADROOM);
  const unsigned element = static_cast<unsigned>(sizeof(rte_mbuf)) + room.mbuf_data_room_size;
  DpdkPool pool(rte_mempool_create_empty(name.c_str(), buffers, element, kPoolCache, sizeof room, socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG));
  if (!pool) return fail("cannot make the buffer pool '" + name + "': " + rte_strerror(rte_errno));
  if (rte_mempool_set_ops_byname(pool.get(), rte_mbuf_best_mempool_ops(), nullptr) != 0) {
    return fail("cannot make the buffer pool '" + name + "': DPDK has no operations '" + rte_mbuf_best_mempool_ops() + "'");
  }
  rte_pktmbuf_pool_init(pool.get(), &room);
  if (rte_mempool_populate_default(pool.get()) < 0) {
    const unsigned megabytes = static_cast<unsigned>(uint64_t{buffers} * (element + 64) >> 20) + 1;
    return fail("no room for the " + std::to_string(buffers) + " buffers of '" + name + "', which take about " +
                std::to_string(megabytes) + " MB; raise memory_mb or lower the port's pool");
  }
  rte_mempool_obj_iter(pool.get(), rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace wirewatch
