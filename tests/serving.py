"""`dangol serve` on a folder, as a test holds it: started, stopped, killed and asked at will."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from dangol.bench.shop import DANGOL, free_port


class Server:
    """One shop's server. What it writes to standard error goes into a file: a pipe nobody reads would stop it."""

    def __init__(self, folder: Path, write_key: str, api_key: str) -> None:
        self.folder, self.write_key, self.api_key = folder, write_key, api_key
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.before: tuple[str, ...] = ()  # words that stand before the command: another name space, another clock
        self.environment: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def told(self) -> Path:
        """Where its standard error goes."""
        return self.folder.parent / f"{self.folder.name}.stderr"

    def start(self) -> float:
        """Seconds until it said it was ready."""
        begun = time.monotonic()
        command = [*self.before, *DANGOL, "serve", "--data", str(self.folder), "--port", str(self.port)]
        with self.told.open("a") as told:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=told, text=True, env={**os.environ, **self.environment}
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line == f"ready {self.address}\n", self.told.read_text()[-2000:]
        return time.monotonic() - begun

    def end(self, number: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.process.communicate()
        return code

    def call(self, path: str, body: object = None, *, key: str = "", method: str | None = None) -> tuple[int, bytes]:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["content-type"] = "application/json"
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def track(self, user: str, event: str, message_id: str) -> int:
        fact = {"writeKey": self.write_key, "userId": user, "event": event, "messageId": message_id}
        return self.call("/v1/track", fact)[0]

    def wait_idle(self) -> dict[str, int]:
        """Until the loop has taken every fact of the log."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            told: dict[str, int] = json.loads(self.call("/api/log", key=self.api_key)[1])
            if told["appended"] == told["processed"]:
                return told
            time.sleep(0.05)
        raise AssertionError(f"the loop did not come to rest: {told}")
