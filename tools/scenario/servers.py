# SPDX-License-Identifier: BSD-3-Clause
"""The scenario's servers: real daemons, each in the foreground, in its host's namespace, with a configuration of ours.

`prepare_*` writes what a daemon needs, `DAEMONS` says how each is started and which port shows that it is up. All files
go to RUN, or to /etc, /var and /root, which are overlays that vanish with the namespaces.
"""

import dataclasses
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import textwrap
import time

from network import HOSTS, RUN, in_host, run

WEB_NAMES = ("www.example.com", "shop.example.com", "api.example.net", "static.example.net")
TORRENT = RUN / "torrent" / "holiday-pictures.torrent"
PAYLOAD = RUN / "torrent" / "seed" / "holiday-pictures.tar"
CLIENT_KEY = RUN / "ssh" / "client_key"
WORK = RUN / "work"  # every program's working directory: some tell it to whoever asks
CERTIFICATES = RUN / "certificates"
POSTGRES = RUN / "postgresql"
EXPORT, SHARE = pathlib.Path("/srv/export"), pathlib.Path("/srv/share")
SAMPLE = random.Random(20)  # file contents that are the same in every recording, and that do not compress


def put(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    path.chmod(mode)
    return path


def put_sample(path, size):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SAMPLE.randbytes(size))


def make_certificate(name, *subjects):
    """A self-made certificate and its key, for `subjects`."""
    CERTIFICATES.mkdir(exist_ok=True)
    certificate, key = CERTIFICATES / f"{name}.pem", CERTIFICATES / f"{name}.key"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN={subjects[0]}",
        "-addext", "subjectAltName=" + ",".join(f"DNS:{subject}" for subject in subjects),
        "-keyout", str(key), "-out", str(certificate), stderr=subprocess.DEVNULL)
    return certificate, key


def prepare_accounts():
    # Only in the overlay of /etc. The one account is Samba's and the shell's.
    run("useradd", "--create-home", "--home-dir", str(RUN / "home"), "--shell", "/bin/sh", "alice")


def prepare_web(host, names):
    certificate, key = make_certificate(host, *names)
    root = RUN / host / "www"
    put(root / "index.html", "<!doctype html><title>Example</title><h1>It works</h1>\n" + "<p>Hello.</p>\n" * 40)
    put(root / "style.css", "body { font: 16px sans-serif }\n" * 30)
    put(root / "status.json", '{"status": "ok", "queue": [1, 2, 3]}\n')
    put_sample(root / "logo.png", 9_000)
    put_sample(root / "release.bin", 200_000)
    put_sample(root / "patch.bin", 60_000)
    put(RUN / host / "nginx.conf", f"""
        user nobody nogroup;
        worker_processes 1;
        daemon off;
        pid {RUN}/{host}/nginx.pid;
        error_log {RUN}/{host}/error.log;
        events {{}}
        http {{
          types {{ text/html html; text/css css; application/json json; image/png png; }}
          access_log off;
          server {{
            listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl;
            server_name {" ".join(names)};
            ssl_certificate {certificate}; ssl_certificate_key {key};
            ssl_protocols TLSv1.2 TLSv1.3;
            root {root};
            location = /old {{ return 301 /; }}
          }}
        }}
        """)


def prepare_infra():
    web, updates, tracker = HOSTS["web"], HOSTS["updates"], HOSTS["tracker"]
    records = [f"host-record={name},{web.ipv4},{web.ipv6}" for name in WEB_NAMES]
    records += [f"host-record=updates.example.net,{updates.ipv4},{updates.ipv6}",
                f"host-record=tracker.example.org,{tracker.ipv4}"]
    records += [f"host-record={name}.example.com,{HOSTS[name].ipv4},{HOSTS[name].ipv6}"
                for name in ("desk", "files", "web", "infra", "data", "build")]
    put(RUN / "infra" / "dnsmasq.conf", f"""
        no-resolv
        no-hosts
        user=root
        pid-file=
        interface=eth0
        bind-interfaces
        local=/#/
        domain=example.com
        mx-host=example.com,data.example.com,10
        txt-record=example.com,"v=spf1 mx -all"
        txt-record=long.example.com,"{'a' * 250}","{'b' * 250}","{'c' * 250}"
        srv-host=_ldap._tcp.example.com,infra.example.com,389
        ptr-record=30.0.20.10.in-addr.arpa,www.example.com
        dhcp-range=10.20.0.150,10.20.0.150,255.255.255.0,1h
        dhcp-range=2001:db8:20::150,2001:db8:20::150,64,1h
        dhcp-option=option:router,10.20.0.1
        dhcp-option=option:ntp-server,{HOSTS["infra"].ipv4}
        dhcp-leasefile={RUN}/infra/leases
        """ + "".join(" " * 8 + record + "\n" for record in records))
    put(RUN / "infra" / "chrony.conf", f"""
        local stratum 8
        allow
        pidfile {RUN}/infra/chronyd.pid
        bindcmdaddress /
        cmdport 0
        """)
    put(RUN / "infra" / "rsyslog.conf", f"""
        module(load="imudp")
        module(load="imtcp")
        input(type="imudp" port="514")
        input(type="imtcp" port="514")
        *.* action(type="omfile" file="{RUN}/infra/messages")
        """)


def prepare_ldap():
    directory = RUN / "infra" / "ldap"
    directory.mkdir(parents=True)
    put(RUN / "infra" / "slapd.conf", f"""
        modulepath /usr/lib/ldap
        moduleload back_mdb
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        pidfile {RUN}/infra/slapd.pid
        database mdb
        suffix "dc=example,dc=com"
        rootdn "cn=admin,dc=example,dc=com"
        rootpw example
        directory {directory}
        """)
    people = "".join(f"\ndn: cn={name},dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: {name}\nsn: {name}\n"
                     f"mail: {name}@example.com\n" for name in ("alice", "bob", "carol", "dave"))
    ldif = put(RUN / "infra" / "people.ldif",
               "dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"
               + people)
    run("slapadd", "-f", str(RUN / "infra" / "slapd.conf"), "-l", str(ldif), stderr=subprocess.DEVNULL)


def prepare_files_to_share():
    for directory in (EXPORT, SHARE):
        put(directory / "readme.txt", "Nothing to see here.\n" * 20)
        put_sample(directory / "report.pdf", 48_000)
    SHARE.chmod(0o777)


def prepare_files():
    prepare_files_to_share()
    put(RUN / "files" / "ganesha.conf", f"""
        NFS_CORE_PARAM {{
          Protocols = 3, 4; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false;
        }}
        NFSv4 {{ Graceless = true; RecoveryRoot = {RUN}/files/recovery; }}
        EXPORT {{
          Export_Id = 1; Path = {EXPORT}; Pseudo = /export; Access_Type = RO; Squash = None;
          SecType = sys; Protocols = 3, 4; Transports = UDP, TCP;
          FSAL {{ Name = VFS; }}
        }}
        """)
    state = RUN / "files" / "samba"
    state.mkdir()
    pathlib.Path("/run/samba").mkdir()
    put(RUN / "files" / "smb.conf", f"""
        [global]
          netbios name = FILES
          workgroup = EXAMPLE
          server string = files
          disable spoolss = yes
          load printers = no
          local master = no
          preferred master = no
          domain master = no
          private dir = {state}
          lock directory = {state}
          state directory = {state}
          cache directory = {state}
          pid directory = {state}
          ncalrpc dir = {state}/ncalrpc
        [share]
          path = {SHARE}
          read only = no
          valid users = alice
        """)
    run("smbpasswd", "-c", str(RUN / "files" / "smb.conf"), "-s", "-a", "alice", input=b"example\nexample\n",
        stdout=subprocess.DEVNULL)


def prepare_ssh():
    directory = RUN / "ssh"
    directory.mkdir()
    pathlib.Path("/run/sshd").mkdir(mode=0o755)
    for key in (CLIENT_KEY, directory / "host_key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "scenario", "-f", str(key))
    put(directory / "sshd_config", f"""
        HostKey {directory}/host_key
        AuthorizedKeysFile {CLIENT_KEY}.pub
        StrictModes no
        UsePAM no
        PermitRootLogin prohibit-password
        PidFile none
        Subsystem sftp internal-sftp
        """)


def prepare_desk():
    certificate, key = make_certificate("desk", "desk.example.com")
    configuration = pathlib.Path("/etc/xrdp/xrdp.ini").read_text()
    configuration = configuration.replace("certificate=\n", f"certificate={certificate}\n")
    configuration = configuration.replace("key_file=\n", f"key_file={key}\n")
    configuration = configuration.replace("fork=true", "fork=true\nbitmap_compression=true", 1)
    put(RUN / "desk" / "xrdp.ini", configuration)


def prepare_data():
    put(RUN / "data" / "mosquitto.conf", "listener 1883\nallow_anonymous true\n")
    put(RUN / "data" / "snmpd.conf", """
        agentAddress udp:161,udp6:161
        rocommunity public
        rocommunity6 public
        sysName data
        sysDescr database server
        sysLocation rack 1
        sysContact admin@example.com
        """)
    POSTGRES.mkdir()
    shutil.chown(POSTGRES, "postgres", "postgres")
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    initdb = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1]
    run(*as_postgres, str(initdb), "-D", str(POSTGRES), "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
        stdout=subprocess.DEVNULL)
    put(POSTGRES / "pg_hba.conf", "host all all all trust\n")
    return [*as_postgres, initdb.with_name("postgres"), "-D", POSTGRES, "-c", "listen_addresses=*", "-k", POSTGRES,
            "-c", "fsync=off"]


def info_hash(torrent):
    """The SHA-1 of the torrent's `info` dictionary (BEP 3), which mktorrent writes as the last key."""
    content = torrent.read_bytes()
    return hashlib.sha1(content[content.index(b"4:infod") + len(b"4:info"):-1]).hexdigest()


def prepare_torrent():
    put_sample(PAYLOAD, 400_000)
    tracker = "tracker.example.org:6969"
    run("mktorrent", "-l", "15", "-a", f"http://{tracker}/announce", "-a", f"udp://{tracker}", "-o", str(TORRENT),
        str(PAYLOAD), stdout=subprocess.DEVNULL)
    # The machines outside have no DNS server of ours to ask.
    put("/etc/netns/seed/hosts", f"127.0.0.1 localhost\n{HOSTS['tracker'].ipv4} tracker.example.org\n")
    put("/etc/netns/seed/resolv.conf", "nameserver 127.0.0.1\n")
    put(RUN / "torrent" / "whitelist", f"{info_hash(TORRENT)}\n")
    put(RUN / "torrent" / "opentracker.conf", f"""
        listen.tcp_udp {HOSTS['tracker'].ipv4}:6969
        access.whitelist {RUN}/torrent/whitelist
        tracker.rootdir /
        tracker.user nobody
        """)


@dataclasses.dataclass
class Daemon:
    host: str
    name: str
    command: list
    ports: tuple  # ("tcp", 80): listening there means ready


def prepare():
    """Writes every configuration; returns the daemons to start."""
    os.umask(0o022)
    WORK.mkdir()
    prepare_accounts()
    prepare_web("web", WEB_NAMES)
    prepare_web("updates", ("updates.example.net",))
    prepare_infra()
    prepare_ldap()
    prepare_files()
    prepare_ssh()
    prepare_desk()
    postgres = prepare_data()
    prepare_torrent()
    return daemons(postgres)


def daemons(postgres=()):
    """Every daemon of the network; `postgres` is how PostgreSQL is started, as prepare_data() found out."""
    samba = ["-F", "--no-process-group", "--debug-stdout", "-s", RUN / "files" / "smb.conf"]
    sshd = ["/usr/sbin/sshd", "-D", "-e", "-f", RUN / "ssh" / "sshd_config"]
    return [
        Daemon("web", "nginx", ["nginx", "-c", RUN / "web" / "nginx.conf"], (("tcp", 80), ("tcp", 443))),
        Daemon("web", "sshd", sshd, (("tcp", 22),)),
        Daemon("updates", "nginx", ["nginx", "-c", RUN / "updates" / "nginx.conf"], (("tcp", 443),)),
        Daemon("infra", "dnsmasq", ["dnsmasq", "-k", "-C", RUN / "infra" / "dnsmasq.conf"], (("udp", 53), ("udp", 67))),
        # -x: serves the time, never sets the clock.
        Daemon("infra", "chronyd", ["chronyd", "-d", "-x", "-u", "root", "-f", RUN / "infra" / "chrony.conf"],
               (("udp", 123),)),
        Daemon("infra", "rsyslogd", ["rsyslogd", "-n", "-i", "NONE", "-f", RUN / "infra" / "rsyslog.conf"],
               (("udp", 514), ("tcp", 514))),
        Daemon("infra", "slapd", ["slapd", "-d", "0", "-f", RUN / "infra" / "slapd.conf", "-h", "ldap://:389"],
               (("tcp", 389),)),
        Daemon("files", "rpcbind", ["rpcbind", "-f"], (("tcp", 111), ("udp", 111))),
        Daemon("files", "ganesha", ["ganesha.nfsd", "-F", "-L", RUN / "files" / "ganesha.log", "-N", "EVENT",
                                    "-p", RUN / "files" / "ganesha.pid", "-f", RUN / "files" / "ganesha.conf"],
               (("tcp", 2049), ("tcp", 20048))),
        Daemon("files", "smbd", ["smbd", *samba], (("tcp", 445), ("tcp", 139))),
        Daemon("files", "nmbd", ["nmbd", *samba], (("udp", 137),)),
        Daemon("files", "sshd", sshd, (("tcp", 22),)),
        Daemon("desk", "xrdp", ["xrdp", "--nodaemon", "-c", RUN / "desk" / "xrdp.ini"], (("tcp", 3389),)),
        Daemon("data", "postgres", list(postgres), (("tcp", 5432),)),
        Daemon("data", "redis", ["redis-server", "--port", "6379", "--protected-mode", "no", "--save", "",
                                 "--daemonize", "no"], (("tcp", 6379),)),
        Daemon("data", "mosquitto", ["mosquitto", "-c", RUN / "data" / "mosquitto.conf"], (("tcp", 1883),)),
        Daemon("data", "snmpd", ["snmpd", "-f", "-Lo", "-m", "", "-C", "-c", RUN / "data" / "snmpd.conf", "-I",
                                 "-smux"],
               (("udp", 161),)),
        Daemon("data", "aiosmtpd", ["aiosmtpd", "-n", "-l", "0.0.0.0:25", "-c", "aiosmtpd.handlers.Sink"],
               (("tcp", 25),)),
        Daemon("tracker", "opentracker", ["opentracker", "-f", RUN / "torrent" / "opentracker.conf"], (("tcp", 6969),)),
        Daemon("seed", "aria2", ["aria2c", "--no-conf", "--async-dns=false", "--dir", PAYLOAD.parent,
                                 "--check-integrity=true", "--seed-ratio=0.0", "--listen-port=6881",
                                 "--enable-dht=true", "--dht-listen-port=6881", f"--dht-file-path={WORK}/dht.dat",
                                 "--max-upload-limit=400K", TORRENT], (("tcp", 6881), ("udp", 6881))),
    ]


def wait_for_seed(patience_s=15):
    """Until the tracker knows the seed: who asks earlier is told of no peer, and not to ask again for minutes."""
    escaped = "".join(f"%{octet:02x}" for octet in bytes.fromhex(info_hash(TORRENT)))
    scrape = in_host("tracker", ["curl", "-s", f"http://{HOSTS['tracker'].ipv4}:6969/scrape?info_hash={escaped}"])
    deadline = time.monotonic() + patience_s
    while b"8:completei1e" not in subprocess.run(scrape, capture_output=True).stdout:
        if time.monotonic() > deadline:
            raise RuntimeError("the BitTorrent seed did not announce itself to the tracker")
        time.sleep(0.2)


def is_listening(host, transport, port):
    table = subprocess.run(["ip", "netns", "exec", host, "ss", "-Hln", f"--{transport}", f"sport = :{port}"],
                           capture_output=True, text=True, check=True)
    return bool(table.stdout.strip())


def start(daemons, logs, patience_s=25):
    """Starts every daemon, in order, and returns when all are ready. They die with the namespaces."""
    started = []
    for daemon in daemons:
        with open(logs / f"{daemon.host}-{daemon.name}.log", "wb") as log:
            process = subprocess.Popen(in_host(daemon.host, daemon.command), cwd=WORK, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        started.append((daemon, process))
    deadline = time.monotonic() + patience_s
    for daemon, process in started:
        while not all(is_listening(daemon.host, *port) for port in daemon.ports):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{daemon.name} on {daemon.host} did not start; its log:\n"
                                   + (logs / f"{daemon.host}-{daemon.name}.log").read_text()[-2000:])
            time.sleep(0.1)
    wait_for_seed()
