// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_pool.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "dataplane/base/large_memory.h"

namespace wirewatch {
namespace {

/// Bytes that hold every buffer of the pool in one piece, and what they are aligned to; negative on an error.
ssize_t size_in_one_piece(const rte_mempool* pool, size_t& alignment) {
  size_t smallest = 0;
  return rte_mempool_op_calc_mem_size_default(pool, pool->size, 0, &smallest, &alignment);
}

/// Memory of EAL, which devices on a bus may read and write: without hugepages it is one piece, at addresses that are the
/// process' own.
int populate_from_eal(rte_mempool* pool, const std::string& name) {
  size_t alignment = 0;
  const ssize_t size = size_in_one_piece(pool, alignment);
  if (size < 0) return -1;
  const rte_memzone* zone = rte_memzone_reserve_aligned(name.c_str(), static_cast<size_t>(size), pool->socket_id,
                                                        RTE_MEMZONE_IOVA_CONTIG, static_cast<unsigned>(alignment));
  if (zone == nullptr) return -1;
  const auto give_back = [](rte_mempool_memhdr*, void* from) { rte_memzone_free(static_cast<const rte_memzone*>(from)); };
  const int placed = rte_mempool_populate_iova(pool, static_cast<char*>(zone->addr), zone->iova, zone->len, give_back,
                                               const_cast<rte_memzone*>(zone));
  if (placed <= 0) rte_memzone_free(zone);
  return placed;
}

/// Memory of our own, for devices that are programs: the kernel gives huge pages for it unasked, where EAL's would be pages of
/// 4 KiB and each buffer a TLB miss or two.
int populate_from_us(rte_mempool* pool) {
  LargeAllocator<char> allocator;
  size_t alignment = 0;
  const ssize_t size = size_in_one_piece(pool, alignment);
  if (size < 0) return -1;
  char* memory = nullptr;
  try {
    memory = allocator.allocate(static_cast<size_t>(size));
  } catch (const std::bad_alloc&) {
    return -1;
  }
  const auto give_back = [](rte_mempool_memhdr*, void* from) { LargeAllocator<char>().deallocate(static_cast<char*>(from), 0); };
  const int placed = rte_mempool_populate_iova(pool, memory, reinterpret_cast<rte_iova_t>(memory), static_cast<size_t>(size),
                                               give_back, memory);
  if (placed <= 0) allocator.deallocate(memory, 0);
  return placed;
}

}  // namespace

void FreePool::operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }

Result<DpdkPool> make_pool(const std::string& name, unsigned buffers, int socket, PoolUser user, uint16_t data) {
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = static_cast<uint16_t>(data + RTE_PKTMBUF_HEADROOM);
  const unsigned element = static_cast<unsigned>(sizeof(rte_mbuf)) + room.mbuf_data_room_size;
  // Buffers may lie across pages of 4 KiB; that is not the same as having no address for a device, which the flag means, too.
  const bool small_pages = rte_eal_has_hugepages() == 0;
  const unsigned across_pages = small_pages ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0;
  DpdkPool pool(rte_mempool_create_empty(name.c_str(), buffers, element, kPoolCache, sizeof room, socket, across_pages));
  if (!pool) return fail("cannot make the buffer pool '" + name + "': " + rte_strerror(rte_errno));
  if (rte_mempool_set_ops_byname(pool.get(), rte_mbuf_best_mempool_ops(), nullptr) != 0) {
    return fail("cannot make the buffer pool '" + name + "': DPDK has no operations '" + rte_mbuf_best_mempool_ops() + "'");
  }
  rte_pktmbuf_pool_init(pool.get(), &room);
  const int placed = !small_pages            ? rte_mempool_populate_default(pool.get())
                     : user == PoolUser::Bus ? populate_from_eal(pool.get(), name)
                                             : populate_from_us(pool.get());
  if (placed < 0 || static_cast<unsigned>(placed) < buffers) {
    const unsigned megabytes = static_cast<unsigned>(uint64_t{buffers} * (element + 64) >> 20) + 1;
    return fail("no room for the " + std::to_string(buffers) + " buffers of '" + name + "', which take about " +
                std::to_string(megabytes) + " MB; raise memory_mb or lower the port's pool");
  }
  if (small_pages) pool->flags &= ~(RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_NON_IO);
  rte_mempool_obj_iter(pool.get(), rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace wirewatch
