"""A real Spark of DANGOL_TEST_SPARK_HOME: master, two workers, Connect server; as a program it says its port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOST = "127.0.0.1"
WORKER = ["org.apache.spark.deploy.worker.Worker", "--host", HOST, "--cores", "1", "--memory", "1g"]
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
SECONDS = 300
java: list[subprocess.Popen[bytes]] = []


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def start(folder: str, *what: str) -> None:
    """One Java process."""
    home = Path(os.environ["DANGOL_TEST_SPARK_HOME"])
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_LOCAL_DIRS": folder}
    with (Path(folder) / f"{what[0].rpartition('.')[2]}.log").open("ab") as log:
        one = subprocess.Popen(
            [home / "bin" / "spark-class", *what], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    java.append(one)


def wait_for(port: int) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def cluster(folder: str) -> int:
    """Everything started; the port of Spark Connect."""
    master, connect = free_port(), free_port()
    start(folder, "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", str(master), "--webui-port", "0")
    wait_for(master)
    for _ in range(2):
        start(folder, *WORKER, "--webui-port", "0", f"spark://{HOST}:{master}")
    settings = {
        "spark.connect.grpc.binding.port": connect,
        "spark.cores.max": 2,
        "spark.executor.cores": 1,
        "spark.executor.memory": "768m",
        "spark.sql.shuffle.partitions": 2,
        "spark.ui.enabled": "false",
    }
    told = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    submit = ["org.apache.spark.deploy.SparkSubmit", "--master", f"spark://{HOST}:{master}", "--class", CONNECT]
    start(folder, *submit, *told, "spark-internal")
    wait_for(connect)
    return connect


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(cluster(folder), flush=True)
            sys.stdin.read()  # until whoever started it lets go
        finally:
            for one in java:
                one.kill()
