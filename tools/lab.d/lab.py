# SPDX-License-Identifier: BSD-3-Clause
"""The network with Wirewatch beside it, as measurements need it."""

import hosts
import observer
import topology


def open_lab(source, logs, dataplane_options="", managed=True):
    """Builds the network, starts servers and Wirewatch, and lets mirror0 see. Returns the observer."""
    topology.build()
    hosts.start_servers(logs)
    watching = observer.Observer(source, logs, dataplane_options=dataplane_options, managed=managed)
    watching.wait_until_watching()
    topology.open_mirror()
    return watching
