"""verifier.py - the verifier that was just built, as a milter to send mail to.

Its DNS is a server on loopback that answers from the zone in work/zone (dnsd.h).
"""
import contextlib
import os
import pwd
import subprocess

from milter import Milter


@contextlib.contextmanager
def verifier(build, work, more=""):
    """A Milter; more: lines of the section verifier. What it says of itself is in
    work/log."""
    path = os.path.join(work, "socket")
    dns = subprocess.Popen([os.path.join(build, "dnsd"),
                            os.path.join(work, "zone")],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = dns.stdout.readline().split()[1].decode()
    with open(os.path.join(work, "conf"), "w") as f:
        f.write("""
            hostname = "mx.example"
            log = "{0}/log"
            dns {{ servers = {{"127.0.0.1:{1}"}} timeout = 5 }}
            verifier {{
                user = "{2}"
                listen = {{"unix:{3}"}}
                socket_group = ""
                control = {{}}
                workers = 1
                trusted_networks = {{}}
                {4}
            }}
        """.format(work, port, "nobody" if os.getuid() == 0 else
                   pwd.getpwuid(os.getuid()).pw_name, path, more))
    daemon = subprocess.Popen(
        [os.path.join(build, "postseal-verifier"), "-c", f.name])
    try:
        milter = Milter(path)
        yield milter
        milter.close()
    finally:
        daemon.terminate()
        daemon.wait()
        dns.stdin.close()
        dns.wait()
