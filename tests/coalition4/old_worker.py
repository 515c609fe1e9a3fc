"""A worker that speaks Coalition 4's wire as that one's does, for Python 2.7 and 3: forms by POST, the answer of pickjob
evaluated as Python, the output in base64 with every heartbeat, kill on `false`. It says on stdout what it does, a line each.

python old_worker.py HOST:PORT NAME SLOTS SLEEP
"""
import base64
import os
import signal
import subprocess
import sys
import threading
import time

try:
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlencode
except ImportError:
    from httplib import HTTPConnection, HTTPException
    from urllib import urlencode

HEADERS = {'Content-type': 'application/x-www-form-urlencoded', 'Accept': 'text/plain'}
VITALS = {'load': [12.5, 3.0], 'free_memory': 12000, 'total_memory': 16000}

server, name, slots, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
speaking = threading.Lock()


def say(*words):
    with speaking:
        sys.stdout.write(' '.join(str(word) for word in words) + '\n')
        sys.stdout.flush()


def native(text):
    """What Popen takes: bytes in Python 2, text in Python 3."""
    return text if isinstance(text, str) else text.encode('utf-8')


def ask(call, fields):
    while True:
        try:
            connection = HTTPConnection(server)
            connection.request('POST', '/workers/' + call, urlencode(fields), HEADERS)
            return connection.getresponse().read()
        except (EnvironmentError, HTTPException):
            time.sleep(pause)
        finally:
            connection.close()


def heartbeat(me, job, run):
    log = run.take()
    answer = ask('heartbeat', dict(VITALS, hostname=me, jobId=job, log=base64.b64encode(log).decode('ascii')))
    if log:
        say('sent', job, base64.b64encode(log).decode('ascii'))
    if answer == b'false' and run.kill():
        say('killed', job)


class Run(object):
    def __init__(self, command, directory, environment):
        variables = dict(os.environ)
        for pair in environment.split('\\n'):
            key, separator, value = native(pair).partition('=')
            if separator:
                variables[key] = value
        self.lock = threading.Lock()
        self.log = b''
        self.killed = False
        self.child = subprocess.Popen(
            native(command),
            shell=True,
            cwd=native(directory) or None,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=os.setsid,
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while True:
            part = os.read(self.child.stdout.fileno(), 4096)
            if not part:
                return
            with self.lock:
                self.log += part

    def take(self):
        with self.lock:
            log, self.log = self.log, b''
            return log

    def kill(self):
        first, self.killed = not self.killed, True
        if first and self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        return first


def work(me):
    while True:
        job, command, directory, user, environment = eval(ask('pickjob', dict(VITALS, hostname=me)))
        if job == -1:
            time.sleep(pause)
            continue
        say('picked', job, me)
        run = Run(command, directory, environment or '')
        while run.reader.is_alive():
            heartbeat(me, job, run)
            run.reader.join(pause)
        code = run.child.wait()
        heartbeat(me, job, run)
        ask('endjob', {'hostname': me, 'jobId': job, 'errorCode': code})
        say('ended', job, code)


for slot in range(slots):
    thread = threading.Thread(target=work, args=(name if slots == 1 else '%s-%d' % (name, slot + 1),))
    thread.daemon = True
    thread.start()
# The test holds the other end: without it there is nothing to do.
sys.stdin.read()
