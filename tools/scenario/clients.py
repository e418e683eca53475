# SPDX-License-Identifier: BSD-3-Clause
"""What every host does while the capture runs: a list of real commands each, all hosts at the same time.

A step is a command, or a number of seconds to wait. A command that ends with another code than it should makes the
recording fail: a scenario in which half of it silently did not happen would be worth nothing.
"""

import dataclasses
import subprocess
import threading
import time

from network import HOSTS, RUN, in_host
from servers import CLIENT_KEY, EXPORT, PAYLOAD, TORRENT, WORK, put, put_sample

ANY = None  # a step that is meant to fail, in whatever way


@dataclasses.dataclass
class Step:
    command: list
    exit_code: int | None = 0
    timeout_s: float = 25


def do(*command, exit_code=0, timeout_s=25):
    return Step([str(word) for word in command], exit_code, timeout_s)


def curl(*arguments, exit_code=0):
    urls = sum("://" in str(argument) for argument in arguments)
    # One address, tried with patience: a race of both would leave connections without a word said in them.
    return do("curl", "-sSk", "--happy-eyeballs-timeout-ms", "9000", *["-o/dev/null"] * urls, *arguments,
              exit_code=exit_code)


def site(scheme, name):
    """A page and what it refers to, over one connection kept alive."""
    return curl(*(f"{scheme}://{name}/{path}" for path in ("", "style.css", "logo.png", "status.json")))


def dig(*arguments):
    return do("dig", "+tries=2", "+time=2", *arguments)


def dig_some(*names):
    return [dig(name, kind) for name in names for kind in ("A", "AAAA")]


SSH_OPTIONS = ("-F/dev/null", "-i", CLIENT_KEY, "-oBatchMode=yes", "-oStrictHostKeyChecking=no",
               "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR")


def ssh(host, command):
    return do("ssh", *SSH_OPTIONS, f"root@{host}.example.com", command)


def sftp(host, batch):
    return do("sftp", "-q", *SSH_OPTIONS, "-b", batch, f"root@{host}.example.com")


def smb(commands, *options, port=445, address=HOSTS["files"].ipv4):
    # One address and one port: smbclient tries all it has at once, and says nothing on the slower ones.
    return do("smbclient", "//files.example.com/share", "-I", address, "-p", port,
              "-s", RUN / "files" / "smb.conf", "-U", "alice%example", *options, "-c", commands)


def sql(statement):
    return do("psql", "-q", "-h", "data.example.com", "-U", "postgres", "-c", statement)


def redis(*arguments):
    return do("redis-cli", "-h", "data.example.com", *arguments)


def snmp(program, version, *arguments):
    return do(program, "-v", version, "-c", "public", "-On", *arguments)


def mail(sender):
    return do("swaks", "--server", "data.example.com", "-4", "--from", f"{sender}@example.com",
              "--to", "team@example.com", "--helo", f"{sender}.example.com", "--header", f"Subject: from {sender}",
              "--body", "Hello. " * 20, "--silent", "2")


def ldap(search):
    return do("ldapsearch", "-x", "-LLL", "-H", "ldap://infra.example.com", "-b", "dc=example,dc=com", search)


def clock(host):
    # -Q prints the offset and leaves the clock alone.
    return do("chronyd", "-Q", "-u", "root", "-t", "8", f"pidfile {RUN}/{host}.chronyd.pid", "bindcmdaddress /",
              f"server {HOSTS['infra'].ipv4} iburst maxsamples 3")


def log(target, *words, transport="--udp"):
    options = ["--octet-count"] if transport == "--tcp" else []
    return do("logger", "--server", target, "--port", "514", transport, *options, "--tag", "app", *words)


def remote_desktop(display, seconds, *options):
    # The session has no end of its own: timeout(1) is the user who closes the window.
    return do("timeout", seconds, "xvfb-run", "-n", display, "-s", "-screen 0 800x600x24", "xfreerdp",
              "/v:desk.example.com", "/cert:ignore", "/u:alice", "/p:example", "/size:640x480", "/bpp:16", *options,
              exit_code=ANY)


def portmapper(host):
    """rpcbind, asked as by a neighbour who wants to know what is offered: over TCP, over UDP, for one program."""
    return [do("rpcinfo", "-p", host), do("rpcinfo", "-s", host), do("rpcinfo", "-T", "udp", host, "portmapper"),
            do("rpcinfo", "-t", host, "nfs", "3"), do("rpcinfo", "-T", "tcp", host, "rpcbind", "4")]


def prepare():
    """The files some of the steps need."""
    put_sample(WORK / "readme-of-alice.txt", 4_000)
    put_sample(WORK / "base.tar", 60_000)
    put(RUN / "batch" / "sftp", f"ls {EXPORT}\nget {EXPORT}/report.pdf /dev/null\n")
    # aria2 takes the opening of an encrypted connection for granted, Transmission can be told not to: it calls.
    put(RUN / "build" / "transmission" / "settings.json", """
        { "peer-port": 51413, "encryption": 0, "dht-enabled": true, "lpd-enabled": true, "utp-enabled": false,
          "port-forwarding-enabled": false }
        """)
    # The wait lets it announce the finished download first: ended sooner, it opens that connection and says nothing.
    put(RUN / "build" / "finished", """
        #!/bin/sh
        sleep 3
        kill -INT "$PPID"
        """, mode=0o755)
    # dhclient tells a script what it got. Ours sets the address and leaves the rest of the system alone.
    put(RUN / "kiosk" / "dhclient-script", """
        #!/bin/sh
        case "$reason" in
        BOUND) ip address add "$new_ip_address/24" brd + dev eth0; ip route add default via "$new_routers" ;;
        BOUND6) ip address add "$new_ip6_address/64" dev eth0 ;;
        PREINIT*) ip link set eth0 up ;;
        esac
        """, mode=0o755)


def stories():
    files, web, infra, data = (HOSTS[name] for name in ("files", "web", "infra", "data"))
    lease = ["dhclient", "-1", "-sf", RUN / "kiosk" / "dhclient-script", "-lf", RUN / "kiosk" / "leases", "-pf",
             RUN / "kiosk" / "pid"]
    return {
        "alice": [
            *dig_some("www.example.com", "shop.example.com", "api.example.net", "nowhere.example.com"),
            site("http", "www.example.com"), site("https", "www.example.com"), site("https", "shop.example.com"),
            remote_desktop(11, 8, "/sec:tls"),
            curl("-6", "http://static.example.net/logo.png"), curl("-6", "https://api.example.net/status.json"),
            smb("ls; get report.pdf /dev/null; put readme-of-alice.txt", address=files.ipv6),
            ssh("files", "uname -s; ls /usr/sbin; sleep 1; id"), sftp("files", RUN / "batch" / "sftp"),
            sql("create table visits (who text, at timestamp default now())"),
            *[sql(f"insert into visits (who) select 'visitor ' || generate_series(1, {n})") for n in (5, 50)],
            sql("select * from visits"),
            ldap("(mail=alice@example.com)"), mail("alice"),
            *[curl(f"https://{name}/status.json") for name in ("api.example.net", "shop.example.com") * 5],
            *[curl("http://api.example.net/status.json") for _ in range(8)],
            do("ping", "-n", "-c", "5", "-i", "0.3", web.ipv4), site("http", "shop.example.com"),
        ],
        "bob": [
            *portmapper(files.ipv4), do("showmount", "-e", files.ipv4),
            do("nfs-ls", f"nfs://{files.ipv4}{EXPORT}?uid=0&gid=0"),
            do("nfs-cat", f"nfs://{files.ipv4}{EXPORT}/report.pdf?uid=0&gid=0"),
            # Without NFS in the kernel this fails, after it asked the portmapper.
            do("mount.nfs", "-o", "vers=3,nolock,soft,retry=0", f"{files.ipv4}:{EXPORT}", "/mnt", exit_code=ANY),
            remote_desktop(12, 6, "/sec:rdp"),
            redis("ping"), redis("-r", "20", "incr", "visits"), redis("set", "page", "x" * 1000), redis("get", "page"),
            redis("-r", "15", "-i", "0.05", "lpush", "queue", "job"), redis("info", "keyspace"),
            smb("ls; get report.pdf /dev/null", "-m", "SMB2"), smb("ls", port=139),
            do("nmblookup", "-s", RUN / "files" / "smb.conf", "-U", files.ipv4, "FILES"),
            # Nothing listens on 8081: refused.
            curl(f"http://{web.ipv4}:8081/", exit_code=7), curl(f"http://[{web.ipv6}]:8081/", exit_code=7),
            site("http", "www.example.com"), site("https", "static.example.net"), sql("select count(*) from pg_class"),
            *[curl("https://www.example.com/status.json") for _ in range(8)],
            *[curl("-6", "http://www.example.com/style.css") for _ in range(6)],
            ldap("(objectClass=*)"), mail("bob"), do("ping", "-n", "-c", "4", "-i", "0.3", files.ipv4),
        ],
        "carol": [
            site("http", "www.example.com"), site("https", "shop.example.com"),
            # 200 KB at the speed of a home connection.
            curl("--limit-rate", "100k", "https://www.example.com/release.bin"),
            do("mosquitto_pub", "-h", "data.example.com", "-t", "sensor/1", "-m", "21.5", "-q", "1"),
            do("mosquitto_sub", "-h", "data.example.com", "-t", "$SYS/broker/#", "-C", "12"),
            do("mosquitto_pub", "-h", "data.example.com", "-t", "sensor/2", "-m", "22.0", "-q", "2", "-V", "mqttv5"),
            snmp("snmpwalk", "2c", data.ipv4, "1.3.6.1.2.1.1"), snmp("snmpget", "1", data.ipv4, "1.3.6.1.2.1.1.5.0"),
            snmp("snmpbulkwalk", "2c", f"udp6:[{data.ipv6}]", "1.3.6.1.2.1.2"),
            do("snmpget", "-v", "3", "-u", "nobody", "-l", "noAuthNoPriv", data.ipv4, "1.3.6.1.2.1.1.5.0",
               exit_code=ANY),
            clock("carol"), mail("carol"), ssh("web", "uptime; ls /usr/bin | head -300"),
            *dig_some("files.example.com", "data.example.com"), dig("example.com", "MX"), dig("example.com", "TXT"),
            dig("long.example.com", "TXT"), dig("+tcp", "www.example.com", "A"), dig("_ldap._tcp.example.com", "SRV"),
            dig("-x", web.ipv4), curl("-6", "https://www.example.com/", "https://www.example.com/logo.png"),
            do("ping", "-n", "-6", "-c", "4", "-i", "0.3", web.ipv6),
        ],
        "dave": [
            # The port that never answers: the SYN is sent again and again.
            curl("--max-time", "8", f"https://{web.ipv4}:8444/", exit_code=28),
            curl("--max-time", "4", f"https://[{web.ipv6}]:8444/", exit_code=28),
            site("https", "api.example.net"), site("http", "static.example.net"),
            curl(f"http://{web.ipv4}:8081/", exit_code=7), ssh("files", "id; ls /usr"),
            smb("ls"), sql("select now()"), clock("dave"), redis("-r", "6", "incr", "visits"),
            do("showmount", "-e", files.ipv4), *portmapper(files.ipv4)[:2],
            remote_desktop(14, 7, "+auth-only", "/sec:tls"),
            do("traceroute", "-n", "-I", "-q", "1", "-w", "1", web.ipv4),
            *[curl("http://www.example.com/status.json") for _ in range(4)],
        ],
        "build": [
            *portmapper(files.ipv4), dig("updates.example.net", "A"),
            curl("https://updates.example.net/patch.bin"), curl("-6", "https://updates.example.net/logo.png"),
            # What nobody asked for. When it has the file it ends itself, and tells the tracker.
            do("transmission-cli", "--config-dir", RUN / "build" / "transmission", "--download-dir", RUN / "build",
               "--finish", RUN / "build" / "finished", TORRENT, timeout_s=40),
            do("cmp", RUN / "build" / PAYLOAD.name, PAYLOAD),
            ssh("web", "true"), redis("-r", "10", "rpop", "queue"), log(infra.ipv4, "build finished"),
        ],
        "kiosk": [
            do(*lease), do(*lease[:1], "-6", *lease[1:]), 0.5, *portmapper(files.ipv4),
            do("showmount", "-e", files.ipv4),
            site("http", "www.example.com"), clock("kiosk"), curl("https://shop.example.com/"),
            *[log(infra.ipv4, f"kiosk is idle, {n}") for n in range(3)],
            do("ping", "-n", "-c", "3", "-i", "0.3", infra.ipv4), do(*lease, "-r"),
        ],
        "web": [
            *portmapper(files.ipv4), *[log(infra.ipv4, f"GET / 200, {n} ms") for n in range(12)],
            sql("select 1"), redis("-r", "10", "incr", "hits"), log(infra.ipv4, "over TCP", transport="--tcp"),
            *[sql("select relname, relpages from pg_class order by 1 limit 20") for _ in range(3)],
            do("rpcinfo", "-p", files.ipv6), clock("web"), redis("-r", "10", "-i", "0.2", "get", "hits"),
        ],
        "desk": [
            *portmapper(files.ipv6)[:2], clock("desk"), smb("ls", address=files.ipv6), *dig_some("infra.example.com"),
            # Nobody takes syslog on the web server: ICMP port unreachable comes back.
            log(web.ipv4, "is anyone there?"), log(f"{web.ipv6}", "is anyone there?"),
            curl("https://static.example.net/style.css"), ldap("(cn=bob)"), redis("get", "page"),
        ],
        "data": [mail("data"), log(infra.ipv4, "backup started"), *portmapper(files.ipv4)[:1],
                 smb("put base.tar"), log(infra.ipv4, "backup finished")],
    }


class Story(threading.Thread):
    """One host's steps, one after the other; `failures` says what did not end as it should."""

    def __init__(self, host, steps, logs):
        super().__init__(name=host)
        self.steps, self.failures = steps, []
        self.log_path = logs / f"{host}-steps.log"

    def run(self):
        with open(self.log_path, "wb", buffering=0) as log_file:
            for step in self.steps:
                if isinstance(step, Step):
                    self.take(step, log_file)
                else:
                    time.sleep(step)

    def take(self, step, log_file):
        begin = time.monotonic()
        # timeout(1), not subprocess's: it ends the whole tree of a step.
        code = subprocess.run(in_host(self.name, ["timeout", "-k", "1", step.timeout_s, *step.command]), cwd=WORK,
                              stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file).returncode
        log_file.write(f"== {time.monotonic() - begin:.2f} s, exit {code}: {' '.join(step.command)}\n".encode())
        if step.exit_code is not ANY and code != step.exit_code:
            self.failures.append(f"{self.name}: exit {code}, expected {step.exit_code}: {' '.join(step.command)}")


def play(logs):
    """Runs all stories to their end; returns the failures."""
    prepare()
    threads = [Story(host, steps, logs) for host, steps in stories().items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [failure for thread in threads for failure in thread.failures]
